/** XEP-0390 section 4: the capability hashes of what an entity says about itself. */
import { createHash } from 'node:crypto';
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { sorted } from './octets.js';

/** The hash functions that are known, the preferred ones first, by the names of XEP-0300 and of OpenSSL (XEP-0414 section 4). */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha3-256', 'sha3-256'],
  ['sha-512', 'sha512'],
  ['sha3-512', 'sha3-512'],
  ['blake2b-512', 'blake2b512'],
]);

/** Those of our own hash set: the two that everybody has to know (XEP-0414). */
export const OWN_HASHES: readonly string[] = ['sha-256', 'sha3-256'];

export const hashNames: readonly string[] = [...HASHES.keys()];

const NODE_PREFIX = 'urn:xmpp:caps#';

/** Section 4.3: the node under which the capabilities of a hash are asked for. */
export function hashNode(algorithm: string, hash: string): string {
  return `${NODE_PREFIX}${algorithm}.${hash}`;
}

export function capabilityHash(input: string, algorithm: string): string {
  return createHash(HASHES.get(algorithm) as string)
    .update(input)
    .digest('base64');
}

const FIELD_END = '\x1f';
const ITEM_END = '\x1e';
const FORM_END = '\x1d';
const PART_END = '\x1c';

/** Section 4.1; `lang` is what identities have that name no language. `undefined` for an answer that cannot be hashed. */
export function hashInput(info: readonly Element[], lang = ''): string | undefined {
  const identities = info.filter((one) => one.is('identity', ns.DISCO_INFO));
  const features = info.filter((one) => one.is('feature', ns.DISCO_INFO));
  const forms = info.filter((one) => one.is('x', ns.DATA_FORMS));
  if (identities.length + features.length + forms.length < info.length || !forms.every(isHashable)) return undefined;
  return [
    joined(features.map(({ attrs }) => ended(attrs['var']))),
    joined(identities.map(({ attrs }) => identityText(attrs, lang))),
    joined(forms.map((form) => joined(form.childrenNamed('field').map(fieldText), FORM_END))),
  ].join('');
}

function identityText(attrs: Element['attrs'], lang: string): string {
  const parts = [attrs['category'], attrs['type'], attrs['xml:lang'] ?? lang, attrs['name']];
  return `${parts.map(ended).join('')}${ITEM_END}`;
}

function fieldText(field: Element): string {
  const values = field.childrenNamed('value').map((value) => ended(value.text()));
  return `${ended(field.attrs['var'])}${sorted(values).join('')}${ITEM_END}`;
}

/** A form of XEP-0068: with one hidden FORM_TYPE of one value, and no table of results. */
function isHashable(form: Element): boolean {
  const types = form.childrenNamed('field').filter(({ attrs }) => attrs['var'] === 'FORM_TYPE');
  if (form.child('reported') || form.child('item') || types.length !== 1) return false;
  return types[0]?.attrs['type'] === 'hidden' && types[0].childrenNamed('value').length === 1;
}

function ended(text: string | undefined): string {
  return `${text ?? ''}${FIELD_END}`;
}

function joined(texts: readonly string[], end = PART_END): string {
  return `${sorted(texts).join('')}${end}`;
}
