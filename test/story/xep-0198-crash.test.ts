/** XEP-0198 section 4: a stanza that was acknowledged is not lost, whenever the server is killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPostgres } from '../support/postgres.js';
import { Actor } from '../support/story/actor.js';
import { takeKept } from '../support/story/kept-messages.js';
import { ManagedSender, numbersBySender } from '../support/story/managed-sender.js';
import { ENGINES, startServer, storyConfig, type TestServer } from '../support/story/server.js';

const SENDERS = 4;
const RECIPIENTS = 5;
/** The server is killed after a number of acknowledgements up to this. */
const MOST = 1_000;
const ROUND_MS = 60_000;

type Config = (engine: (typeof ENGINES)[number], shards: number) => string;

const who = (username: string) => ({ username, domain: 'localhost', password: 'a secret' });
const people = (word: string, count: number) => Array.from({ length: count }, (_, number) => `${word}-${number}`);

const embedded: Config = (engine, shards) => storyConfig({ engine, shards });

for (const engine of ENGINES) {
  for (const shards of [1, 4]) killed(`${engine}, ${shards} shards`, () => embedded(engine, shards), 3);
}

const postgres = await TestPostgres.start();
if (typeof postgres === 'string') {
  it.skip(`PostgreSQL, not run because it cannot start: ${postgres}`, () => {});
} else {
  const config = async () => {
    await postgres.createDatabase('killed');
    return onPostgres(postgres, storyConfig({ engine: ENGINES[0] as never, shards: 4 }));
  };
  killed('PostgreSQL, 4 shards', config, 2);
  afterAll(() => postgres.stop());
}

/** Messages for people who are away, sent by several clients at once, on a server that is killed again and again. */
function killed(name: string, makeConfig: () => string | Promise<string>, rounds: number): void {
  describe(`kill -9 [${name}]`, () => {
    let dataDir: string;
    let config: string;
    beforeAll(async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'meerkat-crash-'));
      config = await makeConfig();
      const server = await startServer({ config, dataDir });
      for (const username of people('away', RECIPIENTS)) (await Actor.join(server.port, who(username))).vanish();
      await server.stop();
    });
    afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

    for (let round = 1; round <= rounds; round++) {
      const moment = 50 + Math.floor(Math.random() * MOST);
      it(
        `round ${round}, after ${moment} acknowledgements: each of them is kept, once and in order`,
        async () => {
          const server = await startServer({ config, dataDir });
          const senders = await sendUntilKilled(server, round, moment);
          const reborn = await startServer({ config, dataDir });
          try {
            for (const username of people('away', RECIPIENTS)) await expectKept(reborn, username, senders);
          } finally {
            expect(await reborn.stop()).toBe(0);
          }
        },
        ROUND_MS,
      );
    }
  });
}

async function sendUntilKilled(server: TestServer, round: number, moment: number): Promise<ManagedSender[]> {
  const actors = await Promise.all(
    people(`sender-${round}`, SENDERS).map((username) => Actor.join(server.port, who(username))),
  );
  const recipients = people('away', RECIPIENTS).map((username) => `${username}@localhost`);
  let left = moment;
  const exited = new Promise<void>((resolve) => server.process.once('exit', () => resolve()));
  const acknowledged = (more: number) => {
    left -= more;
    if (left <= 0) server.process.kill('SIGKILL');
  };
  const senders = await Promise.all(actors.map((actor) => ManagedSender.start(actor, recipients, acknowledged)));
  await exited;
  await Promise.all(actors.map((actor) => actor.client.closed()));
  return senders;
}

/** Whoever comes back finds everything that was acknowledged; what was not may be there or not, but never twice. */
async function expectKept(server: TestServer, username: string, senders: readonly ManagedSender[]): Promise<void> {
  const bodies: string[] = [];
  // What came with the first visit must not come with the second one.
  for (let visit = 1; visit <= 2; visit++) bodies.push(...(await takeKept(server.port, who(username))));
  const found = numbersBySender(bodies);
  let total = 0;
  for (const sender of senders) {
    const numbers = found.get(sender.name) ?? [];
    const { acknowledged, all } = sender.sentTo(`${username}@localhost`);
    expect(numbers.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(numbers).toEqual(all.slice(0, numbers.length));
    total += acknowledged.length;
  }
  expect(total).toBeGreaterThan(0);
}

/** The same configuration, everything kept in this database. */
function onPostgres(database: TestPostgres, config: string): string {
  const { username, password } = database.settings();
  const pool = `
[outgoing_pools.rdbms.default]
  scope = "global"
  workers = 5
  [outgoing_pools.rdbms.default.connection]
    driver = "pgsql"
    host = "127.0.0.1"
    port = ${database.port}
    database = "killed"
    username = "${username}"
    password = "${password}"

[auth]`;
  return config
    .replace('[auth]', pool)
    .replace('methods = ["internal"]', 'methods = ["rdbms"]')
    .replace('[modules.mod_offline]', '[modules.mod_offline]\n  backend = "rdbms"');
}
