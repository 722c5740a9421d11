/** How the chat client logs in, and what it does when the connection goes. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Backoff } from '../../../web/xmpp/backoff.js';
import { Connection, type ConnectionListener, type ConnectionOptions } from '../../../web/xmpp/connection.js';
import type { Surroundings } from '../../../web/xmpp/sasl.js';
import { chooseMechanism } from '../../../web/xmpp/sasl.js';
import { xml } from '../../../web/xmpp/xml.js';
import { FakeSocket, parseXml, Script } from '../../support/web/page.js';

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const JID = 'alice@localhost/here';
let sockets: FakeSocket[];
let listener: { [Key in keyof ConnectionListener]: ReturnType<typeof vi.fn> };

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  listener = { online: vi.fn(), offline: vi.fn(), ended: vi.fn(), stanza: vi.fn(), acknowledged: vi.fn() };
});
afterEach(() => void vi.useRealTimers());

function options(surroundings: Partial<Surroundings> = {}): ConnectionOptions {
  return {
    account: { jid: 'alice@localhost', password: 'secret' },
    surroundings: { canHash: false, isPrivate: true, ...surroundings },
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    parse: parseXml,
    backoff: new Backoff(() => 1),
    listener: listener as unknown as ConnectionListener,
  };
}

/** The newest connection as the server sees it. */
function server(): Script {
  return new Script(sockets.at(-1) as FakeSocket);
}

async function online(): Promise<Connection> {
  const connection = Connection.begin(options(), false);
  await server().plainLogin();
  await server().newSession(JID);
  return connection;
}

const message = (id: string) => xml('message', 'jabber:client', { id, to: 'bob@localhost' });

it('the best mechanism of both sides is taken, and a password as such goes only where nobody reads along', () => {
  const all = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'SCRAM-SHA-256-PLUS'];
  expect(chooseMechanism(all, { canHash: true, isPrivate: true })).toBe('SCRAM-SHA-256');
  expect(chooseMechanism(['PLAIN', 'SCRAM-SHA-1'], { canHash: true, isPrivate: true })).toBe('SCRAM-SHA-1');
  expect(chooseMechanism(all, { canHash: false, isPrivate: true })).toBe('PLAIN');
  expect(chooseMechanism(all, { canHash: false, isPrivate: false })).toBeUndefined();
  expect(chooseMechanism(['PLAIN', 'EXTERNAL'], { canHash: true, isPrivate: false })).toBeUndefined();
});

it('RFC 7395 section 3.3: it opens, authenticates, opens again and binds', async () => {
  await online();
  expect(sockets[0]?.sent.map(({ name }) => name)).toEqual(['open', 'auth', 'open', 'iq', 'enable']);
  expect(listener.online).toHaveBeenCalledWith(expect.objectContaining({ jid: JID, isResumed: false }));
});

it('a wrong password is told, and not tried again', async () => {
  const refused = Connection.begin(options(), false);
  const outcome = expect(refused).rejects.toMatchObject({ condition: 'not-authorized' });
  server().socket.open();
  await server().offer(`<mechanisms ${SASL}><mechanism>PLAIN</mechanism></mechanisms>`);
  await server().socket.read();
  server().socket.receive(`<failure ${SASL}><not-authorized/></failure>`);
  await outcome;
  expect(server().socket.isClosed).toBe(true);
});

it('a password is not sent for an account where others read along', async () => {
  const refused = Connection.begin(options({ isPrivate: false, canHash: true }), true);
  const outcome = expect(refused).rejects.toMatchObject({ condition: 'not-private' });
  server().socket.open();
  await server().offer("<register xmlns='http://jabber.org/features/iq-register'/>");
  await outcome;
  expect(server().socket.sent).toHaveLength(1);
});

it('XEP-0077 section 3.1: the account is made first, on the same stream', async () => {
  const connection = Connection.begin(options(), true);
  const { socket } = server();
  socket.open();
  const features = `<register xmlns='http://jabber.org/features/iq-register'/><mechanisms ${SASL}><mechanism>PLAIN</mechanism></mechanisms>`;
  await server().offer(features);
  const request = await socket.read();
  expect(request.child('query', 'jabber:iq:register')?.childText('username')).toBe('alice');
  socket.receive(`<iq xmlns='jabber:client' type='result' id='${request.attrs['id']}'/>`);
  expect((await socket.read()).name).toBe('auth');
  socket.receive(`<success ${SASL}/>`);
  await server().offer('');
  const bind = await socket.read();
  socket.receive(
    `<iq xmlns='jabber:client' type='result' id='${bind.attrs['id']}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${JID}</jid></bind></iq>`,
  );
  expect((await connection).isOnline).toBe(true);
});

it('XEP-0198 section 5: a broken connection is resumed, and what was not acknowledged is sent again', async () => {
  const connection = await online();
  const { socket } = server();
  connection.send(message('one'));
  connection.send(message('two'));
  socket.receive("<message xmlns='jabber:client' id='in'/>");
  socket.drop();
  expect(listener.offline).toHaveBeenCalledTimes(1);
  connection.send(message('three'));
  await vi.advanceTimersByTimeAsync(1_000);
  await server().plainLogin();
  const resume = await server().socket.read();
  expect([resume.name, resume.attrs]).toEqual(['resume', { h: '1', previd: 'first' }]);
  server().socket.receive("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='first'/>");
  expect([(await server().socket.read()).attrs['id'], (await server().socket.read()).attrs['id']]).toEqual([
    'two',
    'three',
  ]);
  await vi.advanceTimersByTimeAsync(0);
  expect(listener.acknowledged).toHaveBeenCalledWith([expect.objectContaining({ attrs: message('one').attrs })]);
  expect(listener.online).toHaveBeenLastCalledWith(expect.objectContaining({ isResumed: true, jid: JID }));
});

it('XEP-0198 section 5: where resumption fails a new session begins', async () => {
  await online();
  server().socket.drop();
  await vi.advanceTimersByTimeAsync(1_000);
  await server().plainLogin();
  await server().socket.read();
  server().socket.receive(
    "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
  );
  await server().newSession('alice@localhost/there', 'second');
  await vi.advanceTimersByTimeAsync(0);
  expect(listener.online).toHaveBeenLastCalledWith(expect.objectContaining({ isResumed: false }));
});

it('it waits longer after each try, up to a minute', async () => {
  await online();
  server().socket.drop();
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const before = sockets.length;
    expect(listener.offline).toHaveBeenLastCalledWith(expect.anything(), seconds * 1_000);
    await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1);
    expect(sockets).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(before + 1);
    server().socket.drop();
    await vi.advanceTimersByTimeAsync(0);
  }
});

it('a silent server is asked for a sign of life, and left when none comes', async () => {
  await online();
  const { socket } = server();
  await vi.advanceTimersByTimeAsync(40_000);
  expect(socket.sent.at(-1)?.name).toBe('r');
  socket.receive("<a xmlns='urn:xmpp:sm:3' h='0'/>");
  await vi.advanceTimersByTimeAsync(39_999);
  expect(listener.offline).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(15_001);
  expect(listener.offline).toHaveBeenCalledTimes(1);
  expect(socket.isClosed).toBe(true);
});

it.each([
  ['conflict', 'ended'],
  ['system-shutdown', 'offline'],
] as const)('a stream that ends with %s: %s', async (condition, outcome) => {
  await online();
  server().socket.receive(
    `<error xmlns='http://etherx.jabber.org/streams'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`,
  );
  expect(listener[outcome].mock.calls[0]?.[0]).toMatchObject({ condition });
});

it('XEP-0352: the server learns when nobody looks, anew on each stream, and only where it wants to know', async () => {
  const connection = await online();
  const words = () =>
    server()
      .socket.sent.filter(({ ns }) => ns === 'urn:xmpp:csi:0')
      .map(({ name }) => name);
  connection.rest(true);
  expect(words()).toEqual([]);
  server().socket.drop();
  await vi.advanceTimersByTimeAsync(1_000);
  await server().plainLogin("<csi xmlns='urn:xmpp:csi:0'/>");
  await server().socket.read();
  server().socket.receive("<resumed xmlns='urn:xmpp:sm:3' h='0' previd='first'/>");
  await vi.advanceTimersByTimeAsync(0);
  expect(words()).toEqual(['inactive']);
  connection.rest(true);
  connection.rest(false);
  expect(words()).toEqual(['inactive', 'active']);
});

it('after a farewell nothing comes back', async () => {
  const connection = await online();
  connection.close();
  expect(server().socket.sent.at(-1)?.name).toBe('close');
  server().socket.drop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sockets).toHaveLength(1);
  expect(listener.offline).not.toHaveBeenCalled();
});
