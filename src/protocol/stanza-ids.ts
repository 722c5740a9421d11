/** Stanza ids (XEP-0359): made, read, and taken away where somebody else has made them in our name. */
import { type Element, el } from './element.js';
import { Jid } from './jid.js';
import { ns } from './namespaces.js';
import type { Stanza } from './stanza.js';
import { child } from './stanza-children.js';

/** `by` is bare. */
export function stanzaId(by: Jid, id: string): Element {
  return el('stanza-id', { xmlns: ns.STANZA_ID, by: by.toString(), id });
}

/** The id that `by` has given to the stanza, if there is one. */
export function stanzaIdBy(stanza: Stanza, by: Jid): string | undefined {
  if (!stanza.has(child.STANZA_ID)) return undefined;
  const text = by.toString();
  return stanza
    .tree()
    .childrenNamed('stanza-id', ns.STANZA_ID)
    .find((one) => one.attrs['by'] === text)?.attrs['id'];
}

/**
 * The stanza without the ids of those whom `isOurs` knows by their domain (section 5, rule 2); itself when there are none. Costs
 * nothing for a stanza without any id.
 */
export function withoutStanzaIds(stanza: Stanza, isOurs: (by: Jid) => boolean): Stanza {
  if (!stanza.has(child.STANZA_ID)) return stanza;
  const isForged = (one: Element | string) => {
    if (typeof one === 'string' || !one.is('stanza-id', ns.STANZA_ID)) return false;
    const by = Jid.parse(one.attrs['by']?.trim() ?? '');
    return by !== undefined && isOurs(by);
  };
  if (!stanza.tree().children.some(isForged)) return stanza;
  return stanza.changed((tree) => {
    tree.children.splice(0, tree.children.length, ...tree.children.filter((one) => !isForged(one)));
  });
}
