/** Typed calls between modules: a module publishes an api, others list it in `uses`. */

export interface Api<T> {
  /** The module that provides it. */
  readonly module: string;
  /** Never read; it ties the type to the value. */
  readonly type?: T;
}

export function defineApi<T>(module: string): Api<T> {
  return { module };
}

export type Uses = Readonly<Record<string, Api<unknown>>>;

export type UsedApis<U extends Uses> = { readonly [K in keyof U]: U[K] extends Api<infer T> ? T : never };
