/** What a message stanza says to this account: text, receipts, states, errors; unwrapped from carbons and archives. */
import { bareOf } from '../xmpp/jid.js';
import { ns } from '../xmpp/namespaces.js';
import type { Xml } from '../xmpp/xml.js';

export type ChatState = 'active' | 'composing' | 'paused' | 'inactive' | 'gone';

export interface Incoming {
  /** The other side, bare. */
  readonly peer: string;
  /** The other side as it wrote, or was written to. */
  readonly from: string;
  /** Written by this account, on this client or another. */
  readonly isOwn: boolean;
  /** Not now: kept for us, or an archive's. */
  readonly isDelayed: boolean;
  /** What another client of this account got or sent. */
  readonly isCopy: boolean;
  /** Milliseconds since 1970, and fractions of one where they are known. */
  readonly at: number;
  /** The sender's own. */
  readonly id: string | undefined;
  /** Of our account's archive. */
  readonly archiveId: string | undefined;
  readonly body: string | undefined;
  readonly wantsReceipt: boolean;
  /** The id of the message that has arrived. */
  readonly received: string | undefined;
  readonly state: ChatState | undefined;
  /** Why it could not be delivered. */
  readonly error: Xml | undefined;
}

const STATES: readonly string[] = ['active', 'composing', 'paused', 'inactive', 'gone'];

interface Wrapping {
  readonly account: string;
  readonly now: number;
}

/** Undefined for what is nothing to a chat: rooms, headlines, forged copies. */
export function readMessage(stanza: Xml, wrapping: Wrapping): Incoming | undefined {
  const copy = stanza.elements.find((one) => one.ns === ns.CARBONS && ['sent', 'received'].includes(one.name));
  if (!copy) return read(stanza, wrapping, {});
  // XEP-0280 section 11: only the own account copies.
  if (bareOf(stanza.attrs['from'] ?? '') !== wrapping.account || stanza.attrs['from']?.includes('/')) return undefined;
  const inner = forwarded(copy);
  return inner && read(inner.message, wrapping, { isCopy: true, delay: inner.delay });
}

/** One result of a query to the own archive. */
export function readArchived(stanza: Xml, wrapping: Wrapping, queryId: string): Incoming | undefined {
  const from = stanza.attrs['from'];
  const result = stanza.child('result', ns.MAM);
  // XEP-0313 section 9: what others send looks like that, too.
  if ((from !== undefined && from !== wrapping.account) || result?.attrs['queryid'] !== queryId) return undefined;
  const inner = forwarded(result);
  return (
    inner && read(inner.message, wrapping, { isArchived: true, delay: inner.delay, archiveId: result.attrs['id'] })
  );
}

interface Envelope {
  readonly isCopy?: boolean;
  readonly isArchived?: boolean;
  readonly delay?: Xml | undefined;
  readonly archiveId?: string | undefined;
}

function read(message: Xml, { account, now }: Wrapping, envelope: Envelope): Incoming | undefined {
  const { from = account, to = account, type = 'normal', id } = message.attrs;
  if (!['chat', 'normal', 'error'].includes(type)) return undefined;
  const isOwn = bareOf(from) === account;
  const other = isOwn ? to : from;
  const delay = envelope.delay ?? message.child('delay', ns.DELAY);
  const time = timeOf(delay?.attrs['stamp'] ?? '');
  return {
    peer: bareOf(other).toLowerCase(),
    from: other,
    isOwn,
    isDelayed: envelope.isArchived === true || message.child('delay', ns.DELAY) !== undefined,
    isCopy: envelope.isCopy === true,
    at: Number.isNaN(time) ? now : Math.min(time, now),
    id: message.child('origin-id', ns.STANZA_ID)?.attrs['id'] ?? id,
    archiveId: envelope.archiveId ?? archiveIdOf(message, account),
    ...contentOf(message, type),
  };
}

/** XEP-0082, with the microseconds that `Date` leaves away: a busy second has many messages. */
function timeOf(stamp: string): number {
  const [, micros = '0'] = /\.\d{3}(\d{1,3})/.exec(stamp) ?? [];
  return Date.parse(stamp) + Number(`0.${micros}`);
}

function contentOf(
  message: Xml,
  type: string,
): Pick<Incoming, 'body' | 'wantsReceipt' | 'received' | 'state' | 'error'> {
  const state = message.elements.find((one) => one.ns === ns.CHAT_STATES)?.name ?? '';
  const isError = type === 'error';
  return {
    // An error may bring back what was sent.
    body: isError ? undefined : message.childText('body'),
    wantsReceipt: !isError && message.child('request', ns.RECEIPTS) !== undefined,
    received: isError ? undefined : message.child('received', ns.RECEIPTS)?.attrs['id'],
    state: !isError && STATES.includes(state) ? (state as ChatState) : undefined,
    error: isError ? message : undefined,
  };
}

/** XEP-0359 section 5: only ids that the own account gave count. */
function archiveIdOf(message: Xml, account: string): string | undefined {
  const given = message.elements.find((one) => one.is('stanza-id', ns.STANZA_ID) && one.attrs['by'] === account);
  return given?.attrs['id'];
}

function forwarded(wrapper: Xml): { readonly message: Xml; readonly delay: Xml | undefined } | undefined {
  const inner = wrapper.child('forwarded', ns.FORWARD);
  const message = inner?.child('message', ns.CLIENT);
  return message && { message, delay: inner?.child('delay', ns.DELAY) };
}
