/** XEP-0198 section 4: a stanza that was acknowledged is not lost, whenever the server is killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPostgres } from '../support/postgres.js';
import { Actor } from '../support/story/actor.js';
import { wholeArchive } from '../support/story/archive.js';
import { takeKept } from '../support/story/kept-messages.js';
import { ManagedSender, numbersBySender } from '../support/story/managed-sender.js';
import { ENGINES, startServer, storyConfig, type TestServer } from '../support/story/server.js';

const SENDERS = 4;
/** Whose messages wait for them, and who is there when they come. */
const AWAY = people('away', 3);
const THERE = people('there', 2);
const RECIPIENTS = [...AWAY, ...THERE].map((username) => `${username}@localhost`);
/** The server is killed after a number of acknowledgements up to this. */
const MOST = 600;
const ROUND_MS = 60_000;

type Config = (engine: (typeof ENGINES)[number], shards: number) => string;

const who = (username: string) => ({ username, domain: 'localhost', password: 'a secret' });

const embedded: Config = (engine, shards) => storyConfig({ engine, shards });

for (const engine of ENGINES) {
  for (const shards of [1, 4])
    killed(`${engine}, ${shards} shards`, () => embedded(engine, shards), engine === 'native' ? 2 : 1);
}

const postgres = await TestPostgres.start();
if (typeof postgres === 'string') {
  it.skip(`PostgreSQL, not run because it cannot start: ${postgres}`, () => {});
} else {
  const config = async () => {
    await postgres.createDatabase('killed');
    return onPostgres(postgres, storyConfig({ engine: ENGINES[0] as never, shards: 4 }));
  };
  killed('PostgreSQL, 4 shards', config, 1);
  afterAll(() => postgres.stop());
}

/** Messages for people who are away or there, sent by several clients at once, on a server that is killed again and again. */
function killed(name: string, makeConfig: () => string | Promise<string>, rounds: number): void {
  describe(`kill -9 [${name}]`, () => {
    let dataDir: string;
    let config: string;
    beforeAll(async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'meerkat-crash-'));
      config = await makeConfig();
      const server = await startServer({ config, dataDir });
      for (const username of [...AWAY, ...THERE]) (await Actor.join(server.port, who(username))).vanish();
      await server.stop();
    });
    afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

    for (let round = 1; round <= rounds; round++) {
      const moment = 50 + Math.floor(Math.random() * MOST);
      it(
        `round ${round}, after ${moment} acknowledgements: each of them is kept, once and in order`,
        async () => {
          const server = await startServer({ config, dataDir });
          const there = await Promise.all(THERE.map((username) => Actor.login(server.port, who(username))));
          for (const actor of there) await actor.available();
          const senders = await sendUntilKilled(server, round, moment);
          for (const actor of there) await expectDelivered(actor, senders);

          const reborn = await startServer({ config, dataDir });
          try {
            for (const username of AWAY) expectAll(senders, username, await keptFor(reborn.port, username));
            for (const username of [...AWAY, ...THERE])
              expectAll(senders, username, await archiveOf(reborn.port, username));
            for (const sender of senders) await expectOwnArchive(reborn.port, sender);
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
  let left = moment;
  const exited = new Promise<void>((resolve) => server.process.once('exit', () => resolve()));
  const acknowledged = (more: number) => {
    left -= more;
    if (left <= 0) server.process.kill('SIGKILL');
  };
  const senders = await Promise.all(actors.map((actor) => ManagedSender.start(actor, RECIPIENTS, acknowledged)));
  await exited;
  await Promise.all(actors.map((actor) => actor.client.closed()));
  return senders;
}

/** What comes with the first visit must not come with the second one. */
async function keptFor(port: number, username: string): Promise<string[]> {
  const bodies: string[] = [];
  for (let visit = 1; visit <= 2; visit++) bodies.push(...(await takeKept(port, who(username))));
  return bodies;
}

async function archiveOf(port: number, username: string): Promise<string[]> {
  const actor = await Actor.login(port, who(username));
  const bodies = await wholeArchive(actor);
  actor.vanish();
  return bodies;
}

/** Everything that was acknowledged is there; what was not may be there or not, but nothing twice or out of order. */
function expectAll(senders: readonly ManagedSender[], username: string, bodies: readonly string[]): void {
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

/** Whoever was there got the messages up to some moment. */
async function expectDelivered(actor: Actor, senders: readonly ManagedSender[]): Promise<void> {
  await actor.client.closed();
  const messages = actor.client.takeAll().filter((one) => one.is('message'));
  const found = numbersBySender(messages.map((one) => one.getChildText('body') ?? ''));
  for (const sender of senders) {
    const numbers = found.get(sender.name) ?? [];
    expect(numbers).toEqual(sender.sentTo(actor.bare).all.slice(0, numbers.length));
  }
}

/** The archive of the sender's own account, with what went to everybody. */
async function expectOwnArchive(port: number, sender: ManagedSender): Promise<void> {
  const numbers = numbersBySender(await archiveOf(port, sender.name)).get(sender.name) ?? [];
  const { acknowledged, all } = sender.sent;
  expect(numbers.slice(0, acknowledged.length)).toEqual(acknowledged);
  expect(numbers).toEqual(all.slice(0, numbers.length));
}

function people(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${word}-${number}`);
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
