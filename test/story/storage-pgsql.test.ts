/** A server on PostgreSQL: MongooseIM's tables, a database that MongooseIM has made, and a database that goes away. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { TestPostgres } from '../support/postgres.js';
import { Keeper, Registrar } from '../support/story/acknowledged.js';
import { Actor, authenticate, register } from '../support/story/actor.js';
import { launch } from '../support/story/launch.js';
import { insert, MONGOOSEIM_TABLES, multiScram, oldScram } from '../support/story/mongooseim-database.js';
import { RawClient } from '../support/story/raw-client.js';
import { ENGINES, freePorts, startServer, type TestServer } from '../support/story/server.js';
import { befriend } from '../support/story/story.js';

const postgres = await TestPostgres.start();
const isThere = typeof postgres !== 'string';
const database = postgres as TestPostgres;
const engine = ENGINES[0] as (typeof ENGINES)[number];
const alice = { username: 'alice', domain: 'localhost', password: 'secret' };
const bob = { ...alice, username: 'bob' };

function config(name: string, port = database.port, shards = 2): string {
  const { username, password } = database.settings();
  return `
[general]
  loglevel = "warning"
  hosts = ["localhost"]
  default_server_domain = "localhost"
  registration_timeout = "infinity"
[meerkat]
  engine = "${engine}"
  shards = ${shards}
[outgoing_pools.rdbms.default]
  scope = "global"
  workers = 5
  [outgoing_pools.rdbms.default.connection]
    driver = "pgsql"
    host = "127.0.0.1"
    port = ${port}
    database = "${name}"
    username = "${username}"
    password = "${password}"
    max_start_interval = 1
[[listen.c2s]]
  port = PORT
  ip_address = "127.0.0.1"
[auth]
  methods = ["rdbms"]
  password.scram_iterations = 1000
[modules.mod_roster]
  backend = "rdbms"
[modules.mod_private]
  backend = "rdbms"
[modules.mod_vcard]
  backend = "rdbms"
[modules.mod_offline]
  backend = "rdbms"
[modules.mod_ping]
[modules.mod_presence]
[modules.mod_register]
`;
}

describe.skipIf(!isThere)(isThere ? 'PostgreSQL' : `PostgreSQL, not run because it cannot start: ${postgres}`, () => {
  const cleanUp: (() => unknown)[] = [];

  afterEach(async () => {
    for (const work of cleanUp.splice(0).reverse()) await work();
  });
  afterAll(() => database.stop());

  async function serve(name: string, dataDir?: string): Promise<TestServer> {
    const server = await startServer({ config: config(name), ...(dataDir !== undefined && { dataDir }) });
    cleanUp.push(() => server.process.exitCode === null && server.stop('SIGKILL'));
    return server;
  }

  it('an empty database gets the tables; accounts and contacts are kept as MongooseIM keeps them', async () => {
    await database.createDatabase('fresh');
    const server = await serve('fresh');
    const [one, other] = [await Actor.join(server.port, alice), await Actor.join(server.port, bob)];
    await Promise.all([one.available(), other.available()]);
    await befriend(one, other);
    await one.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`);
    const item = `<item jid='bob@localhost' name='Bob'><group>Pals</group></item>`;
    await one.asks(`<iq type='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
    one.send(`<presence type='subscribe' to='carol@localhost'/>`);
    await one.receives(`<iq type='set'><query><item jid='carol@localhost' ask='subscribe'/></query></iq>`);
    expect(await server.stop()).toBe(0);

    const [user] = await database.query('fresh', "SELECT * FROM users WHERE username = 'alice'");
    expect(user).toMatchObject({ server: 'localhost', password: '' });
    const block = '[A-Za-z0-9+/]+=*\\|[A-Za-z0-9+/]+=*\\|[A-Za-z0-9+/]+=*';
    const tags = ['===SHA1===', '==SHA224==', '==SHA256==', '==SHA384==', '==SHA512=='];
    expect(user?.['pass_details']).toMatch(
      new RegExp(`^==MULTI_SCRAM==,1000,${tags.map((tag) => tag + block).join(',')}$`),
    );
    const columns = 'username, jid, nick, subscription, ask, askmessage';
    expect(await database.query('fresh', `SELECT ${columns} FROM rosterusers ORDER BY username, jid`)).toEqual([
      { username: 'alice', jid: 'bob@localhost', nick: 'Bob', subscription: 'B', ask: 'N', askmessage: '' },
      { username: 'alice', jid: 'carol@localhost', nick: '', subscription: 'N', ask: 'O', askmessage: '' },
      { username: 'bob', jid: 'alice@localhost', nick: '', subscription: 'B', ask: 'N', askmessage: '' },
    ]);
    expect(await database.query('fresh', 'SELECT * FROM rostergroups')).toEqual([
      { server: 'localhost', username: 'alice', jid: 'bob@localhost', grp: 'Pals' },
    ]);
  });

  it('a database of MongooseIM is taken over: logins, contacts, messages that wait', async () => {
    const account = { server: 'localhost', username: 'alice' };
    const packet = `<message xmlns='jabber:client' from='bob@localhost/work' to='alice@localhost' type='chat'><body>hi</body></message>`;
    await database.createDatabase(
      'taken_over',
      ...MONGOOSEIM_TABLES,
      insert('users', { ...account, password: '', pass_details: multiScram('secret', 4096) }),
      insert('users', { ...account, username: 'bob', password: '', pass_details: oldScram('secret', 2048) }),
      insert('users', { ...account, username: 'carol', password: 'in the clear' }),
      insert('rosterusers', {
        ...account,
        jid: 'bob@localhost',
        nick: 'Bob',
        subscription: 'B',
        ask: 'N',
        askmessage: '',
      }),
      insert('rosterusers', {
        ...account,
        username: 'bob',
        jid: 'alice@localhost',
        nick: '',
        subscription: 'B',
        ask: 'N',
        askmessage: '',
      }),
      insert('rosterusers', {
        ...account,
        jid: 'dan@localhost',
        nick: '',
        subscription: 'N',
        ask: 'I',
        askmessage: 'please',
      }),
      insert('rostergroups', { ...account, jid: 'bob@localhost', grp: 'Friends' }),
      insert('private_storage', { ...account, namespace: 'test:n', data: "<n xmlns='test:n'>kept</n>" }),
      insert('vcard', { ...account, vcard: "<vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>" }),
      insert('offline_message', {
        ...account,
        timestamp: 1_700_000_000_000_000,
        from_jid: 'bob@localhost/work',
        packet,
      }),
      insert('offline_message', {
        ...account,
        timestamp: 1_600_000_000_000_000,
        expire: 1_600_000_001_000_000,
        from_jid: 'bob@localhost/work',
        packet,
      }),
    );
    const server = await serve('taken_over');
    const client = await RawClient.connect(server.port);
    await client.open();
    await authenticate(client, bob, 'SCRAM-SHA-1');
    client.destroy();
    const one = await Actor.login(server.port, alice);
    (await Actor.login(server.port, { ...alice, username: 'carol', password: 'in the clear' })).vanish();

    const roster = await one.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`);
    const items = roster.getChild('query')?.getChildren('item') ?? [];
    // RFC 6121 section 3.1.3: a request that came in shows in no roster.
    expect(items.map(String)).toEqual([expect.stringContaining('<group>Friends</group>')]);
    one.send('<presence/>');
    const kept = await one.receives(`<message from='bob@localhost/work'><body>hi</body></message>`);
    expect(kept.getChild('delay')?.attrs['stamp']).toMatch(/^2023-11-14T22:13:20(\.0+)?Z$/);
    await one.receives(`<presence type='subscribe' from='dan@localhost'/>`);
    const rest = (await one.hasReceived()).filter((element) => element.is('message'));
    expect(rest).toEqual([]);
    // They are deleted behind their delivery.
    await expect.poll(() => database.query('taken_over', 'SELECT id FROM offline_message')).toEqual([]);
    expect(
      String(await one.asks(`<iq type='get'><query xmlns='jabber:iq:private'><n xmlns='test:n'/></query></iq>`)),
    ).toContain('kept');
    expect(String(await one.asks(`<iq type='get'><vCard xmlns='vcard-temp'/></iq>`))).toContain('<FN>Alice</FN>');
    one.vanish();
  });

  it('kill -9 of the server under load loses nothing that was acknowledged', async () => {
    await database.createDatabase('crash');
    const dataDir = mkdtempSync(join(tmpdir(), 'meerkat-crash-'));
    cleanUp.push(() => rmSync(dataDir, { recursive: true, force: true }));
    const server = await serve('crash', dataDir);
    const actors = [await Actor.join(server.port, alice), await Actor.join(server.port, bob)];
    const registrar = new Registrar(server.port, 'new');
    const keepers: Keeper[] = [];
    let left = 20 + Math.floor(Math.random() * 200);
    await new Promise<void>((resolve) => {
      const acknowledged = () => {
        if (--left !== 0) return;
        server.process.once('exit', () => resolve());
        server.process.kill('SIGKILL');
      };
      void registrar.work(acknowledged);
      for (const actor of actors) keepers.push(new Keeper(actor, acknowledged));
    });
    const reborn = await serve('crash', dataDir);
    for (const keeper of keepers) await keeper.expectKept(reborn.port);
    await registrar.expectKept(reborn.port);
  });

  it('a database that goes away refuses logins for the time being, and nothing else happens', async () => {
    await database.createDatabase('lost');
    const server = await serve('lost');
    const one = await Actor.join(server.port, alice);
    await database.suspend('SIGQUIT');
    try {
      const client = await RawClient.connect(server.port);
      await client.open();
      const [login, write] = await Promise.all([
        authenticate(client, alice).catch((error: Error) => error.message),
        one.asks(`<iq type='set'><query xmlns='jabber:iq:private'><n xmlns='test:n'>1</n></query></iq>`),
      ]);
      expect(login).toContain('temporary-auth-failure');
      expect(write.attrs['type']).toBe('error');
      expect((await one.asks(`<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`)).attrs['type']).toBe(
        'result',
      );
      client.destroy();
    } finally {
      await database.resume();
    }
    const again = await Actor.login(server.port, alice);
    const write = await one.asks(
      `<iq type='set'><query xmlns='jabber:iq:private'><n xmlns='test:n'>2</n></query></iq>`,
    );
    expect(write.attrs['type']).toBe('result');
    expect((await register(server.port, { ...alice, username: 'late' })).attrs['type']).toBe('result');
    again.vanish();
    one.vanish();
    expect(server.output()).toContain('storage.connection.lost');
    expect(server.output()).not.toContain('"critical"');
    expect(server.output()).not.toMatch(/shard.died|handler_crashed/);
  });

  it('the start fails with a sentence when the database is away, does not exist, or refuses the password', async () => {
    await database.createDatabase('there');
    const [free, ...ports] = (await freePorts(4)) as [number, number, number, number];
    const cases: [text: string, reason: RegExp][] = [
      [
        config('there', free),
        new RegExp(
          `^PostgreSQL database "there" at 127\\.0\\.0\\.1:${free} cannot be reached \\(ECONNREFUSED\\)$`,
          'm',
        ),
      ],
      [
        config('nowhere'),
        /^PostgreSQL database "nowhere" at .* refuses: database "nowhere" does not exist \(3D000\)$/m,
      ],
      [
        config('there').replace('password = "', 'password = "not '),
        /refuses: password authentication failed for user "postgres" \(28P01\)$/m,
      ],
    ];
    await Promise.all(
      cases.map(async ([text, reason], index) => {
        const directory = mkdtempSync(join(tmpdir(), 'meerkat-away-'));
        cleanUp.push(() => rmSync(directory, { recursive: true, force: true }));
        const file = join(directory, 'mongooseim.toml');
        writeFileSync(file, text.replace('PORT', String(ports[index])));
        const { code, stderr } = await launch(['--config', file, '--data', directory]);
        expect(stderr).toMatch(reason);
        expect(stderr).toMatch(/Meerkat was not started\.\n$/);
        expect(stderr).not.toContain('    at ');
        expect(code).toBe(1);
      }),
    );
  });
});
