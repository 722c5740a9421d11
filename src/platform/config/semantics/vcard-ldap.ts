/** The options of mod_vcard about LDAP, from either generation of spellings. */
import { isAttributeName, parseLdapFilter } from '../../ldap-filter.js';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { LdapUid, VcardLdap, VcardMapping, VcardModule } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Draft } from './draft.js';

const OLD = /^ldap_(.+)$/;

/** Nothing unless it is the back end. */
export function buildVcardLdap(
  draft: Draft,
  path: Path,
  own: Table,
  poolTags: readonly string[],
): Pick<VcardModule, 'ldap'> {
  const { table, places } = gather(draft, path, own);
  if (own['backend'] !== 'ldap') {
    const [place] = places.values();
    if (place) draft.note('advice', place, 'has no effect: backend is not "ldap"');
    return {};
  }
  const ldap = draft.filled('modules.mod_vcard.ldap', table) as unknown as VcardLdap;
  // What is wrong by itself was dropped, and has been told of.
  const check = new Check(draft, (option) => places.get(option) ?? [...path, 'backend']);
  check.pool(ldap.pool_tag, poolTags);
  check.uids(ldap.uids);
  check.filter(ldap.filter);
  check.attributes(ldap.vcard_map, ldap.search_fields);
  check.binary(ldap);
  return { ldap: { ...ldap, uids: ldap.uids.map(({ attr, format = '%u' }) => ({ attr, format })) } };
}

interface Gathered {
  readonly table: Table;
  /** Where each option stands in the file. */
  readonly places: ReadonlyMap<string, Path>;
}

function gather(draft: Draft, path: Path, own: Table): Gathered {
  const table: Record<string, unknown> = {};
  const places = new Map<string, Path>();
  for (const [name, value] of Object.entries(isTable(own['ldap']) ? own['ldap'] : {})) {
    table[name] = value;
    places.set(name, [...path, 'ldap', name]);
  }
  for (const [old, value] of Object.entries(own)) {
    const name = OLD.exec(old)?.[1];
    if (name === undefined) continue;
    draft.note('renamed', [...path, old], `is called ldap.${name} since MongooseIM 5.1`);
    if (table[name] !== undefined) {
      draft.find('contradiction', [...path, old], 'key', `ldap.${name} is set too, expected one of them`);
      continue;
    }
    table[name] = value;
    places.set(name, [...path, old]);
  }
  return { table, places };
}

class Check {
  readonly #draft: Draft;
  readonly #at: (option: string) => Path;

  constructor(draft: Draft, at: (option: string) => Path) {
    this.#draft = draft;
    this.#at = at;
  }

  pool(tag: string, tags: readonly string[]): void {
    if (tags.includes(tag)) return;
    const text = `${quote(tag)} is no pool, expected a section [outgoing_pools.ldap.${tag}]`;
    this.#draft.find('missing', this.#at('pool_tag'), 'value', text);
  }

  uids(uids: readonly Partial<LdapUid>[]): void {
    if (uids.length === 0) this.#wrong(this.#at('uids'), 'an empty array is not allowed, expected attributes');
    for (const [index, { attr, format = '%u' }] of uids.entries()) {
      const path = [...this.#at('uids'), index];
      this.#attribute([...path, 'attr'], attr);
      const isFilter = !('problem' in parseLdapFilter(`(uid=${format})`));
      if (format.split('%u').length === 2 && isFilter) continue;
      this.#wrong([...path, 'format'], `${quote(format)} is not allowed, expected a value with one %u`);
    }
  }

  filter(filter: string): void {
    if (filter === '') return;
    const parsed = parseLdapFilter(filter);
    if (!('problem' in parsed)) return;
    const text = `${quote(filter)} ${parsed.problem}, expected a filter (RFC 4515) such as "(objectClass=person)"`;
    this.#wrong(this.#at('filter'), text);
  }

  attributes(vcard_map: readonly Partial<VcardMapping>[], search_fields: readonly { ldap_field?: string }[]): void {
    for (const [index, { ldap_field, ldap_pattern = '' }] of vcard_map.entries()) {
      if (ldap_field !== '' || ldap_pattern.includes('%s'))
        this.#attribute([...this.#at('vcard_map'), index, 'ldap_field'], ldap_field);
    }
    for (const [index, { ldap_field }] of search_fields.entries()) {
      if (ldap_field !== '%u') this.#attribute([...this.#at('search_fields'), index, 'ldap_field'], ldap_field);
    }
  }

  binary({ binary_search_fields, search_reported }: VcardLdap): void {
    for (const [index, name] of binary_search_fields.entries()) {
      if (
        typeof name !== 'string' ||
        search_reported.some(({ search_field, vcard_field }) => [search_field, vcard_field].includes(name))
      )
        continue;
      const text = `${quote(name)} has no effect: it is no column of search_reported`;
      this.#draft.note('advice', [...this.#at('binary_search_fields'), index], text);
    }
  }

  #attribute(path: Path, name: string | undefined): void {
    if (name !== undefined && !isAttributeName(name))
      this.#wrong(path, `${quote(name)} is not allowed, expected the name of an attribute`);
  }

  #wrong(path: Path, text: string): void {
    this.#draft.find('value', path, 'value', text);
  }
}
