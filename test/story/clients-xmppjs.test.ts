/** @xmpp/client, a client library of others, against every kind of server. */
import type { Socket } from 'node:net';
import { type Client, client, xml } from '@xmpp/client';
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { Actor, register } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { handled } from '../support/story/fence.js';
import { onEachServer, type StoryServer } from '../support/story/story.js';

// The library has no option for it, and the servers signed their certificates themselves.
process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

onEachServer('@xmpp/client', (server) => {
  it.each([
    ['without TLS', (one: StoryServer) => `xmpp://127.0.0.1:${one.port}`],
    ['over STARTTLS', (one: StoryServer) => `xmpp://127.0.0.1:${one.starttlsPort}`],
    ['over TLS from the first byte', (one: StoryServer) => `xmpps://127.0.0.1:${one.tlsPort}`],
  ])('logs in %s, asks for its roster, and chats both ways', async (_, address) => {
    const [alice, bob] = await Promise.all([login(server, address(server)), login(server, address(server))]);
    const roster = await alice.xmpp.iqCaller.get(xml('query', 'jabber:iq:roster'));
    expect(roster.getChildren('item')).toEqual([]);

    await chat(alice, bob, 'Art thou not Romeo, and a Montague?');
    await chat(bob, alice, 'Neither, fair saint, if either thee dislike. <3 & 🌹');
    await Promise.all([alice.xmpp.stop(), bob.xmpp.stop()]);
    expect([...alice.errors, ...bob.errors]).toEqual([]);
  });

  it('is resumed after its connection broke: nothing is lost, and nothing comes twice', async () => {
    const alice = await Actor.join(server.port, fresh());
    await alice.available();
    const bob = await login(server, `xmpp://127.0.0.1:${server.starttlsPort}`);
    const { streamManagement, reconnect } = bob.xmpp;
    reconnect.delay = 0;
    await eventually(() => streamManagement.enabled);
    const say = (body: string) => alice.send(`<message to='${bob.jid}' type='chat'><body>${body}</body></message>`);
    say('one');
    await eventually(() => bodies(bob).length === 1);
    const acknowledged: (string | null)[] = [];
    streamManagement.on('ack', (stanza: Element) => acknowledged.push(stanza.getChildText('body')));
    const resumed = new Promise<void>((resolve) => streamManagement.once('resumed', () => resolve()));
    bob.xmpp.once('disconnect', () => {
      for (const body of ['two', 'three']) say(body);
    });
    // It is not told that the server has this one.
    await bob.xmpp.send(xml('message', { type: 'chat', to: alice.jid }, xml('body', {}, 'four')));
    // A socket of the library's own, around that of TLS.
    (bob.xmpp as unknown as { socket: { socket: Socket } }).socket.socket.destroy();
    await resumed;
    await handled(alice, alice.bare);
    await eventually(() => bodies(bob).includes('three'));
    expect(bodies(bob)).toEqual(['one', 'two', 'three']);
    await eventually(() => acknowledged.includes('four'));
    const came = (await alice.hasReceived()).filter((one) => one.is('message') && one.attrs['type'] === 'chat');
    expect(came.map((one) => one.getChildText('body'))).toEqual(['four']);
    await bob.xmpp.stop();
    expect(bob.errors).toEqual([]);
    alice.vanish();
  });

  it('is told when its password is wrong', async () => {
    const credentials = fresh();
    await register(server.port, credentials);
    const xmpp = make(`xmpp://127.0.0.1:${server.port}`, { ...credentials, password: 'wrong' });
    await expect(xmpp.start()).rejects.toThrow(/not-authorized/);
    await xmpp.stop();
  });
});

interface LoggedIn {
  readonly xmpp: Client;
  readonly jid: string;
  readonly stanzas: Element[];
  readonly errors: Error[];
}

async function login(server: StoryServer, address: string): Promise<LoggedIn> {
  const credentials = fresh();
  await register(server.port, credentials);
  const xmpp = make(address, credentials);
  const stanzas: Element[] = [];
  const errors: Error[] = [];
  xmpp.on('stanza', (stanza: Element) => stanzas.push(stanza));
  xmpp.on('error', (error: Error) => errors.push(error));
  const jid = String(await xmpp.start());
  await xmpp.send(xml('presence'));
  return { xmpp, jid, stanzas, errors };
}

function make(service: string, { username, password }: { username: string; password: string }): Client {
  const xmpp = client({ service, domain: 'localhost', username, password });
  xmpp.on('error', () => {});
  return xmpp;
}

async function chat(from: LoggedIn, to: LoggedIn, body: string): Promise<void> {
  await from.xmpp.send(xml('message', { type: 'chat', to: to.jid }, xml('body', {}, body)));
  await eventually(() => to.stanzas.some((stanza) => stanza.getChildText('body') === body));
  expect(to.stanzas.find((stanza) => stanza.is('message'))?.attrs['from']).toBe(from.jid);
}

function bodies({ stanzas }: LoggedIn): (string | null)[] {
  return stanzas.filter((stanza) => stanza.is('message')).map((stanza) => stanza.getChildText('body'));
}

function fresh() {
  return { username: `x-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
