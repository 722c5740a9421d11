/** Which messages are worth keeping until somebody is there, and how they come back. */
import { formatDateTime } from '../../protocol/date-time.js';
import { type Element, el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

/** XEP-0023: how many seconds a message stays worth delivering. */
const EXPIRE = 'jabber:x:expire';
/** The width of the column for the sender, in characters. */
const MAX_FROM_LENGTH = 250;

/** `no` leaves the answer to others, in the end to an error; `forget` is for what nobody misses. */
export type Worth = 'yes' | 'no' | 'forget';

export function worthKeeping(stanza: Stanza, keepsGroupchat: boolean): Worth {
  if (stanza.type === 'error' || stanza.type === 'headline') return 'no';
  if (stanza.type === 'groupchat' && !keepsGroupchat) return 'no';
  const isSaid = stanza.has(child.BODY) || stanza.has(child.SUBJECT);
  if (stanza.has(child.HINT)) {
    // XEP-0334 section 4.2. One that is not for archives may wait here all the same (section 4.1).
    if (stanza.tree().child('no-store', ns.HINTS)) return isSaid ? 'no' : 'forget';
    if (stanza.tree().child('store', ns.HINTS)) return 'yes';
  }
  if (isSaid) return 'yes';
  return stanza.tree().elements().every(isOfTheMoment) ? 'forget' : 'yes';
}

/** XEP-0160 section 3: a chat state is about the moment only; so is what XEP-0022 tells of another message. */
function isOfTheMoment(content: Element): boolean {
  if (content.ns === ns.CHAT_STATES || content.ns === ns.HINTS) return true;
  if (content.is('x', ns.MESSAGE_EVENTS)) return content.child('id') !== undefined;
  return content.is('thread', ns.CLIENT);
}

/** XEP-0022: whether the sender wants to be told that the message is kept. */
export function asksForOfflineEvent(stanza: Stanza): boolean {
  const events = stanza.tree().child('x', ns.MESSAGE_EVENTS);
  return events?.child('offline') !== undefined && events.child('id') === undefined;
}

/** XEP-0022 section 3.2. */
export function offlineEvent(id: string | undefined): Element {
  const x = el('x', { xmlns: ns.MESSAGE_EVENTS }, el('offline'), el('id', {}, id));
  return el('message', { xmlns: ns.CLIENT }, x);
}

/** XEP-0022 section 3: the request has been met, and is not for the recipient. */
export function withoutOfflineRequest(stanza: Stanza): Stanza {
  return stanza.changed((message) => {
    const children = message.child('x', ns.MESSAGE_EVENTS)?.children ?? [];
    const at = children.findIndex((one) => typeof one !== 'string' && one.name === 'offline');
    if (at >= 0) children.splice(at, 1);
  });
}

/** XEP-0359: the archive's id stays with the message, so that nobody reads it twice. */
export function withArchiveId(stanza: Stanza, account: Jid, id: string | undefined): Stanza {
  if (id === undefined) return stanza;
  const by = account.toString();
  const isThere = stanza
    .tree()
    .childrenNamed('stanza-id', ns.STANZA_ID)
    .some((one) => one.attrs['by'] === by);
  return isThere ? stanza : stanza.withChild(el('stanza-id', { xmlns: ns.STANZA_ID, by, id }));
}

/** XEP-0203. One entity tells once when it had the message. */
export function markDelayed(message: Element, domain: string, timestampUs: number): void {
  const isMarked = message.childrenNamed('delay', ns.DELAY).some((one) => one.attrs['from'] === domain);
  if (isMarked) return;
  const stamp = formatDateTime(timestampUs / 1_000);
  message.append(el('delay', { xmlns: ns.DELAY, from: domain, stamp }, 'Offline Storage'));
}

/** The sender as far as its column goes: without the resource, or the domain alone, where the whole is too long. */
export function columnText(from: Jid | undefined): string {
  if (!from) return '';
  const texts = [from.toString(), from.bare.toString(), from.domain];
  return texts.find((text) => text.length <= MAX_FROM_LENGTH) ?? from.toString();
}

/** XEP-0023. */
export function lifetimeSeconds(stanza: Stanza): number | undefined {
  const seconds = stanza.tree().child('x', EXPIRE)?.attrs['seconds'] ?? '';
  return /^[0-9]{1,9}$/.test(seconds) ? Number.parseInt(seconds, 10) : undefined;
}
