/** XEP-0115 section 5: the verification string of what an entity says about itself, made and checked. */
import { createHash } from 'node:crypto';
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { sorted } from './octets.js';

/** The hash functions of the attribute `hash` that are checked, by the names of OpenSSL. MD5 is none of them: it proves nothing. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-1', 'sha1'],
  ['sha-224', 'sha224'],
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
]);

export function isKnownHash(hash: string): boolean {
  return HASHES.has(hash);
}

/** Section 5.1: base64 of the hash over identities, features and extension forms, each in order. */
export function verificationString(info: readonly Element[], hash = 'sha-1'): string {
  const forms = info
    .filter((one) => one.is('x', ns.DATA_FORMS))
    .map((form) => ({ type: formTypes(form)[0] ?? '', text: formText(form) }));
  // By the type alone: as text, a longer type could come before one that it begins with.
  forms.sort((one, other) => Buffer.compare(Buffer.from(one.type), Buffer.from(other.type)));
  const text = [
    ...sorted(info.filter((one) => one.name === 'identity').map(identityText)),
    ...sorted(info.filter((one) => one.name === 'feature').map((one) => one.attrs['var'] ?? '')),
    ...forms.map((form) => form.text),
  ];
  return createHash(HASHES.get(hash) as string)
    .update(text.map((one) => `${one}<`).join(''))
    .digest('base64');
}

/**
 * Section 5.4: what of an answer the verification string is made of; `undefined` when the answer is ill-formed. Section 9.3 has no
 * cure for answers that differ and give the same string; without `<` in the texts at least none can end where another begins.
 */
export function verifiable(info: readonly Element[]): readonly Element[] | undefined {
  const forms = info.filter((one) => one.is('x', ns.DATA_FORMS) && isHiddenType(one));
  const rest = info.filter((one) => one.is('identity', ns.DISCO_INFO) || one.is('feature', ns.DISCO_INFO));
  const types = forms.map(formTypes);
  if (types.some((values) => new Set(values).size !== 1)) return undefined;
  if (hasTwice(types.map(([type]) => type)) || hasTwice(rest.map(textOf))) return undefined;
  const kept = [...rest, ...forms];
  return kept.some(holdsSeparator) ? undefined : kept;
}

function textOf(one: Element): string {
  return one.name === 'identity' ? `i${identityText(one)}` : `f${one.attrs['var'] ?? ''}`;
}

function hasTwice(texts: readonly unknown[]): boolean {
  return new Set(texts).size !== texts.length;
}

function holdsSeparator(one: Element): boolean {
  const texts = one.name === 'x' ? formTexts(one) : Object.values(one.attrs);
  return texts.some((text) => text.includes('<'));
}

function formTexts(form: Element): string[] {
  return form.childrenNamed('field').flatMap((field) => [field.attrs['var'] ?? '', ...valuesOf(field)]);
}

function isHiddenType(form: Element): boolean {
  return form.childrenNamed('field').some(({ attrs }) => attrs['var'] === 'FORM_TYPE' && attrs['type'] === 'hidden');
}

function formTypes(form: Element): string[] {
  return form
    .childrenNamed('field')
    .filter(({ attrs }) => attrs['var'] === 'FORM_TYPE')
    .flatMap(valuesOf);
}

function identityText({ attrs }: Element): string {
  return [attrs['category'], attrs['type'], attrs['xml:lang'], attrs['name']].map((part) => part ?? '').join('/');
}

function formText(form: Element): string {
  const fields = form
    .childrenNamed('field')
    .filter(({ attrs }) => attrs['var'] !== 'FORM_TYPE')
    .map((field) => ({
      name: field.attrs['var'] ?? '',
      text: [field.attrs['var'] ?? '', ...sorted(valuesOf(field))].join('<'),
    }));
  fields.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
  return [formTypes(form)[0] ?? '', ...fields.map((field) => field.text)].join('<');
}

function valuesOf(field: Element): string[] {
  return field.childrenNamed('value').map((value) => value.text());
}
