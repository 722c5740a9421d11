/** Direct children of stanzas that modules ask about: each has a bit, which the engine sets while it scans. */
import { ns } from './namespaces.js';

export interface ChildPattern {
  readonly ns: string;
  /** Local name; `*` for any element of the namespace. */
  readonly name: string;
}

/** Bit numbers. The order is the table's own; it is never written to disk or to the wire. */
export const child = {
  BODY: 0,
  SUBJECT: 1,
  THREAD: 2,
  ERROR: 3,
  DELAY: 4,
  CHAT_STATE: 5,
  RECEIPT: 6,
  HINT: 7,
  CARBONS: 8,
  FORWARDED: 9,
  MAM: 10,
  MUC_USER: 11,
  PUBSUB_EVENT: 12,
  CAPS: 13,
  SHOW: 14,
  STATUS: 15,
  PRIORITY: 16,
  VCARD_UPDATE: 17,
  STANZA_ID: 18,
  ORIGIN_ID: 19,
  CHAT_MARKER: 20,
  RETRACT: 21,
  FASTEN: 22,
  CARBONS_1: 23,
  CONFERENCE: 24,
  AMP: 25,
  LAST: 26,
} as const;

export type ChildBit = (typeof child)[keyof typeof child];

/** What each bit stands for, in the order of the bits. At most 64. */
export const childPatterns: readonly ChildPattern[] = [
  { ns: ns.CLIENT, name: 'body' },
  { ns: ns.CLIENT, name: 'subject' },
  { ns: ns.CLIENT, name: 'thread' },
  { ns: ns.CLIENT, name: 'error' },
  { ns: ns.DELAY, name: 'delay' },
  { ns: ns.CHAT_STATES, name: '*' },
  { ns: ns.RECEIPTS, name: '*' },
  { ns: ns.HINTS, name: '*' },
  { ns: ns.CARBONS, name: '*' },
  { ns: ns.FORWARD, name: 'forwarded' },
  { ns: ns.MAM, name: '*' },
  { ns: ns.MUC_USER, name: 'x' },
  { ns: ns.PUBSUB_EVENT, name: 'event' },
  { ns: ns.CAPS, name: 'c' },
  { ns: ns.CLIENT, name: 'show' },
  { ns: ns.CLIENT, name: 'status' },
  { ns: ns.CLIENT, name: 'priority' },
  { ns: ns.VCARD_UPDATE, name: 'x' },
  { ns: ns.STANZA_ID, name: 'stanza-id' },
  { ns: ns.STANZA_ID, name: 'origin-id' },
  { ns: ns.CHAT_MARKERS, name: '*' },
  { ns: ns.RETRACT, name: 'retract' },
  { ns: ns.FASTEN, name: 'apply-to' },
  { ns: ns.CARBONS_1, name: '*' },
  { ns: ns.CONFERENCE, name: 'x' },
  { ns: ns.AMP, name: 'amp' },
  { ns: ns.LAST, name: 'query' },
];
