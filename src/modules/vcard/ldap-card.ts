/** A vCard made from an entry of a directory (XEP-0054 section 3). */
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { base64Of, textOf } from './ldap-values.js';

/** Text fields of the vCard itself, in the order of the card. */
const OWN = ['FN', 'NICKNAME', 'BDAY', 'TITLE', 'ROLE', 'URL', 'DESC'] as const;
/** Those with elements around them. */
const GROUPS = {
  N: ['FAMILY', 'GIVEN', 'MIDDLE'],
  ADR: ['STREET', 'LOCALITY', 'REGION', 'PCODE', 'CTRY'],
  ORG: ['ORGNAME', 'ORGUNIT'],
} as const;

/** `value` gives the bytes of a field, by its name in upper case; undefined for one that the card lacks. */
export function vcardOf(value: (field: string) => string | undefined): Element {
  const text = (field: string) => {
    const octets = value(field);
    return octets === undefined ? undefined : el(field, {}, textOf(octets));
  };
  const group = (name: keyof typeof GROUPS) => {
    const children = GROUPS[name].map(text).filter((child) => child !== undefined);
    return children.length === 0 ? undefined : el(name, {}, children);
  };
  const within = (field: string, name: string, ...flags: string[]) => {
    const octets = value(field);
    return octets === undefined
      ? undefined
      : el(
          field,
          {},
          flags.map((flag) => el(flag)),
          el(name, {}, textOf(octets)),
        );
  };
  return el(
    'vCard',
    { xmlns: ns.VCARD },
    OWN.map(text),
    group('N'),
    group('ADR'),
    group('ORG'),
    within('TEL', 'NUMBER', 'VOICE', 'WORK'),
    within('EMAIL', 'USERID', 'INTERNET', 'PREF'),
    photoOf(value('PHOTO')),
  );
}

const PNG = '\x89PNG\r\n\x1a\n';

function photoOf(image: string | undefined): Element | undefined {
  if (!image) return undefined;
  const type = image.startsWith(PNG) ? 'image/png' : image.startsWith('GIF8') ? 'image/gif' : 'image/jpeg';
  return el('PHOTO', {}, el('TYPE', {}, type), el('BINVAL', {}, base64Of(image)));
}
