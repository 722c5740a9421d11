/** What the chat client believes of what it is sent, and how it keeps conversations and contacts. */
import { expect, it, vi } from 'vitest';
import { Archive } from '../../../web/chat/archive.js';
import { Contacts } from '../../../web/chat/contacts.js';
import { Conversation } from '../../../web/chat/conversation.js';
import { type Incoming, readMessage } from '../../../web/chat/incoming.js';
import { Roster } from '../../../web/chat/roster.js';
import { ns } from '../../../web/xmpp/namespaces.js';
import { Requests } from '../../../web/xmpp/requests.js';
import type { Xml } from '../../../web/xmpp/xml.js';
import { parseXml } from '../../support/web/page.js';

const ME = 'me@localhost';
const NOW = Date.parse('2024-05-01T12:00:00Z');
const read = (text: string) => readMessage(parseXml(text), { account: ME, now: NOW });
const CLIENT = "xmlns='jabber:client'";

function carbon(from: string, direction: string, inner: string): string {
  return `<message ${CLIENT} from='${from}' to='${ME}/x'><${direction} xmlns='${ns.CARBONS}'><forwarded xmlns='${ns.FORWARD}'>${inner}</forwarded></${direction}></message>`;
}

function incoming(some: Partial<Incoming>): Incoming {
  return {
    ...{ peer: 'bob@localhost', from: 'bob@localhost/x', isOwn: false, isDelayed: false, isCopy: false, at: NOW },
    ...{ id: undefined, archiveId: undefined, body: 'text', wantsReceipt: false, received: undefined },
    ...{ state: undefined, error: undefined, ...some },
  };
}

it('a message is read with its id, its state and the wish for a receipt', () => {
  const message = read(
    `<message ${CLIENT} type='chat' from='Bob@localhost/x' to='${ME}' id='1'><body>hi</body><active xmlns='${ns.CHAT_STATES}'/><request xmlns='${ns.RECEIPTS}'/></message>`,
  );
  expect(message).toMatchObject({
    peer: 'bob@localhost',
    id: '1',
    body: 'hi',
    state: 'active',
    wantsReceipt: true,
    at: NOW,
  });
});

it('XEP-0359 section 5: an id of the archive counts when our own account gave it', () => {
  const given = (by: string) =>
    `<message ${CLIENT} from='bob@localhost'><body/><stanza-id xmlns='${ns.STANZA_ID}' by='${by}' id='7'/></message>`;
  expect(read(given(ME))?.archiveId).toBe('7');
  expect(read(given('bob@localhost'))?.archiveId).toBeUndefined();
});

it('XEP-0280 section 11: only our own account makes copies', () => {
  const inner = `<message ${CLIENT} type='chat' from='${ME}/phone' to='bob@localhost' id='2'><body>from my phone</body></message>`;
  expect(read(carbon(ME, 'sent', inner))).toMatchObject({ isOwn: true, isCopy: true, peer: 'bob@localhost' });
  for (const forger of ['bob@localhost', `${ME}/x`, 'localhost'])
    expect(read(carbon(forger, 'sent', inner))).toBeUndefined();
});

it('rooms and headlines are nothing to a chat, and an error brings no text', () => {
  expect(read(`<message ${CLIENT} type='groupchat' from='room@localhost/a'><body>x</body></message>`)).toBeUndefined();
  expect(read(`<message ${CLIENT} type='headline' from='a@localhost'><body>x</body></message>`)).toBeUndefined();
  const error = read(
    `<message ${CLIENT} type='error' from='bob@localhost' id='3'><body>x</body><received xmlns='${ns.RECEIPTS}' id='1'/></message>`,
  );
  expect([error?.body, error?.received, error?.error?.attrs['id']]).toEqual([undefined, undefined, '3']);
});

it('XEP-0203: the time is that of the delay, but never in the future', () => {
  const delayed = (stamp: string) =>
    read(`<message ${CLIENT} from='bob@localhost'><body/><delay xmlns='${ns.DELAY}' stamp='${stamp}'/></message>`)?.at;
  expect(delayed('2024-01-02T03:04:05Z')).toBe(Date.parse('2024-01-02T03:04:05Z'));
  expect(delayed('2999-01-01T00:00:00Z')).toBe(NOW);
  expect(delayed('soon')).toBe(NOW);
  const [one, other] = [delayed('2024-01-02T03:04:05.123004Z'), delayed('2024-01-02T03:04:05.123040Z')] as [
    number,
    number,
  ];
  expect(one).toBeLessThan(other);
});

it('XEP-0313 section 9: a result counts when our own archive sends it, to a query that runs', async () => {
  const sent: Xml[] = [];
  const requests = new Requests((stanza) => sent.push(stanza));
  requests.account = ME;
  const archive = new Archive(
    requests,
    () => ME,
    () => NOW,
  );
  const page = archive.page({ peer: 'bob@localhost', before: '', max: 10 });
  const query = sent[0]?.child('query', ns.MAM) as Xml;
  expect(query.child('set', ns.RSM)?.childText('max')).toBe('10');
  const result = (from: string, queryId: string, id: string) =>
    parseXml(
      `<message ${CLIENT} from='${from}'><result xmlns='${ns.MAM}' queryid='${queryId}' id='${id}'><forwarded xmlns='${ns.FORWARD}'><message ${CLIENT} type='chat' from='bob@localhost' to='${ME}'><body>${id}</body></message></forwarded></result></message>`,
    );
  const queryId = query.attrs['queryid'] as string;
  expect(archive.take(result(ME, queryId, 'true'))).toBe(true);
  expect(archive.take(result('bob@localhost', queryId, 'forged'))).toBe(true);
  expect(archive.take(result(ME, 'other', 'of nobody'))).toBe(true);
  requests.take(
    parseXml(
      `<iq ${CLIENT} type='result' id='${sent[0]?.attrs['id']}'><fin xmlns='${ns.MAM}' complete='true'><set xmlns='${ns.RSM}'><first>true</first><last>true</last></set></fin></iq>`,
    ),
  );
  expect(await page).toMatchObject({
    isComplete: true,
    first: 'true',
    messages: [{ archiveId: 'true', body: 'true' }],
  });
});

it('a message is there once, whether it comes live, as a copy or from the archive', () => {
  const conversation = new Conversation('bob@localhost');
  expect(conversation.add(incoming({ id: '1' }))).toBe(true);
  expect(conversation.add(incoming({ id: '1', archiveId: 'a' }))).toBe(false);
  expect(conversation.add(incoming({ id: 'x', archiveId: 'a' }))).toBe(false);
  // The same id, but another message of the archive.
  expect(conversation.add(incoming({ id: '1', archiveId: 'b' }))).toBe(true);
  expect(conversation.add(incoming({ id: '1', isOwn: true }))).toBe(true);
  expect(conversation.messages).toHaveLength(3);
});

it('messages stand in the order of their times, and of arrival within one', () => {
  const conversation = new Conversation('bob@localhost');
  for (const [body, at] of [
    ['c', 3],
    ['a', 1],
    ['d', 3],
    ['b', 2],
  ] as const)
    conversation.add(incoming({ body, at }));
  expect(conversation.messages.map(({ body }) => body)).toEqual(['a', 'b', 'c', 'd']);
});

it('a page from further back goes before what has the same time, and stays in its own order', () => {
  const conversation = new Conversation('bob@localhost');
  for (const body of ['c', 'd']) conversation.add(incoming({ body }));
  for (const body of ['b', 'a']) conversation.add(incoming({ body }), true);
  expect(conversation.messages.map(({ body }) => body)).toEqual(['a', 'b', 'c', 'd']);
});

it('what is known of an own message never goes back', () => {
  const conversation = new Conversation('bob@localhost');
  const message = conversation.write('1', 'hi', NOW);
  expect([conversation.advance('1', 'delivered'), conversation.advance('1', 'sent')]).toEqual([true, false]);
  expect(message.progress).toBe('delivered');
  conversation.add(incoming({ id: 'theirs' }));
  expect(conversation.advance('theirs', 'delivered')).toBe(false);
});

it('an own message that the archive knows was sent', () => {
  const conversation = new Conversation('bob@localhost');
  const message = conversation.write('1', 'hi', NOW);
  expect(conversation.add(incoming({ id: '1', isOwn: true, archiveId: 'a' }))).toBe(false);
  expect([message.progress, message.archiveId]).toEqual(['sent', 'a']);
});

it('RFC 6121 section 4.7.2.3: the client with the highest priority speaks for a person', () => {
  const roster = new Roster();
  const presence = (from: string, inner: string) =>
    roster.presence(parseXml(`<presence ${CLIENT} from='${from}'>${inner}</presence>`), ME);
  presence('bob@localhost/a', '<show>away</show><priority>1</priority>');
  presence('bob@localhost/b', '<show>dnd</show><priority>5</priority><status>busy</status>');
  expect(roster.availability('bob@localhost')).toMatchObject({ show: 'dnd', status: 'busy' });
  roster.presence(parseXml(`<presence ${CLIENT} from='bob@localhost/b' type='unavailable'/>`), ME);
  expect(roster.availability('bob@localhost')?.show).toBe('away');
  roster.presence(parseXml(`<presence ${CLIENT} from='bob@localhost' type='unavailable'/>`), ME);
  expect(roster.availability('bob@localhost')).toBeUndefined();
});

function contacts(): { contacts: Contacts; roster: Roster; requests: Requests; sent: Xml[] } {
  const sent: Xml[] = [];
  const roster = new Roster();
  const send = (stanza: Xml) => void sent.push(stanza);
  const requests = new Requests(send);
  requests.account = ME;
  return { contacts: new Contacts({ roster, requests, account: ME, send, changed: vi.fn() }), roster, requests, sent };
}

const push = (from: string, item: string) =>
  parseXml(`<iq ${CLIENT} type='set' id='p' ${from}><query xmlns='${ns.ROSTER}'>${item}</query></iq>`);

it('RFC 6121 section 2.1.6: a push that another account sends is refused', () => {
  const { contacts: mine, roster, requests, sent } = contacts();
  requests.answer('set', 'query', ns.ROSTER, (iq) => mine.push(iq));
  requests.take(push("from='bob@localhost'", "<item jid='eve@localhost' subscription='both'/>"));
  expect([roster.contacts.size, sent.at(-1)?.attrs['type']]).toEqual([0, 'error']);
  requests.take(push(`from='${ME}'`, "<item jid='bob@localhost' subscription='to'/>"));
  requests.take(push('', "<item jid='carol@localhost' subscription='none' ask='subscribe'/>"));
  expect([...roster.contacts.keys()]).toEqual(['bob@localhost', 'carol@localhost']);
  expect(sent.at(-1)?.attrs['type']).toBe('result');
  requests.take(push('', "<item jid='bob@localhost' subscription='remove'/>"));
  expect([...roster.contacts.keys()]).toEqual(['carol@localhost']);
});

it('somebody whom we have asked may ask back; others wait for an answer', () => {
  const { contacts: mine, roster, sent } = contacts();
  roster.apply(push('', "<item jid='bob@localhost' subscription='none' ask='subscribe'/>").elements[0] as Xml);
  const ask = (from: string) => mine.presence(parseXml(`<presence ${CLIENT} type='subscribe' from='${from}'/>`));
  ask('bob@localhost');
  expect(sent.map(({ attrs }) => attrs)).toEqual([{ to: 'bob@localhost', type: 'subscribed' }]);
  ask('eve@localhost');
  expect([...roster.requests]).toEqual(['eve@localhost']);
  expect(sent).toHaveLength(1);
});

it('RFC 6120 section 8.2.3: an answer counts from whoever was asked, and a request that nobody knows gets an error', async () => {
  const { requests, sent } = contacts();
  const answer = requests.get(parseXml("<query xmlns='urn:x'/>"), 'bob@localhost/x');
  const id = sent[0]?.attrs['id'];
  requests.take(parseXml(`<iq ${CLIENT} type='result' id='${id}' from='eve@localhost'><forged xmlns='urn:x'/></iq>`));
  requests.take(parseXml(`<iq ${CLIENT} type='result' id='${id}' from='bob@localhost/x'/>`));
  expect((await answer).elements).toEqual([]);
  requests.take(parseXml(`<iq ${CLIENT} type='get' id='7' from='eve@localhost'><query xmlns='urn:y'/></iq>`));
  expect(sent.at(-1)?.attrs).toMatchObject({ type: 'error', id: '7', to: 'eve@localhost' });
});
