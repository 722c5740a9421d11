/** Accounts live on shards: where a session goes, and what happens when a shard dies. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, type Credentials } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const SHARDS = 4;

for (const engine of ENGINES) {
  describe(`${SHARDS} shards [${engine}]`, () => {
    let server: TestServer;
    beforeAll(async () => {
      const config = ownConfig({ engine, shards: SHARDS }).replace('"warning"', '"info"');
      server = await startServer({ config, mortal: true });
    });
    afterAll(() => server?.stop());

    it('all sessions of an account are at home on one shard, and accounts are spread over all', async () => {
      const actors = await Promise.all(Array.from({ length: 24 }, () => Actor.join(server.port, fresh())));
      const first = actors[0] as Actor;
      const more = [
        await first.another(server.port),
        await first.another(server.port),
        await first.another(server.port),
      ];
      const homes = await Promise.all(actors.map((actor) => homeOf(server, actor)));
      expect(new Set(homes).size).toBe(SHARDS);
      for (const session of more) expect(await homeOf(server, session)).toBe(homes[0]);
      for (const actor of [...actors, ...more]) actor.vanish();
    });

    it('a message reaches every available session of an account from every shard, in order', async () => {
      const alice = await Actor.join(server.port, fresh());
      const sessions = [alice, await alice.another(server.port)];
      for (const session of sessions) await session.available();
      const senders = await onEveryShard(server);
      for (const sender of senders)
        for (let i = 0; i < 20; i++)
          sender.send(`<message type='chat' to='${alice.bare}' id='${i}'><body>hi</body></message>`);
      for (const session of sessions) {
        for (const sender of senders) {
          const ids: string[] = [];
          while (ids.length < 20) ids.push((await session.receives(`<message from='${sender.jid}'/>`)).attrs['id']);
          expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
        }
      }
      for (const actor of [...sessions, ...senders]) actor.vanish();
    });

    it('a shard that dies takes its own sessions with it, comes back, and the others go on meanwhile', async () => {
      // The portable engine accepts on the first shard, which therefore has connections of all the others.
      const [, victim, bob, carol] = (await onEveryShard(server)) as [Actor, Actor, Actor, Actor];
      const home = await homeOf(server, victim);
      server.kill(home);
      await victim.client.closed();

      bob.send(`<message type='chat' to='${carol.jid}' id='meanwhile'><body>still there?</body></message>`);
      await carol.receives(`<message from='${bob.jid}' id='meanwhile'/>`);

      await eventually(() => server.output().includes('shard.revived'));
      expect(server.output()).toContain('shard.died');
      const again = await Actor.login(server.port, victim);
      expect(await homeOf(server, again)).toBe(home);
      await again.available();
      bob.send(`<message type='chat' to='${again.jid}' id='after'><body>welcome back</body></message>`);
      await again.receives(`<message from='${bob.jid}' id='after'/>`);
      again.send(`<message type='chat' to='${carol.jid}' id='thanks'><body>thank you</body></message>`);
      await carol.receives(`<message from='${again.jid}' id='thanks'/>`);
      for (const actor of [bob, carol, again]) actor.vanish();
    });

    it('and ends in order all the same', async () => {
      const actor = await Actor.join(server.port, fresh());
      const stopped = server.stop();
      expect(await actor.client.fails()).toBe('system-shutdown');
      expect(await stopped).toBe(0);
    });
  });
}

/** One session on each shard, by number. */
async function onEveryShard(server: TestServer): Promise<Actor[]> {
  const found: Actor[] = [];
  while (found.filter(Boolean).length < SHARDS) {
    const actor = await Actor.join(server.port, fresh());
    const home = await homeOf(server, actor);
    if (found[home]) actor.vanish();
    else found[home] = actor;
  }
  return found;
}

/** The shard that has told of the session. */
async function homeOf(server: TestServer, actor: Actor): Promise<number> {
  const lines = () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.includes('c2s.session.opened') && line.includes(`"${actor.jid}"`));
  await eventually(() => lines().length > 0);
  return JSON.parse(lines()[0] as string).shard;
}

function fresh(): Credentials {
  return { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
