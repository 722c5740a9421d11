/** The port to directories of people that others keep (LDAP): what modules and authentication methods may ask of them. */
import type { LdapFilter } from '../../platform/ldap-filter.js';

export type Deref = 'never' | 'always' | 'finding' | 'searching';

export interface DirectorySearch {
  /** A distinguished name; everything below it is searched, and it itself. */
  readonly base: string;
  readonly filter: LdapFilter;
  readonly attributes: readonly string[];
  /** What becomes of entries that stand for others. */
  readonly deref: Deref;
  /** With more there come these many; unset for as many as the directory gives. */
  readonly limit?: number | undefined;
}

export interface DirectoryEntry {
  /** By names in lower case, without options such as `;lang-en`; an attribute that the entry lacks is not there. */
  readonly attributes: ReadonlyMap<string, readonly Uint8Array[]>;
}

/**
 * One pool of connections. Calls reject with a `StorageError`: `unavailable` while no server can be reached, which the log tells
 * of once; `timeout`; `overloaded`; `failed` for what the directory refuses. Referrals to other servers are not followed.
 */
export interface Directory {
  search(search: DirectorySearch): Promise<readonly DirectoryEntry[]>;
}

/** Those of a shard, by the tag of their pool. */
export interface Directories {
  /** Throws for a tag that the configuration does not have: asking for one is a bug. */
  pool(tag: string): Directory;
}
