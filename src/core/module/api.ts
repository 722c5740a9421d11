/** Typed calls between modules: a module publishes an api, others list it in `uses`. */

export interface Api<T> {
  /** The module that provides it. */
  readonly module: string;
  /** What users get where that module is not enabled; without it they cannot run then. */
  readonly otherwise?: T;
}

export function defineApi<T>(module: string, otherwise?: T): Api<T> {
  return otherwise === undefined ? { module } : { module, otherwise };
}

export type Uses = Readonly<Record<string, Api<unknown>>>;

export type UsedApis<U extends Uses> = { readonly [K in keyof U]: U[K] extends Api<infer T> ? T : never };
