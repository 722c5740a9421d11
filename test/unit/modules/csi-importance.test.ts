/** XEP-0352: what can wait until somebody looks. */
import { expect, test } from 'vitest';
import { SaxTokenizer } from '../../../src/engine/portable/sax.js';
import { buildTree } from '../../../src/engine/portable/tree.js';
import { importanceOf } from '../../../src/modules/csi/importance.js';
import { Jid } from '../../../src/protocol/jid.js';
import { Stanza } from '../../../src/protocol/stanza.js';

const sax = await SaxTokenizer.create();
const alice = Jid.parse('alice@localhost/a');
const bob = Jid.parse('bob@localhost/b');

function importance(xml: string) {
  const tree = buildTree(sax, Buffer.from(xml.replace(/^<(\w+)/, "<$1 xmlns='jabber:client'")), new Map());
  if (!tree) throw new Error(`not well-formed: ${xml}`);
  return importanceOf(Stanza.fromElement(tree, bob, alice));
}

const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const wrapped = (content: string) =>
  `<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='x@y/z' to='v@w'>${content}</message></forwarded>`;
const copy = (content: string) => `<message><sent xmlns='urn:xmpp:carbons:2'>${wrapped(content)}</sent></message>`;

test('of presence the latest of each sender counts', () => {
  expect(importance('<presence/>')).toEqual({ key: `presence ${alice}` });
  expect(importance("<presence type='unavailable'/>")).toEqual({ key: `presence ${alice}` });
});

test('of presence of rooms each one counts (XEP-0045 section 12)', () => {
  expect(importance("<presence><x xmlns='http://jabber.org/protocol/muc#user'/></presence>")).toEqual({
    key: undefined,
  });
});

test.each(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe', 'error'])(
  'presence of type %s is important',
  (type) => expect(importance(`<presence type='${type}'/>`)).toBe('important'),
);

test('a chat state alone can wait, with what belongs to it', () => {
  const key = `state ${alice} `;
  expect(importance(`<message type='chat'>${state}</message>`)).toEqual({ key });
  expect(importance(`<message>${state}<thread>1</thread><no-store xmlns='urn:xmpp:hints'/></message>`)).toEqual({
    key,
  });
});

test('a copy counts as what is in it (XEP-0280)', () => {
  expect(importance(copy(state))).toEqual({ key: 'state x@y/z v@w' });
  expect(importance(`<message><sent xmlns='urn:xmpp:carbons:1'/>${wrapped(state)}</message>`)).toEqual({
    key: 'state x@y/z v@w',
  });
  expect(importance(copy('<body>hi</body>'))).toBe('important');
  expect(importance("<message><sent xmlns='urn:xmpp:carbons:2'/></message>")).toBe('important');
});

test.each([
  `<message><body>hi</body>${state}</message>`,
  `<message type='error'>${state}</message>`,
  `<message>${state}<received xmlns='urn:xmpp:receipts' id='1'/></message>`,
  "<message><received xmlns='urn:xmpp:receipts' id='1'/></message>",
  "<message><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>",
  '<message/>',
  "<iq type='get' id='1'><query xmlns='urn:test'/></iq>",
  "<iq type='result' id='1'/>",
])('%s is important', (xml) => expect(importance(xml)).toBe('important'));
