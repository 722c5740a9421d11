/** stanza, a client library of others that speaks WebSocket: an account with an archive, several devices and a bad network. */
import { type Agent, createClient } from 'stanza';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { Actor, type Credentials, register } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { onEachServer, type StoryServer } from '../support/story/story.js';

onEachServer('stanza, over WebSocket', (server) => {
  it('is resumed after its connection broke, gets copies, searches its archive, and blocks', async () => {
    const who = fresh();
    await register(server.port, who);
    const alice = await Actor.join(server.port, fresh());
    await alice.available();
    const bob = await login(server, who);
    const bare = `${who.username}@localhost`;
    const say = (to: string, body: string) =>
      alice.send(`<message to='${to}' type='chat'><body>${body}</body></message>`);
    await bob.agent.ping();
    say(bare, 'one');
    await eventually(() => bob.messages.includes('one'));

    // XEP-0280: what the other device does.
    const laptop = await Actor.login(server.port, who);
    await laptop.available();
    laptop.send(`<message to='${alice.jid}' type='chat'><body>two</body></message>`);
    await eventually(() => bob.copies.includes('two'));
    say(laptop.jid, 'three');
    await eventually(() => bob.copies.includes('three'));
    await laptop.leave();
    await eventually(() => bob.gone.includes(laptop.jid));

    // XEP-0198: what is sent while nobody is there, or still believed to be.
    const gone = new Promise((resolve) => bob.agent.once('disconnected', resolve));
    for (const body of ['four', 'five']) say(bob.agent.jid, body);
    breakConnection(bob.agent);
    await gone;
    say(bob.agent.jid, 'six');
    const resumed = new Promise((resolve) => bob.agent.once('stream:management:resumed', resolve));
    bob.agent.connect();
    await resumed;
    await eventually(() => bob.messages.includes('six'));
    expect(bob.messages.filter((body) => body !== 'three')).toEqual(['one', 'four', 'five', 'six']);
    bob.agent.sendMessage({ to: alice.jid, type: 'chat', body: 'seven' });
    await alice.receives(`<message from='${bob.agent.jid}'><body>seven</body></message>`);

    // XEP-0313, in pages.
    const { results, complete } = await bob.agent.searchHistory({ paging: { max: 4 } });
    expect([results?.map(bodyOf), complete ?? false]).toEqual([['one', 'two', 'three', 'four'], false]);
    const rest = await bob.agent.searchHistory({ paging: { max: 4, after: results?.at(-1)?.id } });
    expect([rest.results?.map(bodyOf), rest.complete]).toEqual([['five', 'six', 'seven'], true]);

    // XEP-0191.
    await bob.agent.block(alice.bare);
    expect((await bob.agent.getBlocked()).jids).toEqual([alice.bare]);
    say(bare, 'eight');
    await alice.receives(`<message type='error' from='${bare}'/>`);
    await bob.agent.unblock(alice.bare);
    say(bare, 'nine');
    await eventually(() => bob.messages.includes('nine'));
    expect(bob.messages).not.toContain('eight');

    bob.agent.disconnect();
    alice.vanish();
  });
});

interface LoggedIn {
  readonly agent: Agent;
  /** What has come, copies included. */
  readonly messages: (string | undefined)[];
  readonly copies: (string | undefined)[];
  /** The devices whose unavailable presence has come. */
  readonly gone: (string | undefined)[];
}

async function login(server: StoryServer, { username, password }: Credentials): Promise<LoggedIn> {
  const agent = createClient({
    jid: `${username}@localhost`,
    password,
    transports: { websocket: `ws://127.0.0.1:${server.webSocketPort}/ws-xmpp`, bosh: false },
    autoReconnect: false,
  });
  const messages: (string | undefined)[] = [];
  const copies: (string | undefined)[] = [];
  agent.on('message', ({ body, carbon }) => {
    if (body !== undefined && !carbon) messages.push(body);
  });
  agent.on('carbon:sent', ({ carbon }) => copies.push(carbon.forward.message?.body));
  agent.on('carbon:received', ({ carbon }) => copies.push(carbon.forward.message?.body));
  const gone: (string | undefined)[] = [];
  agent.on('unavailable', ({ from }) => gone.push(from));
  const started = new Promise((resolve) => agent.once('session:started', resolve));
  agent.connect();
  await started;
  await agent.enableCarbons();
  agent.sendPresence();
  await agent.getRoster();
  return { agent, messages, copies, gone };
}

/**
 * As a network does that is gone: nothing is read or written any more. The client's own `disconnect` goes on to
 * read, and a client that answers what it then reads cannot connect again.
 */
function breakConnection(agent: Agent): void {
  const { socket } = agent.transport as unknown as { readonly socket: WebSocket };
  socket.terminate();
}

function bodyOf(result: { item: { message?: { body?: string } } }): string | undefined {
  return result.item.message?.body;
}

function fresh(): Credentials {
  return { username: `z-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
