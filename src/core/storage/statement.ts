/** SQL text that is written once and prepared by each engine in its own way. */

export const dialects = ['sqlite', 'pgsql'] as const;
export type Dialect = (typeof dialects)[number];

export type SqlValue = string | number | bigint | null | Uint8Array;

/** Engines prepare a statement once per object, so make it at module level. `R` is the shape of its rows. */
export interface Statement<R extends object = Record<string, SqlValue>> {
  readonly text: Readonly<Record<Dialect, string>>;
  /** Not worth keeping prepared. */
  readonly isRare: boolean;
  /** Never set: carries the row type. */
  readonly row?: R;
}

/**
 * `text` numbers its parameters `$1`, `$2`, … as PostgreSQL does. Give a text per dialect only where the two really differ. A
 * parameter in the list of a `SELECT` needs a `CAST`, because PostgreSQL cannot infer its type there.
 */
export function statement<R extends object = Record<string, SqlValue>>(
  text: string | Readonly<Record<Dialect, string>>,
): Statement<R> {
  return { text: texts(text), isRare: false };
}

/** For text that is put together when it is needed. Never from anything but column names and numbers of parameters. */
export function rareStatement<R extends object = Record<string, SqlValue>>(text: string): Statement<R> {
  return { text: texts(text), isRare: true };
}

/** A limit as a value that both dialects take. */
export function limitValue(limit: number | undefined): number {
  return limit === undefined || limit > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : limit;
}

function texts(text: string | Readonly<Record<Dialect, string>>): Readonly<Record<Dialect, string>> {
  const { sqlite, pgsql } = typeof text === 'string' ? { sqlite: text, pgsql: text } : text;
  return { sqlite: sqlite.replace(/\$(\d+)/g, '?$1'), pgsql };
}

/** One statement of a transaction with its values. */
export interface Step {
  readonly statement: Statement<object>;
  readonly values: readonly SqlValue[];
}

export function step(of: Statement<object>, values: readonly SqlValue[]): Step {
  return { statement: of, values };
}
