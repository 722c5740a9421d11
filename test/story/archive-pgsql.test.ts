/** Archives in PostgreSQL: all that is told of XEP-0313, and archives that MongooseIM has written. */
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Element } from 'ltx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Atom, encodeTerm, type Term, TermMap, Tuple } from '../../src/platform/erlang-term.js';
import { TestPostgres } from '../support/postgres.js';
import { Actor } from '../support/story/actor.js';
import { archive, converse, forwarded } from '../support/story/archive.js';
import { archiveStories } from '../support/story/archive-stories.js';
import { ownConfig } from '../support/story/both-engines.js';
import { acknowledged, enable } from '../support/story/managed.js';
import { ARCHIVE_TABLES, insert, MONGOOSEIM_TABLES, multiScram } from '../support/story/mongooseim-database.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { teller } from '../support/story/story.js';

const postgres = await TestPostgres.start();
const isThere = typeof postgres !== 'string';
const database = postgres as TestPostgres;

const alice = { username: 'alice', domain: 'localhost', password: 'secret' };
const bob = { ...alice, username: 'bob' };

function config(name: string): string {
  const { username, password } = database.settings();
  const rest = `[outgoing_pools.rdbms.default]
  scope = "global"
  [outgoing_pools.rdbms.default.connection]
    driver = "pgsql"
    host = "127.0.0.1"
    port = ${database.port}
    database = "${name}"
    username = "${username}"
    password = "${password}"
[modules.mod_offline]
[modules.mod_private]
[modules.mod_stream_management]
[modules.mod_mam]
  backend = "rdbms"
  user_prefs_store = "rdbms"
  archive_chat_markers = true
  [modules.mod_mam.pm]
`;
  return ownConfig({ engine: ENGINES[0] as (typeof ENGINES)[number], shards: 4, auth: '  methods = ["rdbms"]', rest });
}

const bytes = (text: string) => Buffer.from(text);

/** A stanza as a record of exml: with maps since its release 4, before that with lists of pairs. */
function record(isNew: boolean, body: string, from: string, to: string): Term {
  const element = (name: string, attrs: Readonly<Record<string, string>>, ...children: Term[]): Term => {
    const pairs = Object.entries(attrs).map(([key, value]) => [bytes(key), bytes(value)] as const);
    const attributes = isNew ? new TermMap(pairs) : pairs.map((pair) => new Tuple(pair));
    return new Tuple([new Atom('xmlel'), bytes(name), attributes, children]);
  };
  const text = new Tuple([new Atom('xmlcdata'), bytes(body), ...(isNew ? [new Atom('escaped')] : [])]);
  return element('message', { from, to, type: 'chat', id: body }, element('body', {}, text));
}

function compressed(content: Uint8Array, announced: number): Buffer {
  const head = Buffer.from([131, 80, 0, 0, 0, 0]);
  head.writeUInt32BE(announced, 2);
  return Buffer.concat([head, deflateSync(content)]);
}

const FROM = 'bob@localhost/work';
const TO = 'alice@localhost';
const bomb = Buffer.alloc(64 * 1024 * 1024);
const old = encodeTerm(record(false, 'old & small', FROM, TO));
const young = encodeTerm(record(true, 'young', FROM, TO));
/** In the order of the archive. */
const written: readonly Buffer[] = [
  compressed(old.subarray(1), old.length - 1),
  Buffer.from(young),
  compressed(young.subarray(1), young.length - 1),
  bytes(`<message from='${FROM}' to='${TO}' type='chat'><body>plain</body></message>`),
  compressed(bomb, bomb.length),
  compressed(bomb, 100),
  Buffer.from([131, 104, 4, 100]),
  bytes('<message><body>torn'),
];
const START_US = 1_700_000_000_000_000;
const id = (index: number) => String((BigInt(START_US) + BigInt(index)) * 256n + 7n);

function row(index: number): string {
  return insert('mam_message', {
    ...{ id: id(index), user_id: 1, from_jid: 'bob/work', remote_bare_jid: 'bob', remote_resource: 'work' },
    ...{ direction: 'I', message: `\\x${written[index]!.toString('hex')}`, search_body: 'whatever' },
    ...{ origin_id: `o${index}`, is_groupchat: false },
  });
}

describe.skipIf(!isThere)(isThere ? 'PostgreSQL' : `PostgreSQL, not run because it cannot start: ${postgres}`, () => {
  const servers: TestServer[] = [];

  async function serve(name: string, ...statements: readonly string[]): Promise<TestServer> {
    await database.createDatabase(name, ...statements);
    const server = await startServer({ config: config(name) });
    servers.push(server);
    return server;
  }

  afterAll(async () => {
    for (const server of servers) await server.stop();
    if (isThere) await database.stop();
  });

  describe('XEP-0313', () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await serve('archives');
    });
    archiveStories(teller(() => server));
  });

  describe('what the database does not take', () => {
    let server: TestServer;
    const pair = async () => {
      const end = Math.random().toString(36).slice(2);
      const [one, other] = [
        { ...alice, username: `a${end}` },
        { ...bob, username: `b${end}` },
      ];
      const [from, to] = [await Actor.join(server.port, one), await Actor.join(server.port, other)];
      await to.available();
      await enable(from);
      return [from, to] as const;
    };
    beforeAll(async () => {
      server = await serve('refusing');
    });

    it('comes back to its sender, and what was sent beside it is kept and acknowledged', async () => {
      const [from, to] = await pair();
      await converse(from, to, ['first']);
      await database.query('refusing', "ALTER TABLE mam_message ADD CHECK (search_body NOT LIKE '%poison%') NOT VALID");
      const bodies = Array.from({ length: 40 }, (_, index) => (index === 20 ? 'poison' : `body-${index}`));
      await converse(from, to, bodies);
      expect(await acknowledged(from.client)).toBe(41);
      const came = from.client.takeAll().filter((one) => one.is('message'));
      expect(came.every((one) => one.attrs['id'] === 'id-poison')).toBe(true);
      for (const error of came) expect(String(error)).toContain('<internal-server-error');
      // The archives of both sides have refused it.
      expect(came).toHaveLength(2);
      const kept = ['first', ...bodies.filter((body) => body !== 'poison')];
      for (const actor of [from, to]) expect((await archive(actor, { set: '<max>50</max>' })).bodies).toEqual(kept);
      for (const actor of [from, to]) actor.vanish();
    });

    it('is no id, however long it is', async () => {
      const [from, to] = await pair();
      const long = randomBytes(6_000).toString('base64');
      const origin = `<origin-id xmlns='urn:xmpp:sid:0' id='${long}'/>`;
      from.send(`<message to='${to.jid}' type='chat' id='${long}'><body>one</body></message>`);
      from.send(`<message to='${to.jid}' type='chat' id='two'><body>two</body>${origin}</message>`);
      expect(await acknowledged(from.client)).toBe(2);
      const { bodies, results } = await archive(from);
      expect(bodies).toEqual(['one', 'two']);
      expect(forwarded(results[0] as Element).attrs['id']).toBe(long);
      expect(from.client.takeAll().filter((one) => one.is('message'))).toEqual([]);
      for (const actor of [from, to]) actor.vanish();
    });
  });

  describe('an archive that MongooseIM has written', () => {
    let server: TestServer;
    beforeAll(async () => {
      const users = [alice, bob].map(({ username }) =>
        insert('users', { server: 'localhost', username, password: '', pass_details: multiScram('secret', 1000) }),
      );
      const owner = insert('mam_server_user', { id: 1, server: 'localhost', user_name: 'alice' });
      const last = "SELECT setval('mam_server_user_id_seq', 1)";
      const rule = (remote_jid: string, behaviour: string) =>
        insert('mam_config', { user_id: 1, remote_jid, behaviour });
      const prefs = [rule('', 'A'), rule('carol@localhost', 'N')];
      const rows = written.map((_, index) => row(index));
      const tables = [...MONGOOSEIM_TABLES, ...ARCHIVE_TABLES];
      server = await serve('taken_over', ...tables, ...users, owner, last, ...prefs, ...rows);
    });

    it('is read in each of its encodings; rows that are damaged or expand without end are left out', async () => {
      const one = await Actor.login(server.port, alice);
      const page = await archive(one);
      expect(page.bodies).toEqual(['old & small', 'young', 'young', 'plain']);
      expect([page.count, page.isComplete]).toEqual([String(written.length), true]);
      for (const result of page.results) expect(forwarded(result).attrs).toMatchObject({ from: FROM, to: TO });
      const stamp = page.results[0]?.getChild('forwarded')?.getChild('delay')?.attrs['stamp'];
      expect(stamp).toBe('2023-11-14T22:13:20.000000Z');
      const second = await archive(one, { set: `<max>2</max><after>${page.ids[0]}</after>` });
      expect([second.bodies, second.index]).toEqual([['young', 'young'], '1']);
      expect((await archive(one, { fields: { with: 'bob@localhost/work' } })).bodies.length).toBe(4);
      await expect.poll(() => server.output().split('mam.unreadable').length - 1).toBeGreaterThanOrEqual(4);
      one.vanish();
    });

    it('goes on in the form that MongooseIM reads, and its preferences are in force', async () => {
      const [one, other] = [await Actor.login(server.port, alice), await Actor.login(server.port, bob, 'desk')];
      const prefs = await one.asks(`<iq type='get'><prefs xmlns='urn:xmpp:mam:2'/></iq>`);
      expect(String(prefs.getChild('prefs')?.getChild('never'))).toContain('<jid>carol@localhost</jid>');
      await converse(one, other, ['Hello, World!']);
      expect((await archive(one)).bodies.at(-1)).toBe('Hello, World!');
      await archive(other);
      const columns =
        'user_name, from_jid, remote_bare_jid, remote_resource, direction, search_body, origin_id, is_groupchat, ' +
        "convert_from(message, 'UTF8') AS message";
      const rows = await database.query(
        'taken_over',
        `SELECT ${columns} FROM mam_message m JOIN mam_server_user u ON u.id = m.user_id WHERE m.id > ${id(99)} ORDER BY direction`,
      );
      const mine = { origin_id: 'id-Hello, World!', search_body: 'hello world', is_groupchat: false };
      const [sender, receiver] = [{ user_name: 'alice' }, { user_name: 'bob' }];
      expect(rows).toMatchObject([
        { ...receiver, ...mine, direction: 'I', from_jid: `alice/${one.resource}`, remote_bare_jid: 'alice' },
        {
          ...sender,
          ...mine,
          direction: 'O',
          from_jid: `/${one.resource}`,
          remote_bare_jid: 'bob',
          remote_resource: 'desk',
        },
      ]);
      for (const { message } of rows) {
        expect(message).toMatch(/^<message [^>]*type=["']chat["']/);
        expect(message).toContain('<body>Hello, World!</body>');
      }
      for (const actor of [one, other]) actor.vanish();
    });
  });
});
