/** XEP-0198 section 4 where shards die one by one: what was acknowledged is kept, and who may have lost something is told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Jid } from '../../src/protocol/jid.js';
import { Actor } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { takeKept } from '../support/story/kept-messages.js';
import { ManagedSender, numbersBySender } from '../support/story/managed-sender.js';
import { ENGINES, startServer, storyConfig, type TestServer } from '../support/story/server.js';

const SHARDS = 4;
const ROUNDS = 3;
const ROUND_MS = 60_000;
/** The portable engine accepts on the first shard: its death would end every connection. */
const [OF_RECIPIENT, OF_SENDER] = [2, 1];

for (const engine of ENGINES) {
  describe(`XEP-0198 section 4 [${engine}]`, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer({ config: unbounded(storyConfig({ engine, shards: SHARDS })), mortal: true });
    });
    afterAll(() => server?.stop());

    for (let round = 1; round <= ROUNDS; round++) {
      const moment = 100 + Math.floor(Math.random() * 500);
      it(
        `round ${round}: the recipient's shard dies after ${moment} acknowledgements, and none was in vain`,
        async () => {
          const away = await Actor.join(server.port, atHome(OF_RECIPIENT));
          await away.leave();
          const actor = await Actor.join(server.port, atHome(OF_SENDER));
          let left = moment;
          const sender = await ManagedSender.start(actor, [away.bare], (more) => {
            if (left > 0 && left <= more) server.kill(OF_RECIPIENT);
            left -= more;
          });
          // It had stanzas under way all the time: those it may have lost.
          expect(await actor.client.fails()).toBe('internal-server-error');

          await eventually(() => canLogIn(server, away));
          const found = numbersBySender(await takeKept(server.port, away)).get(sender.name) ?? [];
          const { acknowledged, all } = sender.sentTo(away.bare);
          expect(acknowledged.length).toBeGreaterThanOrEqual(moment);
          expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
          expect(found).toEqual(all.slice(0, found.length));
        },
        ROUND_MS,
      );
    }
  });
}

/** While a slow machine starts a shard anew, senders are told of more than they acknowledge. */
function unbounded(config: string): string {
  return config.replace('[modules.mod_stream_management]\n', (table) => `${table}  buffer_max = "infinity"\n`);
}

/** Whether the home of an account is there again. */
async function canLogIn(server: TestServer, account: Actor): Promise<boolean> {
  const actor = await Actor.login(server.port, account).catch(() => undefined);
  await actor?.leave();
  return actor !== undefined;
}

function atHome(shard: number): { username: string; domain: string; password: string } {
  for (;;) {
    const username = `somebody-${Math.random().toString(36).slice(2)}`;
    if ((Jid.parse(`${username}@localhost`) as Jid).hash % SHARDS === shard)
      return { username, domain: 'localhost', password: 'a secret' };
  }
}
