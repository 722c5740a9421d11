/** Privacy lists and blocklists in a database that MongooseIM has made: they apply, and stay as it reads them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPostgres } from '../support/postgres.js';
import { Actor } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { insert, MONGOOSEIM_TABLES, multiScram } from '../support/story/mongooseim-database.js';
import { blocking, blocklist, blocks, getPrivacy, isShutOut, reaches, succeeds } from '../support/story/privacy.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const postgres = await TestPostgres.start();
const isThere = typeof postgres !== 'string';
const database = postgres as TestPostgres;

const alice = { username: 'alice', domain: 'localhost', password: 'secret' };
const bob = { ...alice, username: 'bob' };
const carol = { ...alice, username: 'carol' };
const account = { server: 'localhost', username: 'alice' };

function config(): string {
  const { username, password } = database.settings();
  const pool = `[outgoing_pools.rdbms.default]
  scope = "global"
  [outgoing_pools.rdbms.default.connection]
    driver = "pgsql"
    host = "127.0.0.1"
    port = ${database.port}
    database = "taken_over"
    username = "${username}"
    password = "${password}"
[modules.mod_blocking]
  backend = "rdbms"
`;
  const engine = ENGINES[0] as (typeof ENGINES)[number];
  return ownConfig({ engine, shards: 2, auth: '  methods = ["rdbms"]', rest: pool });
}

function item(ord: number, t: string, value: string, action: string, flags: Readonly<Record<string, boolean>>): string {
  const none = { match_all: false, match_iq: false, match_message: false, match_presence_in: false };
  return insert('privacy_list_data', { id: 7, t, value, action, ord, ...none, match_presence_out: false, ...flags });
}

function rows(): Promise<Record<string, unknown>[]> {
  return database.query('taken_over', 'SELECT ord, t, value, action, match_all FROM privacy_list_data ORDER BY ord');
}

describe.skipIf(!isThere)(isThere ? 'PostgreSQL' : `PostgreSQL, not run because it cannot start: ${postgres}`, () => {
  let server: TestServer;

  beforeAll(async () => {
    await database.createDatabase(
      'taken_over',
      ...MONGOOSEIM_TABLES,
      ...[alice, bob, carol].map(({ username }) =>
        insert('users', { server: 'localhost', username, password: '', pass_details: multiScram('secret', 1000) }),
      ),
      insert('privacy_list', { ...account, name: 'blocking', id: 7 }),
      item(1, 'j', 'bob@localhost', 'b', { match_all: true }),
      item(2, 'j', 'someone@elsewhere.example', 'b', { match_all: true }),
      item(3, 'n', 'none', 'd', { match_iq: true }),
      insert('privacy_default_list', { ...account, name: 'blocking' }),
    );
    server = await startServer({ config: config() });
  });
  afterAll(async () => {
    await server?.stop();
    if (isThere) await database.stop();
  });

  it('the list that the blocking command of MongooseIM made is in force, and is changed in its place', async () => {
    const blocked = await Actor.login(server.port, bob);
    const other = await Actor.login(server.port, carol);
    await isShutOut(blocked, 'alice@localhost');
    const owner = await Actor.login(server.port, alice);
    expect(await blocklist(owner)).toEqual(['bob@localhost', 'someone@elsewhere.example']);
    await isShutOut(blocked, owner.jid);
    await reaches(other, owner);

    await blocks(owner, 'carol@localhost');
    await isShutOut(other, owner.jid);
    succeeds(await blocking(owner, 'unblock', 'bob@localhost'));
    await reaches(blocked, owner);
    expect(await rows()).toEqual([
      { ord: 2, t: 'j', value: 'someone@elsewhere.example', action: 'b', match_all: true },
      { ord: 3, t: 'j', value: 'carol@localhost', action: 'b', match_all: true },
      { ord: 4, t: 'n', value: 'none', action: 'd', match_all: false },
    ]);
    const list = (await getPrivacy(owner, "<list name='blocking'/>")).getChild('query')?.getChild('list');
    expect(list?.getChildElements().map(({ attrs }) => attrs['action'])).toEqual(['deny', 'deny', 'deny']);
    for (const one of [blocked, other, owner]) one.vanish();
  });
});
