/** What the chat does at the beginning of a session, and of one that takes the place of another. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Chat, type ChatListener } from '../../../web/chat/chat.js';
import { Backoff } from '../../../web/xmpp/backoff.js';
import { ns } from '../../../web/xmpp/namespaces.js';
import type { Xml } from '../../../web/xmpp/xml.js';
import { FakeSocket, parseXml, Script } from '../../support/web/page.js';

const ME = 'alice@localhost';
const BOB = 'bob@localhost';
const CLIENT = "xmlns='jabber:client'";

let sockets: FakeSocket[];
/** Own messages that the server has, by their ids. */
let kept: string[];
/** Bob's messages in the archive, by their ids. */
let received: string[];
let features: string[];
let listener: { [Key in keyof ChatListener]: ReturnType<typeof vi.fn> };

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  kept = [];
  received = [];
  features = [ns.MAM, ns.CARBONS];
  listener = {
    ...{ contactsChanged: vi.fn(), conversationChanged: vi.fn(), statusChanged: vi.fn(), arrived: vi.fn() },
    ...{ ended: vi.fn(), isLooking: vi.fn(() => false) },
  };
});
afterEach(() => void vi.useRealTimers());

function begin(): Promise<Chat> {
  const openSocket = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  const options = {
    account: { jid: ME, password: 'secret' },
    surroundings: { canHash: false, isPrivate: true },
    ...{ openSocket, parse: parseXml, backoff: new Backoff(() => 1) },
    listener: listener as unknown as ChatListener,
  };
  return Chat.begin(options, false);
}

const newest = () => sockets.at(-1) as FakeSocket;

/** The server's side of a new session: answers whatever is asked. */
async function serve(resource: string, refusesResumption = false): Promise<void> {
  const socket = newest();
  const script = new Script(socket);
  await script.plainLogin();
  if (refusesResumption) {
    await socket.read();
    socket.receive("<failed xmlns='urn:xmpp:sm:3'/>");
  }
  await script.newSession(`${ME}/${resource}`, resource);
  void (async () => {
    for (;;) answer(socket, await socket.read());
  })();
  await vi.advanceTimersByTimeAsync(0);
}

function answer(socket: FakeSocket, element: Xml): void {
  const [payload] = element.elements;
  if (element.name !== 'iq' || !payload) return;
  const result = (content: string) =>
    socket.receive(
      `<iq ${CLIENT} type='result' id='${element.attrs['id']}' from='${element.attrs['to'] ?? ME}'>${content}</iq>`,
    );
  if (payload.ns === ns.ROSTER) result(`<query xmlns='${ns.ROSTER}'><item jid='${BOB}' subscription='both'/></query>`);
  else if (payload.ns === ns.DISCO_INFO)
    result(`<query xmlns='${ns.DISCO_INFO}'>${features.map((one) => `<feature var='${one}'/>`).join('')}</query>`);
  else if (payload.ns === ns.MAM) {
    for (const id of [...kept, ...received])
      socket.receive(
        `<message ${CLIENT} from='${ME}'><result xmlns='${ns.MAM}' queryid='${payload.attrs['queryid']}' id='of-${id}'><forwarded xmlns='${ns.FORWARD}'><message ${CLIENT} type='chat' ${kept.includes(id) ? `from='${ME}/a' to='${BOB}'` : `from='${BOB}/a' to='${ME}'`} id='${id}'><body>kept</body></message></forwarded></result></message>`,
      );
    result(`<fin xmlns='${ns.MAM}' complete='true'/>`);
  } else result('');
}

const sentMessages = () => newest().sent.filter(({ name, children }) => name === 'message' && children.length > 0);

async function comeBack(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  await serve('second', true);
}

it('RFC 6121 section 2.2: the contact list comes before presence; then copies and the archive, where they are', async () => {
  const chat = begin();
  await serve('first');
  const steps = newest()
    .sent.slice(5)
    .map((one) => one.elements[0]?.ns ?? one.name);
  expect(steps).toEqual([ns.ROSTER, 'presence', ns.DISCO_INFO, ns.DISCO_INFO, ns.CARBONS, ns.MAM]);
  expect((await chat).roster.contacts.get(BOB)?.subscription).toBe('both');
});

it('a server without archive and copies is asked for neither', async () => {
  features = [];
  void begin();
  await serve('first');
  const steps = newest()
    .sent.slice(5)
    .map((one) => one.elements[0]?.ns ?? one.name);
  expect(steps).toEqual([ns.ROSTER, 'presence', ns.DISCO_INFO, ns.DISCO_INFO]);
});

it('where a session is lost, a message that the archive does not have is sent again', async () => {
  const starting = begin();
  await serve('first');
  const chat = await starting;
  const message = chat.write(BOB, 'hi');
  newest().drop();
  await comeBack();
  expect(sentMessages().map(({ attrs }) => attrs['id'])).toEqual([message.id]);
  expect(message.progress).toBe('sending');
  newest().receive("<a xmlns='urn:xmpp:sm:3' h='6'/>");
  newest().receive("<a xmlns='urn:xmpp:sm:3' h='7'/>");
  expect(message.progress).toBe('sent');
});

it('where a session is lost, a message that the archive has is not sent twice', async () => {
  const starting = begin();
  await serve('first');
  const chat = await starting;
  const message = chat.write(BOB, 'hi');
  kept = [message.id as string];
  newest().drop();
  await comeBack();
  expect(sentMessages()).toEqual([]);
  expect(message.progress).toBe('sent');
  expect(chat.conversation(BOB).messages).toHaveLength(1);
});

it('what came while we were away is unread, and the history before the first session is not', async () => {
  const starting = begin();
  const message = (id: string) =>
    `<message ${CLIENT} type='chat' from='${BOB}/x' to='${ME}' id='${id}'><body>${id}</body><stanza-id xmlns='${ns.STANZA_ID}' by='${ME}' id='of-${id}'/></message>`;
  received = ['old'];
  await serve('first');
  const chat = await starting;
  expect([chat.unread, chat.conversation(BOB).messages.length]).toEqual([0, 1]);
  newest().receive(message('live'));
  expect([chat.unread, listener.arrived.mock.calls]).toEqual([1, [[BOB, 'live']]]);
  newest().drop();
  // What is known already comes again: that is one message.
  received = ['live', 'away'];
  await comeBack();
  expect([chat.unread, chat.conversation(BOB).messages.length]).toEqual([2, 3]);
  expect(newest().sent.at(-1)?.child('query', ns.MAM)?.child('set', ns.RSM)?.childText('after')).toBe('of-live');
});
