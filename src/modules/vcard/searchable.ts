/** What a vCard can be found by: its searchable fields, under the names that vCards and search forms give them. */
import type { Element } from '../../protocol/element.js';
import { type VcardField, type VcardFields, vcardFields } from './vcard-store.js';

/** Longest value that can be searched for, in bytes: that of the part of an address, whose preparation MongooseIM applies. */
const MAX_FIELD_BYTES = 1023;

/** Where each field stands in a vCard (XEP-0054 section 3). */
const PLACES: Readonly<Record<VcardField, readonly string[]>> = {
  fn: ['FN'],
  family: ['N', 'FAMILY'],
  given: ['N', 'GIVEN'],
  middle: ['N', 'MIDDLE'],
  nickname: ['NICKNAME'],
  bday: ['BDAY'],
  ctry: ['ADR', 'CTRY'],
  locality: ['ADR', 'LOCALITY'],
  email: ['EMAIL', 'USERID'],
  orgname: ['ORG', 'ORGNAME'],
  orgunit: ['ORG', 'ORGUNIT'],
};

export interface SearchField {
  /** In forms, and for the first four of XEP-0055 section 4.2 as an element of its own too. */
  readonly name: string;
  readonly label: string;
  readonly field: VcardField | 'user';
}

/** In the order of the form. */
export const searchFields: readonly SearchField[] = [
  { name: 'user', label: 'User', field: 'user' },
  { name: 'fn', label: 'Full Name', field: 'fn' },
  { name: 'first', label: 'Given Name', field: 'given' },
  { name: 'middle', label: 'Middle Name', field: 'middle' },
  { name: 'last', label: 'Family Name', field: 'family' },
  { name: 'nick', label: 'Nickname', field: 'nickname' },
  { name: 'bday', label: 'Birthday', field: 'bday' },
  { name: 'ctry', label: 'Country', field: 'ctry' },
  { name: 'locality', label: 'City', field: 'locality' },
  { name: 'email', label: 'Email', field: 'email' },
  { name: 'orgname', label: 'Organization Name', field: 'orgname' },
  { name: 'orgunit', label: 'Organization Unit', field: 'orgunit' },
];

/** The searchable fields of a vCard; the first value counts where there are more. */
export function fieldsOf(vcard: Element): VcardFields {
  const found = Object.fromEntries(vcardFields.map((field) => [field, textAt(vcard, PLACES[field])]));
  // Old clients write the address straight into EMAIL.
  if (found['email'] === '') found['email'] = textAt(vcard, ['EMAIL']);
  return found as VcardFields;
}

/** The field that is too long to be searched for, if there is one. */
export function overlongField(fields: VcardFields): VcardField | undefined {
  return vcardFields.find((field) => Buffer.byteLength(fields[field]) > MAX_FIELD_BYTES);
}

function textAt(vcard: Element, place: readonly string[]): string {
  let at: Element | undefined = vcard;
  for (const name of place) at = at?.child(name);
  return at?.text().trim() ?? '';
}
