/** The shape of the options of mod_vcard. */
import type { Limit } from './types.js';

export interface VcardModule {
  readonly backend: 'mnesia' | 'rdbms' | 'ldap';
  /** With `@HOST@` for the served domain. */
  readonly host: string;
  readonly search: boolean;
  readonly matches: Limit;
  /** In bytes. */
  readonly max_size: Limit;
  /** With the back end of that name. */
  readonly ldap?: VcardLdap | undefined;
}

export interface VcardLdap {
  readonly pool_tag: string;
  readonly base: string;
  readonly uids: readonly LdapUid[];
  /** Empty for none. */
  readonly filter: string;
  readonly deref: 'never' | 'always' | 'finding' | 'searching';
  readonly vcard_map: readonly VcardMapping[];
  readonly search_fields: readonly { readonly search_field: string; readonly ldap_field: string }[];
  readonly search_reported: readonly { readonly search_field: string; readonly vcard_field: string }[];
  readonly search_operator: 'and' | 'or';
  readonly binary_search_fields: readonly string[];
}

/** An attribute that holds the name of an account. */
export interface LdapUid {
  readonly attr: string;
  /** With one `%u`, and `%d` for the domain where it is part of the value. */
  readonly format: string;
}

export interface VcardMapping {
  readonly vcard_field: string;
  /** `%s` is the value of the attribute, `%u` and `%d` are the parts of the address. */
  readonly ldap_pattern: string;
  readonly ldap_field: string;
}
