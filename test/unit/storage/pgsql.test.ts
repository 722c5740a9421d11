/** The PostgreSQL engine: groups, existing schemas, refusals, and a server that goes away. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userStore } from '../../../src/core/accounts/user-store.js';
import { defineStore, statement, step, table } from '../../../src/core/storage/index.js';
import { lastStore } from '../../../src/modules/last/last-store.js';
import { offlineStore } from '../../../src/modules/offline/offline-store.js';
import { rosterStore } from '../../../src/modules/roster/roster-store.js';
import { systemRandom } from '../../../src/platform/random.js';
import { openPgsql } from '../../../src/storage/sql/pgsql/pg-engine.js';
import type { PgSettings } from '../../../src/storage/sql/pgsql/settings.js';
import type { SqlEngine } from '../../../src/storage/sql/sql-engine.js';
import { issueCertificate } from '../../support/client-certificate.js';
import { FakeLog } from '../../support/fake-log.js';
import { TestPostgres } from '../../support/postgres.js';

const things = table('things', { id: 'integer NOT NULL', name: 'text NOT NULL' }, { primaryKey: ['id'] });
const thingStore = defineStore({ name: 'things', tables: [things], sql: () => undefined, memory: () => undefined });
const ADD = statement('INSERT INTO things (id, name) VALUES ($1, $2)');
const RENAME = statement('UPDATE things SET name = $2 WHERE id = $1');
const ALL = statement<{ id: number; name: string }>('SELECT id, name FROM things ORDER BY id');
const SLEEP = statement('SELECT pg_sleep($1)');
const BIG = statement<{ small: number; large: bigint }>('SELECT CAST(5 AS bigint) AS small, 9007199254740993 AS large');

const postgres = await TestPostgres.start();
const isThere = typeof postgres !== 'string';
const title = isThere ? 'PostgreSQL' : `PostgreSQL, not run because it cannot start: ${postgres}`;

describe.skipIf(!isThere)(title, () => {
  const server = postgres as TestPostgres;
  const engines: SqlEngine[] = [];
  let databases = 0;

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await server.stop();
  });

  function create(...statements: readonly string[]): Promise<PgSettings> {
    return server.createDatabase(`test${++databases}`, ...statements);
  }

  async function open(settings: PgSettings, log = new FakeLog()): Promise<SqlEngine> {
    const engine = await openPgsql({ settings, log, random: systemRandom, startPatienceMs: 0 });
    engines.push(engine);
    return engine;
  }

  it('says of a text that its column does not take, and leaves its neighbours alone', async () => {
    const engine = await open(await create());
    const messages = await engine.open(offlineStore);
    const users = await engine.open(userStore);
    const push = (from: string) =>
      messages.push({ local: 'bob', domain: 'localhost' }, { from, xml: '<message/>', timestampUs: 1 }, 10);
    const outcomes = await Promise.allSettled([
      push('alice@localhost/a'),
      push(`alice@localhost/${'r'.repeat(235)}`),
      users.add('u'.repeat(251), 'localhost', { password: 'x', passDetails: undefined }),
      push('carol@localhost/c'),
    ]);
    const tooLong = { status: 'rejected', reason: { name: 'StorageError', code: 'too-long' } };
    const kept = { status: 'fulfilled', value: true };
    expect(outcomes).toMatchObject([kept, tooLong, tooLong, kept]);
  });

  describe('a group of writes', () => {
    let engine: SqlEngine;

    beforeAll(async () => {
      engine = await open(await create());
      await engine.ensure([thingStore]);
    });

    it('rejects only the write that fails, and keeps the order of the others', async () => {
      const outcomes = await Promise.allSettled([
        engine.write(ADD, [1, 'one']),
        engine.write(ADD, [1, 'again']),
        engine.write(RENAME, [1, 'eins']),
        engine.transaction([step(ADD, [2, 'two']), step(RENAME, [1, 'changed']), step(ADD, [1, 'double'])]),
        engine.transaction([step(ADD, [3, 'three']), step(RENAME, [3, 'drei'])]),
        engine.write(ADD, [4, 'four']),
      ]);
      expect(outcomes.map(({ status }) => status[0]).join('')).toBe('frfrff');
      expect(outcomes[1]).toMatchObject({ reason: { name: 'StorageError', code: 'constraint' } });
      expect(outcomes[3]).toMatchObject({ reason: { code: 'constraint' } });
      expect((await engine.read(ALL)).map(({ name }) => name)).toEqual(['eins', 'drei', 'four']);
    });

    it('is visible to readers once it is acknowledged, and passed by a barrier', async () => {
      const calls = Array.from({ length: 1_200 }, (_, id) => engine.write(ADD, [100 + id, 'x']));
      const all = Promise.all(calls);
      await engine.barrier();
      expect((await engine.read(ALL)).length).toBe(1_203);
      await all;
    });

    it("of several writers in each other's way goes through", async () => {
      const other = await open(await server.settings(`test${databases}`));
      const calls: Promise<unknown>[] = [];
      for (let round = 0; round < 30; round++) {
        for (let id = 100; id < 110; id++) {
          calls.push(engine.write(RENAME, [id, 'mine']), other.write(RENAME, [309 - id - 100, 'theirs']));
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(calls);
    });

    it('gives back large numbers exactly', async () => {
      expect(await engine.read(BIG)).toEqual([{ small: 5, large: 9007199254740993n }]);
    });

    it('is refused beyond a bound', async () => {
      const settings = server.settings(`test${databases}`);
      const limits = { maxWrites: 2, maxBytes: 1_000 };
      const small = await openPgsql({ settings, log: new FakeLog(), random: systemRandom, limits });
      engines.push(small);
      const outcomes = await Promise.allSettled([1, 2, 3].map((id) => small.write(RENAME, [id, 'x'])));
      expect(outcomes[2]).toMatchObject({ status: 'rejected', reason: { code: 'overloaded' } });
    });
  });

  describe('tables', () => {
    // The columns and keys of MongooseIM 6.0, with one column more as a later version might have.
    const VERSION_6_0 = [
      'CREATE TABLE users (username varchar(250), server varchar(250), password text NOT NULL, pass_details text, ' +
        'created_at timestamp NOT NULL DEFAULT now(), later text, PRIMARY KEY (server, username))',
      'CREATE TABLE rosterusers (server varchar(250) NOT NULL, username varchar(250) NOT NULL, jid text NOT NULL, ' +
        'nick text NOT NULL, subscription character(1) NOT NULL, ask character(1) NOT NULL, askmessage text NOT NULL, ' +
        'created_at timestamp NOT NULL DEFAULT now())',
      'CREATE UNIQUE INDEX i_rosteru_server_user_jid ON rosterusers (server, username, jid)',
      'CREATE TABLE rostergroups (server varchar(250) NOT NULL, username varchar(250) NOT NULL, jid text NOT NULL, grp text NOT NULL)',
      'CREATE INDEX i_rosterg_server_user_jid ON rostergroups (server, username, jid)',
    ];
    const COLUMNS =
      'SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns ' +
      "WHERE table_schema = 'public' ORDER BY 1, 2";

    it('of MongooseIM 6.0 are used as they are, with the data in them', async () => {
      const settings = await create(
        ...VERSION_6_0,
        "INSERT INTO users (username, server, password, pass_details) VALUES ('alice', 'a.example', '', '==SCRAM==,x')",
        "INSERT INTO rosterusers VALUES ('a.example', 'alice', 'bob@b.example', 'Bob', 'B', 'N', '')",
        "INSERT INTO rosterusers VALUES ('a.example', 'alice', 'carol@b.example', '', 'N', 'S', '')",
        "INSERT INTO rostergroups VALUES ('a.example', 'alice', 'bob@b.example', 'Friends')",
      );
      const before = await server.query(settings.database, COLUMNS);
      const engine = await open(settings);
      const users = await engine.open(userStore);
      const rosters = await engine.open(rosterStore);
      const alice = { local: 'alice', domain: 'a.example' };
      expect(await users.get('alice', 'a.example')).toEqual({ password: '', passDetails: '==SCRAM==,x' });
      const loaded = await rosters.load(alice);
      expect(loaded).toContainEqual(
        expect.objectContaining({ name: 'Bob', groups: ['Friends'], subscription: 'both', ask: 'none' }),
      );
      expect(loaded).toContainEqual(expect.objectContaining({ jid: 'carol@b.example', ask: 'out' }));

      const item = {
        jid: 'bob@b.example',
        name: 'Rob',
        groups: ['x', 'y'],
        subscription: 'to',
        ask: 'in',
        askMessage: 'hi',
        isApproved: false,
      } as const;
      await rosters.put(alice, item);
      await rosters.put(alice, { ...item, groups: ['y'] });
      expect(
        await server.query(
          settings.database,
          "SELECT nick, subscription, ask, askmessage FROM rosterusers WHERE jid = 'bob@b.example'",
        ),
      ).toEqual([{ nick: 'Rob', subscription: 'T', ask: 'I', askmessage: 'hi' }]);
      expect(await server.query(settings.database, 'SELECT grp FROM rostergroups')).toEqual([{ grp: 'y' }]);
      const after = await server.query(settings.database, COLUMNS);
      expect(after.filter(({ table_name }) => !String(table_name).startsWith('roster_'))).toEqual(before);
    });

    it('are made once when many ask for them at the same time', async () => {
      const settings = await create();
      const several = await Promise.all([open(settings), open(settings), open(settings)]);
      await Promise.all(several.map((engine) => engine.ensure([userStore, rosterStore, lastStore, offlineStore])));
      const tables = await server.query(
        settings.database,
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
      );
      expect(tables.map(({ tablename }) => tablename)).toEqual([
        'last',
        'offline_message',
        'roster_approvals',
        'roster_version',
        'rostergroups',
        'rosterusers',
        'users',
      ]);
    });

    it('that may not be made are all named, with the statements that make them', async () => {
      const settings = await create(VERSION_6_0[0]!, "CREATE ROLE guest LOGIN PASSWORD 'guest'");
      const engine = await open({ ...settings, username: 'guest', password: 'guest' });
      const failure = engine.ensure([userStore, lastStore, rosterStore]);
      await expect(failure).rejects.toMatchObject({
        code: 'schema',
        message: expect.stringContaining('lacks last, rosterusers, rostergroups, roster_approvals, roster_version'),
      });
      await expect(failure).rejects.toThrow(/CREATE TABLE IF NOT EXISTS last \(/);
      await expect(failure).rejects.not.toThrow(/EXISTS users/);
    });

    it('without columns that are needed are named, and left alone', async () => {
      const settings = await create('CREATE TABLE last (username varchar(250) PRIMARY KEY, seconds integer NOT NULL)');
      const failure = (await open(settings)).ensure([lastStore, userStore]);
      await expect(failure).rejects.toMatchObject({
        code: 'schema',
        message: expect.stringContaining('last.server, last.state'),
      });
      expect(
        await server.query(settings.database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
      ).toEqual([{ tablename: 'last' }]);
    });
  });

  describe('a connection', () => {
    it('is refused at once with a wrong password or an unknown database, without saying the password', async () => {
      const settings = await create();
      const patient = { log: new FakeLog(), random: systemRandom, startPatienceMs: 20_000 };
      const wrong = openPgsql({ ...patient, settings: { ...settings, password: 'wrong-password' } });
      await expect(wrong).rejects.toMatchObject({ name: 'StorageError', message: expect.stringContaining('28P01') });
      await expect(wrong).rejects.not.toThrow(/wrong-password/);
      await expect(openPgsql({ ...patient, settings: { ...settings, database: 'nowhere' } })).rejects.toThrow(/3D000/);
      expect(patient.log.entries).toEqual([]);
    });

    it('is tried for a while when nobody listens, then given up', async () => {
      const log = new FakeLog();
      const settings = { ...server.settings(), port: 1 };
      await expect(openPgsql({ settings, log, random: systemRandom, startPatienceMs: 1_500 })).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('ECONNREFUSED'),
      });
      expect(log.events('warning')).toContain('storage.connect.failed');
    });

    it('gives a statement up after the time that it may take, and works on', async () => {
      const engine = await open({ ...(await create()), queryTimeoutMs: 300 });
      await engine.ensure([thingStore]);
      const started = performance.now();
      await expect(engine.read(SLEEP, [30])).rejects.toMatchObject({ code: 'timeout' });
      await expect(engine.write(SLEEP, [30])).rejects.toMatchObject({ code: 'timeout' });
      expect(performance.now() - started).toBeLessThan(5_000);
      await engine.write(ADD, [1, 'one']);
      expect((await engine.read(ALL)).length).toBe(1);
    });

    it('goes in the clear to a server without TLS only if TLS is not required', async () => {
      const settings = await create();
      const tls = { options: { rejectUnauthorized: true }, mayBeSelfSigned: false, hasOwnServerName: false };
      await expect(open({ ...settings, tls: { ...tls, isRequired: true } })).rejects.toMatchObject({
        code: 'unavailable',
        message: /SSL/,
      });
      await open({ ...settings, tls: { ...tls, isRequired: false } });
    });

    it('checks the certificate of a server with TLS', async () => {
      const settings = await create();
      const { pem, keyPem } = issueCertificate({ commonName: '127.0.0.1' });
      await server.suspend();
      await server.resume({ certificate: pem, key: keyPem });
      const tls = { isRequired: true, mayBeSelfSigned: false, hasOwnServerName: false };
      const trusting = { ...settings, tls: { ...tls, options: { ca: pem, checkServerIdentity: () => undefined } } };
      const engine = await open(trusting);
      const SSL = statement<{ version: string }>('SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      expect(await engine.read(SSL)).toMatchObject([{ version: 'TLSv1.3' }]);
      await expect(open({ ...settings, tls: { ...tls, options: {} } })).rejects.toMatchObject({ code: 'unavailable' });
      const selfSigned = {
        isRequired: true,
        mayBeSelfSigned: true,
        hasOwnServerName: false,
        options: { rejectUnauthorized: false },
      };
      await open({ ...settings, tls: selfSigned });

      const issuer = issueCertificate({ commonName: 'Authority' });
      const foreign = issueCertificate({ commonName: '127.0.0.1', issuer });
      await server.suspend();
      await server.resume({ certificate: foreign.pem, key: foreign.keyPem });
      await expect(open({ ...settings, tls: selfSigned })).rejects.toMatchObject({
        code: 'unavailable',
        message: /certificate/,
      });
      await server.suspend();
      await server.resume();
    });

    it('that is lost rejects what is under way, keeps what was acknowledged, and comes back', async () => {
      const log = new FakeLog();
      const settings = await create();
      const engine = await open(settings, log);
      await engine.ensure([thingStore]);
      const acknowledged: number[] = [];
      const failures: unknown[] = [];
      let isOver = false;
      const streams = Array.from({ length: 5 }, async (_, stream) => {
        for (let number = 0; !isOver; number++) {
          const id = stream * 1_000_000 + number;
          await engine.write(ADD, [id, 'x']).then(
            () => acknowledged.push(id),
            (error) => failures.push(error),
          );
        }
      });
      await expect.poll(() => acknowledged.length).toBeGreaterThan(50);
      await server.suspend('SIGQUIT');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.resume();
      const kept = acknowledged.length;
      await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(kept + 50);
      isOver = true;
      await Promise.all(streams);
      const found = new Set((await engine.read(ALL)).map(({ id }) => id));
      expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatchObject({ name: 'StorageError', code: 'unavailable' });
      expect(log.events('warning')).toContain('storage.connection.lost');
    });

    it('of a closed engine takes nothing', async () => {
      const engine = await openPgsql({ settings: await create(), log: new FakeLog(), random: systemRandom });
      await engine.close();
      await expect(engine.write(ADD, [1, 'x'])).rejects.toMatchObject({ code: 'unavailable' });
      await expect(engine.read(ALL)).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});
