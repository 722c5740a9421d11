/** What the module asks of wherever vCards are kept: one of them, and those that a search finds. */
import type { AccountKey } from '../../core/storage/index.js';
import type { StanzaError } from '../../protocol/errors.js';

/** A field of a search form, or a column of its results. */
export interface DirectoryField {
  readonly name: string;
  readonly label: string;
}

/** XEP-0055 section 2: what can be searched for without a form. */
export const plainNames = ['first', 'last', 'nick', 'email'] as const;
export type PlainName = (typeof plainNames)[number];

export interface Found {
  readonly account: AccountKey;
  /** By the names of columns; a column without a value is not there, or empty. */
  readonly values: Readonly<Record<string, string>>;
  readonly plain: Readonly<Record<PlainName, string>>;
}

/** Answers are errors where a directory takes too long or has too much to do. */
export interface Vcards {
  /** In the order of the form. */
  readonly fields: readonly DirectoryField[];
  readonly columns: readonly DirectoryField[];
  /** The field that is meant by each plain name; one without cannot be searched for. */
  readonly plain: Readonly<Partial<Record<PlainName, string>>>;

  /** The vCard element as XML. */
  get(account: AccountKey): Promise<string | undefined | StanzaError>;
  /** Accounts of a domain in the order of localparts. `asked` has values by the names of fields, none of them empty. */
  search(
    domain: string,
    asked: ReadonlyMap<string, string>,
    limit: number | undefined,
  ): Promise<readonly Found[] | StanzaError>;
}
