/** BOSH over several shards: what becomes of sessions and of their requests when a shard dies. */
import { Agent } from 'node:http';
import { parse } from 'ltx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor, register } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { handled } from '../support/story/fence.js';
import { takeKept } from '../support/story/kept-messages.js';
import { QuietBosh } from '../support/story/quiet-bosh.js';
import { bodyText, postBody } from '../support/story/raw-bosh.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';

const SHARDS = 4;
/** Requests land where the kernel puts their connections: so many hardly ever all on the same shard. */
const MANY = 8;
const FIRST = { to: 'localhost', rid: '100', ver: '1.11', wait: '60', hold: '1' };

for (const engine of ENGINES) {
  describe(`XEP-0124 over ${SHARDS} shards [${engine}]`, () => {
    let server: TestServer;
    beforeAll(async () => {
      const rest = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mongoose_bosh_handler]]
    host = "_"
    path = "/http-bind"
    state_timeout = 60_000
[modules.mod_offline]
[modules.mod_private]
[services.service_bosh]
  inactivity = 60
`;
      const config = ownConfig({ engine, shards: SHARDS, rest }).replace('"warning"', '"info"');
      server = await startServer({ config, mortal: true });
    });
    afterAll(() => server?.stop());
    const port = () => speaks(server.ports[1] as number, 'BOSH');
    /** Over a connection of its own, and so on any shard. */
    const post = async (attributes: Record<string, string>, payload = '') =>
      parse((await postBody(port(), bodyText(attributes, payload), {}, new Agent())).text).attrs as Record<
        string,
        string
      >;
    const revivals = () => server.output().split('shard.revived').length;

    it('section 17: a session ends with its shard, for the requests that are held elsewhere, and for those to come', async () => {
      const sids = await sessionsOf(1, MANY, async () => (await post(FIRST))['sid'] as string);
      const held = sids.map((sid) =>
        post({ sid, rid: '101' }).then(
          ({ type, condition }) => `${type} ${condition}`,
          () => 'broken with its connection',
        ),
      );
      // One that is answered behind those is held behind them, or they are on other shards.
      await Promise.all(sids.map((sid) => post({ sid: sid.replace('1-', '2-'), rid: '101' })));
      const before = revivals();
      server.kill(1);
      const ends = await Promise.all(held);
      expect(new Set(['broken with its connection', ...ends])).toEqual(
        new Set(['broken with its connection', 'terminate item-not-found']),
      );
      await eventually(() => revivals() > before);
      for (const sid of sids) {
        expect(await post({ sid, rid: '102' })).toMatchObject({ type: 'terminate', condition: 'item-not-found' });
      }
      // The number of a session that is gone is not given again.
      expect(sids).not.toContain((await post(FIRST))['sid']);
    });

    it('a session whose stream was at home on another shard is told when that one dies', async () => {
      const actor = await personAway();
      const home = await homeOf(server, actor);
      const { bosh } = actor.client;
      const before = revivals();
      server.kill(home);
      await actor.client.closed();
      // Or the connection of its request was on that shard.
      if (bosh?.end) expect(bosh.end.attrs).toMatchObject({ type: 'terminate', condition: 'remote-connection-failed' });
      await eventually(() => revivals() > before);
      const again = await Actor.login(port(), actor);
      expect(await homeOf(server, again)).toBe(home);
      again.vanish();
    });

    it('what waits for a client whose session dies with its shard is not lost, as its home is another', async () => {
      const credentials = { username: `b-${crypto.randomUUID()}`, domain: 'localhost', password: 'x' };
      await register(port(), credentials);
      let page = await QuietBosh.login(port(), credentials);
      const home = await homeOf(server, page.actor);
      while (shardOf(page.actor.client.bosh?.sid as string) === home) {
        page.actor.vanish();
        page = await QuietBosh.login(port(), credentials);
      }
      await page.pause(60);
      const bob = await Actor.join(port(), { ...credentials, username: `b-${crypto.randomUUID()}` });
      for (const body of ['one', 'two'])
        bob.send(`<message type='chat' to='${page.actor.jid}'><body>${body}</body></message>`);
      await handled(bob, page.actor.bare);
      const before = revivals();
      server.kill(shardOf(page.actor.client.bosh?.sid as string));
      await eventually(() => revivals() > before);
      await eventually(() => linesOf(server, 'c2s.session.closed', page.actor).length > 0);
      expect(await takeKept(server.port, credentials)).toEqual(['one', 'two']);
      for (const actor of [page.actor, bob]) actor.vanish();
    });

    /** Somebody whose session and whose stream are on different shards. */
    async function personAway(): Promise<Actor> {
      for (;;) {
        const credentials = { username: `b-${crypto.randomUUID()}`, domain: 'localhost', password: 'x' };
        const actor = await Actor.join(port(), credentials);
        if ((await homeOf(server, actor)) !== shardOf(actor.client.bosh?.sid as string)) return actor;
        actor.vanish();
      }
    }
  });
}

async function sessionsOf(shard: number, count: number, begin: () => Promise<string>): Promise<string[]> {
  const sids: string[] = [];
  while (sids.length < count) {
    const sid = await begin();
    if (shardOf(sid) === shard) sids.push(sid);
  }
  return sids;
}

function shardOf(sid: string): number {
  return Number(sid.split('-')[0]);
}

/** The shard that has told of the session. */
async function homeOf(server: TestServer, actor: Actor): Promise<number> {
  const lines = () => linesOf(server, 'c2s.session.opened', actor);
  await eventually(() => lines().length > 0);
  return JSON.parse(lines()[0] as string).shard;
}

function linesOf(server: TestServer, event: string, { jid }: Actor): string[] {
  const lines = server.output().split('\n');
  return lines.filter((line) => line.includes(event) && line.includes(`"${jid}"`));
}
