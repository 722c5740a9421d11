/** Messages that take back an earlier one, and what is left of it (XEP-0424, as MongooseIM has it and in its present form). */
import { formatDateTime } from '../../protocol/date-time.js';
import { Element, el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import { externalId, parseExternalId } from './archive-id.js';
import type { RetractedMessage } from './archive-store.js';

export interface Retraction {
  /** What the sender called the message. */
  readonly originId?: string;
  /** What the archive of this side calls it. */
  readonly id?: bigint;
  readonly ns: typeof ns.RETRACT | typeof ns.RETRACT_0 | typeof ns.RETRACT_BY_STANZA_ID;
  /** The id of the message that takes back. */
  readonly by: string | undefined;
}

/** `undefined` for a message that takes nothing back. Costs nothing for one without such a child. */
export function retractionIn(stanza: Stanza): Retraction | undefined {
  if (stanza.has(child.RETRACT)) {
    const id = stanza.tree().child('retract', ns.RETRACT)?.attrs['id'];
    return id === undefined ? undefined : { originId: id, ns: ns.RETRACT, by: stanza.id };
  }
  if (!stanza.has(child.FASTEN)) return undefined;
  const fastened = stanza.tree().child('apply-to', ns.FASTEN);
  const about = fastened?.attrs['id'];
  if (!fastened || about === undefined) return undefined;
  if (fastened.child('retract', ns.RETRACT_0)) return { originId: about, ns: ns.RETRACT_0, by: stanza.id };
  const id = parseExternalId(about);
  if (id === undefined || !fastened.child('retract', ns.RETRACT_BY_STANZA_ID)) return undefined;
  return { id, ns: ns.RETRACT_BY_STANZA_ID, by: stanza.id };
}

/** The message without its content. `nowMs` is the time of the retraction. */
export function tombstone(
  message: Element,
  retracted: RetractedMessage,
  by: Retraction,
  archive: Jid,
  nowMs: number,
): Element {
  const attrs = { xmlns: by.ns, stamp: formatDateTime(nowMs) };
  const origin = (id: string | undefined) => id !== undefined && el('origin-id', { xmlns: ns.STANZA_ID, id });
  const stanzaId = { xmlns: ns.STANZA_ID, id: externalId(retracted.id), by: archive.toString() };
  const mark = {
    [ns.RETRACT]: () => el('retracted', { ...attrs, id: by.by }),
    [ns.RETRACT_0]: () => el('retracted', attrs, origin(by.originId)),
    [ns.RETRACT_BY_STANZA_ID]: () => el('retracted', attrs, el('stanza-id', stanzaId), origin(retracted.originId)),
  };
  return new Element(message.name, message.ns, message.attrs, [mark[by.ns]()]);
}
