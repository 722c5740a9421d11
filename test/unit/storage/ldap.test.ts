/** Pools of connections to a real OpenLDAP server: searches, refusals, TLS, and servers that go away or fall silent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { DirectorySearch } from '../../../src/core/directory/directory.js';
import type { LdapConnection, LdapPool as PoolOptions } from '../../../src/platform/config/types.js';
import { type LdapFilter, parseLdapFilter } from '../../../src/platform/ldap-filter.js';
import { LdapPool } from '../../../src/storage/ldap/ldap-pool.js';
import { ldapSettings } from '../../../src/storage/ldap/settings.js';
import { FakeLog } from '../../support/fake-log.js';
import { person, ROOT_DN, ROOT_PASSWORD, SIZE_LIMIT, SUFFIX, TestSlapd } from '../../support/slapd.js';

const PEOPLE = [
  person('reader', { userPassword: 'reads' }),
  person('alice', {
    displayName: 'Alice Liddell',
    mail: 'alice@example.org',
    'jpegPhoto:': '/9j/4AAQ',
    description: 'one',
  }),
  person('bob', { displayName: 'Bob (the *builder*) \\ Co', description: 'two' }),
  ...Array.from({ length: 12 }, (_, index) => person(`many${index}`, { displayName: 'One of many' })),
  `dn: cn=shadow,${SUFFIX}\nobjectClass: alias\nobjectClass: extensibleObject\ncn: shadow\naliasedObjectName: uid=alice,${SUFFIX}\n\n`,
  `dn: ou=far,${SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: far\nref: ldap://127.0.0.1:1/ou=far,${SUFFIX}\n\n`,
].join('');

const slapd = await TestSlapd.start(PEOPLE);
const isThere = typeof slapd !== 'string';
const server = slapd as TestSlapd;

function filter(text: string): LdapFilter {
  const parsed = parseLdapFilter(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed;
}

function query(text: string, more: Partial<DirectorySearch> = {}): DirectorySearch {
  return { base: SUFFIX, filter: filter(text), attributes: ['uid', 'displayName'], deref: 'never', ...more };
}

const pools: LdapPool[] = [];
const servers: Server[] = [];

/** A way to the server on which answers get lost as long as it is `frozen`. */
async function detour(): Promise<{ port: number; frozen: boolean }> {
  const way = { port: 0, frozen: false };
  const proxy = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1');
    client.on('data', (data) => void upstream.write(data));
    upstream.on('data', (data) => void (way.frozen || client.write(data)));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  servers.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  way.port = (proxy.address() as { port: number }).port;
  return way;
}

function open(connection: Partial<LdapConnection> = {}, more: Partial<PoolOptions> = {}) {
  const log = new FakeLog();
  const common = { servers: ['127.0.0.1'], port: server.port, root_dn: ROOT_DN, password: ROOT_PASSWORD };
  const options = { tag: 'people', workers: 2, call_timeout: 20_000, ...more };
  const settings = ldapSettings({ ...options, connection: { ...common, connect_interval: 100, ...connection } }, 1);
  const pool = new LdapPool({ settings, log });
  pools.push(pool);
  return { pool, log };
}

async function uids(pool: LdapPool, search: DirectorySearch): Promise<string[]> {
  const entries = await pool.search(search);
  return entries.map(({ attributes }) => Buffer.from(attributes.get('uid')?.[0] ?? []).toString()).sort();
}

/** Waits for the pool to find its way back. */
async function isBack(pool: LdapPool): Promise<void> {
  await expect.poll(() => uids(pool, query('(uid=alice)')).catch(() => []), { timeout: 20_000 }).toEqual(['alice']);
}

afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  await Promise.all(servers.splice(0).map((one) => new Promise((resolve) => one.close(resolve))));
});

describe.skipIf(!isThere)(isThere ? 'OpenLDAP' : `OpenLDAP, not run because it cannot start: ${slapd}`, () => {
  afterAll(() => server.stop());

  it('gives the attributes that are asked for, bytes as they are', async () => {
    const { pool, log } = open();
    const [entry] = await pool.search(query('(uid=alice)', { attributes: ['DISPLAYNAME', 'jpegPhoto', 'title'] }));
    expect([...(entry?.attributes.keys() ?? [])].sort()).toEqual(['displayname', 'jpegphoto']);
    expect(Buffer.from(entry?.attributes.get('jpegphoto')?.[0] ?? []).toString('base64')).toBe('/9j/4AAQ');
    expect(log.events('debug')).toEqual(['ldap.connected']);
  });

  it.each([
    ['(&(uid=*)(|(uid=alice)(uid=bob)))', ['alice', 'bob']],
    ['(&(objectClass=inetOrgPerson)(!(uid=many*)))', ['alice', 'bob', 'reader']],
    ['(displayName=bob \\28the \\2abuilder\\2a\\29 \\5c co)', ['bob']],
    ['(displayName=*the*\\2a*)', ['bob']],
    ['(uid:caseIgnoreMatch:=ALICE)', ['alice']],
    ['(&(uid>=alice)(uid<=bob))', []],
    ['(uid~=alise)', ['alice']],
  ])('takes the filter %s', async (text, expected) => {
    const { pool } = open();
    expect(await uids(pool, query(text))).toEqual(expected);
  });

  it('gives no more than the limit, and then no error', async () => {
    const { pool } = open();
    expect(await uids(pool, query('(uid=many*)', { limit: 5 }))).toHaveLength(5);
    expect(await uids(pool, query('(uid=many*)'))).toHaveLength(12);
  });

  it('gives what the server gives for one search where there is no limit of ours', async () => {
    const { pool } = open({ root_dn: `uid=reader,${SUFFIX}`, password: 'reads' });
    expect(await uids(pool, query('(uid=many*)'))).toHaveLength(SIZE_LIMIT);
    expect(await uids(pool, query('(uid=many*)', { limit: 100 }))).toHaveLength(SIZE_LIMIT);
  });

  it('follows aliases as it is told, and referrals never', async () => {
    const { pool } = open();
    const aliased = (deref: DirectorySearch['deref']) =>
      uids(pool, query('(objectClass=inetOrgPerson)', { base: `cn=shadow,${SUFFIX}`, deref }));
    expect(await aliased('always')).toEqual(['alice']);
    expect(await aliased('finding')).toEqual(['alice']);
    expect(await aliased('never')).toEqual([]);
    expect(await aliased('searching')).toEqual([]);
    await expect(pool.search(query('(uid=*)', { base: `ou=far,${SUFFIX}` }))).rejects.toMatchObject({
      code: 'failed',
      message: /referral/,
    });
  });

  it('says what the server refuses', async () => {
    const { pool } = open();
    await expect(pool.search(query('(uid=x)', { base: 'dc=nowhere' }))).rejects.toMatchObject({
      code: 'failed',
      message: /noSuchObject/,
    });
  });

  it('asks as nobody without a root_dn', async () => {
    const { pool } = open({ root_dn: '', password: '' });
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ message: /noSuchObject/ });
  });

  it('a wrong password is told once, without saying it, until it is right', async () => {
    const { pool, log } = open({ password: 'not-the-password' });
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({
      code: 'unavailable',
      message: /invalidCredentials/,
    });
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(log.events('warning')).toEqual(['ldap.connection.lost']);
    expect(JSON.stringify(log.entries)).not.toContain('not-the-password');
  });

  it('takes the next server when one cannot be reached', async () => {
    const { pool, log } = open({ servers: ['127.0.0.2', '127.0.0.1'] });
    expect(await uids(pool, query('(uid=alice)'))).toEqual(['alice']);
    expect(log.events('warning')).toEqual([]);
  });

  it('tells once that the server is away, refuses at once, and works again when it is back', async () => {
    const { pool, log } = open();
    await isBack(pool);
    await server.suspend();
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'unavailable' });
    for (let count = 0; count < 5; count++)
      await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'unavailable' });
    await server.resume();
    await isBack(pool);
    expect(log.events('warning')).toEqual(['ldap.connection.lost']);
    expect(log.events('notice')).toEqual(['ldap.connection.restored']);
  });

  it('asks again when the server has closed a connection meanwhile', async () => {
    const { pool, log } = open();
    await isBack(pool);
    await server.suspend();
    await server.resume();
    expect(await uids(pool, query('(uid=alice)'))).toEqual(['alice']);
    expect(log.events('warning')).toEqual([]);
  });

  it('gives up a server that has fallen silent, and connects anew', async () => {
    const way = await detour();
    const { pool, log } = open({ port: way.port }, { call_timeout: 800 });
    await isBack(pool);
    way.frozen = true;
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'timeout' });
    expect(log.events('warning')).toContain('ldap.search.timeout');
    way.frozen = false;
    await isBack(pool);
  });

  it('gives up a server that takes connections and never answers', async () => {
    const way = await detour();
    way.frozen = true;
    const { pool, log } = open({ port: way.port }, { call_timeout: 300 });
    await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: /timeout|unavailable/ });
    await expect.poll(() => log.events('warning'), { timeout: 20_000 }).toContain('ldap.connection.lost');
    expect(log.entries.map(({ fields }) => String(fields['error'])).join()).toContain('does not answer');
  });

  it('lets no more wait than may', async () => {
    const { pool } = open({}, { workers: 1, max_worker_queue_len: 1, call_timeout: 20_000 });
    const answers = await Promise.allSettled([1, 2, 3].map(() => pool.search(query('(uid=alice)'))));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(answers[2]).toMatchObject({ reason: { code: 'overloaded' } });
  });

  describe('with TLS', () => {
    const tls = { required: false, versions: ['tlsv1.2', 'tlsv1.3'], send_server_name: true } as const;

    it('checks the certificate, by the name that is set', async () => {
      const cacertfile = server.certificateFile('cert.pem');
      const secure = (server_name: string) =>
        open({ port: server.tlsPort, tls: { ...tls, verify_mode: 'peer', cacertfile, server_name } }).pool;
      expect(await uids(secure('ldap.example'), query('(uid=alice)'))).toEqual(['alice']);
      await expect(secure('other.example').search(query('(uid=alice)'))).rejects.toMatchObject({ message: /altnames/ });
    });

    it('refuses a certificate that nobody vouches for, unless told otherwise', async () => {
      const secure = (verify_mode: 'peer' | 'selfsigned_peer' | 'none') =>
        open({ port: server.tlsPort, tls: { ...tls, verify_mode } }).pool;
      await expect(secure('peer').search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'unavailable' });
      expect(await uids(secure('selfsigned_peer'), query('(uid=alice)'))).toEqual(['alice']);
      expect(await uids(secure('none'), query('(uid=alice)'))).toEqual(['alice']);
    });

    it('never goes on in the clear', async () => {
      const { pool } = open({ port: server.port, tls: { ...tls, verify_mode: 'none' } });
      await expect(pool.search(query('(uid=alice)'))).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});

it('a certificate file that is not there is named', () => {
  const tls = { required: false, verify_mode: 'peer', versions: ['tlsv1.3'], send_server_name: true } as const;
  const connection = { servers: ['a.example'], port: 636, root_dn: '', password: '', connect_interval: 1_000 };
  const options = { tag: 'people', workers: 1, call_timeout: 1_000 };
  expect(() =>
    ldapSettings({ ...options, connection: { ...connection, tls: { ...tls, cacertfile: '/nowhere/ca.pem' } } }, 1),
  ).toThrow(/outgoing_pools\.ldap\.people\.connection\.tls\.cacertfile: ENOENT/);
});

it('lists of revoked certificates are read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ldap-'));
  const files = ['one.pem', 'two.pem'].map((name) => join(directory, name));
  for (const file of files) writeFileSync(file, `list ${basename(file)}`);
  const tls = { required: false, verify_mode: 'peer', versions: ['tlsv1.3'], send_server_name: true } as const;
  const connection = { servers: ['a.example'], port: 636, root_dn: '', password: '', connect_interval: 1_000 };
  const options = { tag: 'a', workers: 1, call_timeout: 1_000 };
  const settings = ldapSettings({ ...options, connection: { ...connection, tls: { ...tls, crl_files: files } } }, 1);
  rmSync(directory, { recursive: true });
  const made = settings.servers[0]?.tls?.options;
  expect([made?.crl].flat().map(String)).toEqual(['list one.pem', 'list two.pem']);
  expect(made).toMatchObject({ rejectUnauthorized: true, servername: 'a.example', minVersion: 'TLSv1.3' });
});

it('workers are shared by the shards, and each has one', () => {
  const connection = { servers: ['a.example'], port: 389, root_dn: '', password: '', connect_interval: 1_000 };
  const connections = (workers: number, shards: number) =>
    ldapSettings({ tag: 'a', workers, call_timeout: 1_000, connection }, shards).connections;
  expect([connections(10, 4), connections(1, 4)]).toEqual([2, 1]);
});
