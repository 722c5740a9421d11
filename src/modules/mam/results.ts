/** What a query of an archive is answered with (XEP-0313 sections 4.2 and 4.3). */
import { type Element, el, escapeXml } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { pageResult } from '../../protocol/rsm.js';
import { type Parse, Stanza } from '../../protocol/stanza.js';
import { declareNamespace } from '../../protocol/stanza-text.js';
import { externalId, stampOf } from './archive-id.js';
import type { StoredMessage } from './archive-store.js';
import type { JidFormat } from './jid-format.js';
import type { LookupResult } from './lookup.js';
import { decodeMessage } from './message-format.js';

export interface ResultContext {
  /** `urn:xmpp:mam:2`, or the older one. */
  readonly ns: string;
  readonly queryId: string | undefined;
  readonly archive: Jid;
  readonly to: Jid;
  readonly format: JidFormat;
  readonly parse: Parse;
}

/** The stanza that carries a message of the archive; `undefined` for one that cannot be read. Its text is put together, not its tree. */
export function resultStanza(message: StoredMessage, stanzaId: string, context: ResultContext): Stanza | undefined {
  const { archive, to, parse, queryId } = context;
  const archived = archivedXml(message, context);
  if (archived === undefined) return undefined;
  const query = queryId === undefined ? '' : ` queryid='${escapeXml(queryId)}'`;
  const xml =
    `<message from='${archive.toXml()}' to='${to.toXml()}' id='${stanzaId}'>` +
    `<result xmlns='${context.ns}'${query} id='${externalId(message.id)}'><forwarded xmlns='${ns.FORWARD}'>` +
    `<delay xmlns='${ns.DELAY}' stamp='${stampOf(message.id)}'/>${archived}</forwarded></result></message>`;
  return Stanza.fromText({ name: 'message', type: '', to, from: archive, id: stanzaId, lang: undefined }, xml, parse);
}

/** Read before it is sent: what somebody has damaged in the database must not damage a stream. */
function archivedXml({ message, from }: StoredMessage, context: ResultContext): string | undefined {
  const { archive, format, parse } = context;
  const text = decodeMessage(message);
  const tree = text === undefined ? undefined : parse(text);
  if (text === undefined || !tree?.is('message', ns.CLIENT)) return undefined;
  const sender = format.decode(archive, from)?.toString();
  if (sender === undefined || tree.attrs['from'] === sender) return declareNamespace(text, ns.CLIENT);
  tree.attrs['from'] = sender;
  return tree.toXml();
}

export function finElement({ messages, isComplete, count, firstIndex }: LookupResult, namespace: string): Element {
  const id = (message: StoredMessage | undefined) => message && externalId(message.id);
  const set = pageResult({ first: id(messages[0]), firstIndex, last: id(messages.at(-1)), count });
  return el('fin', { xmlns: namespace, complete: isComplete ? 'true' : undefined }, set);
}

/** XEP-0313 section 5. */
export function metadataElement(ends: readonly bigint[], namespace: string): Element {
  const [start, end] = ends;
  const entry = (name: string, id: bigint | undefined) =>
    id !== undefined && el(name, { id: externalId(id), timestamp: stampOf(id) });
  return el('metadata', { xmlns: namespace }, entry('start', start), entry('end', end));
}
