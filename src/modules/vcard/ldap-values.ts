/** Values of entries, and the patterns of `vcard_map` that make fields of vCards from them. */
import type { DirectoryEntry } from '../../core/directory/directory.js';
import type { AccountKey } from '../../core/storage/index.js';
import type { VcardMapping } from '../../platform/config/index.js';
import { bytesOf, type Octets, octets } from '../../platform/ldap-filter.js';

/** What XML 1.0 section 2.2 has no place for. */
const NO_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function octetValues(entry: DirectoryEntry, attribute: string): Octets[] {
  const values = entry.attributes.get(attribute.replace(/;.*/, '').toLowerCase()) ?? [];
  return values.map((value) => Buffer.from(value).toString('latin1'));
}

export function textOf(value: Octets): string {
  return bytesOf(value).toString('utf8').replace(NO_XML, '');
}

export function base64Of(value: Octets): string {
  return bytesOf(value).toString('base64');
}

/** The first value counts where there are more; a field whose attribute the entry lacks has none. */
export function fieldValue(
  { ldap_pattern, ldap_field }: VcardMapping,
  entry: DirectoryEntry,
  { local, domain }: AccountKey,
): Octets | undefined {
  const [value] = ldap_field === '' ? [] : octetValues(entry, ldap_field);
  if (value === undefined && ldap_pattern.includes('%s')) return undefined;
  const replacements: Record<string, Octets> = { '%s': value ?? '', '%u': octets(local), '%d': octets(domain) };
  // In one pass: what is put in is not looked through again.
  return octets(ldap_pattern).replace(/%[sud]/g, (placeholder) => replacements[placeholder] as Octets);
}
