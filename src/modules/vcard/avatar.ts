/** XEP-0153: puts the hash of an account's photo into the presence of its sessions, as XEP-0398 section 4 asks of servers. */
import { createHash } from 'node:crypto';
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** SHA-1 of the image in a vCard, in hexadecimal digits; empty without an image. */
export function photoHash(vcard: Element | undefined): string {
  const text = vcard?.child('PHOTO')?.childText('BINVAL')?.replace(/\s+/g, '') ?? '';
  return BASE64.test(text) ? createHash('sha1').update(Buffer.from(text, 'base64')).digest('hex') : '';
}

/** Available presence with the right hash. Whoever sends an empty one shows no photo, which is up to the user. */
export function withPhotoHash(presence: Stanza, hash: string): Stanza {
  if (!presence.has(child.VCARD_UPDATE)) {
    if (hash === '') return presence;
    return presence.withChild(el('x', { xmlns: ns.VCARD_UPDATE }, el('photo', {}, hash)));
  }
  const claimed = presence.tree().child('x', ns.VCARD_UPDATE)?.childText('photo')?.trim().toLowerCase();
  if (claimed === '' || (claimed === hash && hash !== '')) return presence;
  return presence.changed((tree) => {
    const update = tree.child('x', ns.VCARD_UPDATE);
    const others = update?.elements().filter(({ name }) => name !== 'photo') ?? [];
    update?.children.splice(0, Number.POSITIVE_INFINITY, ...others);
    update?.append(el('photo', {}, hash));
  });
}
