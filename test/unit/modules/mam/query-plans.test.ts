/** Each question to an archive is answered by an index, so that its cost does not grow with the archive. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  rareStatement,
  type Sql,
  type SqlValue,
  type Statement,
  type Step,
} from '../../../../src/core/storage/index.js';
import { SqlArchive } from '../../../../src/modules/mam/archive-sql.js';
import { archiveStore, type NewMessage } from '../../../../src/modules/mam/archive-store.js';
import { TestSqlite } from '../../../support/sqlite.js';

interface Asked {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

const database = new TestSqlite();
const asked: Asked[] = [];
let engine: ReturnType<TestSqlite['engine']>;
let store: SqlArchive;
let userId: number;

beforeAll(async () => {
  await database.start();
  engine = database.engine();
  await engine.ensure([archiveStore]);
  const note = (statement: Statement<object>, values: readonly SqlValue[] = []) =>
    asked.push({ text: statement.text.pgsql, values });
  const listening: Sql = {
    dialect: 'sqlite',
    barrier: () => engine.barrier(),
    read: (statement, values) => {
      note(statement, values);
      return engine.read(statement, values);
    },
    write: (statement, values) => {
      note(statement, values);
      return engine.write(statement, values);
    },
    transaction: (steps: readonly Step[]) => {
      for (const { statement, values } of steps) note(statement, values);
      return engine.transaction(steps);
    },
  };
  store = new SqlArchive(listening);
  const owner = { local: 'alice', domain: 'localhost', userId: undefined, writing: 0 };
  const messages = Array.from({ length: 300 }, (_, index) => ({
    ...{ owner, id: BigInt(index + 1), from: 'bob/x', remote: index % 2 === 0 ? 'bob' : 'carol', remoteResource: 'x' },
    ...{ direction: 'I', message: '<message/>', searchBody: 'a', originId: `o${index}`, isGroupchat: false },
  })) as NewMessage[];
  await store.insert(messages);
  userId = owner.userId as unknown as number;
});
afterAll(async () => {
  await engine.close();
  await database.stop();
});

/** What SQLite says of all statements of the work. */
async function plans(work: () => Promise<unknown>): Promise<string[]> {
  asked.length = 0;
  await work();
  const lines: string[] = [];
  for (const { text, values } of asked.splice(0)) {
    const explain = rareStatement<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`);
    lines.push(...(await engine.read(explain, values)).map(({ detail }) => detail));
  }
  return lines;
}

const between = { fromId: 10n, toId: 200n };
const questions: readonly [string, (of: { userId: number }) => Promise<unknown>][] = [
  ['the first page', (of) => store.load(of, { limit: 51 })],
  ['the last page', (of) => store.load(of, { limit: 51, isFromEnd: true })],
  ['a page behind an id', (of) => store.load({ ...of, fromId: 9n }, { limit: 51 })],
  ['a page between ids', (of) => store.load({ ...of, ...between }, { limit: 51, isFromEnd: true })],
  ['a page by number', (of) => store.load(of, { limit: 51, offset: 100 })],
  ['a page of one contact', (of) => store.load({ ...of, remote: 'bob' }, { limit: 51 })],
  [
    'the last page of one contact',
    (of) => store.load({ ...of, remote: 'bob', ...between }, { limit: 51, isFromEnd: true }),
  ],
  ['a page of one device', (of) => store.load({ ...of, remote: 'bob', remoteResource: 'x' }, { limit: 51 })],
  ['a page without rooms', (of) => store.load({ ...of, withoutGroupchat: true }, { limit: 51 })],
  ['a step of a search', (of) => store.load({ ...of, ...between, words: ['a', 'b'] }, { limit: 51 })],
  ['the number of messages', (of) => store.count(of, 10_000)],
  ['the number of messages behind an id', (of) => store.count({ ...of, fromId: 9n }, 10_000)],
  ['the number of messages of one contact', (of) => store.count({ ...of, remote: 'bob', ...between }, 10_000)],
  ['whether ids are there', (of) => store.present(of.userId, [1n, 999n])],
  ['how far so many messages reach', (of) => store.idFurther(of.userId, 1n, 100)],
  ['how far so many messages reach back', (of) => store.idFurther(of.userId, 100n, 1_000, true)],
  ['how far more messages than there are reach', (of) => store.idFurther(of.userId, 1n, 1_000)],
  ['a message by its id', (of) => store.findRetracted(of.userId, { remote: 'bob', direction: 'I', id: 9n })],
  ['a tombstone', (of) => store.replace(of.userId, 9n, '<gone/>')],
  ['the archive of an account', () => store.find({ local: 'alice', domain: 'localhost' })],
  ['preferences', (of) => store.behaviours(of.userId)],
  [
    'new preferences',
    () => store.setBehaviours({ local: 'al', domain: 'localhost', userId: 1, writing: 0 }, new Map([['', 'A']])),
  ],
  ['the oldest messages', (of) => store.trim(of.userId, { beforeId: 5n }, 2)],
  ['the surplus of messages', (of) => store.trim(of.userId, { keep: 250 }, 2)],
  ['the next archives', () => store.archives(0, 100)],
  ['an archive that goes', () => store.remove(77)],
];

test.each(questions)('%s', async (_, ask) => {
  const lines = await plans(() => ask({ userId }));
  expect(lines.length).toBeGreaterThan(0);
  const searches = lines.filter((line) => /^(SEARCH|SCAN)/.test(line));
  for (const line of searches) expect(line).toMatch(/^SEARCH .*(INDEX|PRIMARY KEY)|^SCAN (counted|\(subquery)/);
  // Sorting would need all rows that fit, whatever the limit.
  expect(lines.join()).not.toContain('TEMP B-TREE');
});

test('a message that is taken back is found by its origin id, not by going through the conversation', async () => {
  const target = { remote: 'bob', direction: 'I', originId: 'o8' } as const;
  const [search, ...rest] = await plans(() => store.findRetracted(userId, target));
  expect(search).toMatch(
    /USING INDEX i_mam_message_username_jid_origin_id \(user_id=\? AND remote_bare_jid=\? AND origin_id=\?\)/,
  );
  expect(rest).toEqual(['USE TEMP B-TREE FOR ORDER BY']);
});
