/** XEP-0115 section 5.1: the verification string of what an entity says about itself. */
import { createHash } from 'node:crypto';
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

/** Base64 of SHA-1 over identities, features and extension forms, each in order. */
export function verificationString(info: readonly Element[]): string {
  const identities = info.filter((one) => one.name === 'identity').map(identityText);
  const features = info.filter((one) => one.name === 'feature').map((one) => one.attrs['var'] ?? '');
  const forms = info.filter((one) => one.is('x', ns.DATA_FORMS)).map(formText);
  const text = [...sorted(identities), ...sorted(features), ...sorted(forms).map((form) => form.slice(0, -1))];
  return createHash('sha1')
    .update(text.map((one) => `${one}<`).join(''))
    .digest('base64');
}

function identityText({ attrs }: Element): string {
  return [attrs['category'], attrs['type'], attrs['xml:lang'], attrs['name']].map((part) => part ?? '').join('/');
}

/** Ends with `<`, so that forms sort by their FORM_TYPE and nothing else decides before it. */
function formText(form: Element): string {
  const fields = form.childrenNamed('field').map((field) => ({
    name: field.attrs['var'] ?? '',
    values: field.childrenNamed('value').map((value) => value.text()),
  }));
  const formType = fields.find(({ name }) => name === 'FORM_TYPE')?.values[0] ?? '';
  const rest = fields
    .filter(({ name }) => name !== 'FORM_TYPE')
    .map(({ name, values }) => [name, ...sorted(values)].join('<'));
  return `${[formType, ...sorted(rest)].join('<')}<`;
}

/** By the bytes of their UTF-8, as the XEP asks (i;octet). */
function sorted(texts: readonly string[]): string[] {
  return [...texts].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}
