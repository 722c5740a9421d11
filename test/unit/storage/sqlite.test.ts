/** The embedded engine: what a group of writes promises, and what happens when something breaks. */
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineStore, statement, step, type Table, table } from '../../../src/core/storage/index.js';
import type { SqlEngine } from '../../../src/storage/sql/sql-engine.js';
import { openSqlite } from '../../../src/storage/sql/sqlite/sqlite-engine.js';
import { TestSqlite } from '../../support/sqlite.js';

const things: Table = table(
  'things',
  { id: 'integer NOT NULL', name: 'text NOT NULL', content: 'bytea' },
  { primaryKey: ['id'] },
);
const thingStore = defineStore({ name: 'things', tables: [things], sql: () => undefined, memory: () => undefined });
const ADD = statement('INSERT INTO things (id, name) VALUES ($1, $2)');
const ADD_CONTENT = statement('INSERT INTO things (id, name, content) VALUES ($1, $2, $3)');
const RENAME = statement('UPDATE things SET name = $2 WHERE id = $1');
const ALL = statement<{ id: number; name: string }>('SELECT id, name FROM things ORDER BY id');
const CONTENT = statement<{ content: Uint8Array | null }>('SELECT content FROM things WHERE id = $1');
const WRONG = statement('INSERT INTO nowhere (id) VALUES ($1)');

let database: TestSqlite;

beforeEach(() => {
  database = new TestSqlite();
});

afterEach(() => database.stop());

async function engineWithThings(): Promise<SqlEngine> {
  const engine = database.engine();
  await engine.ensure([thingStore]);
  return engine;
}

async function names(engine: SqlEngine): Promise<string[]> {
  return (await engine.read(ALL)).map(({ name }) => name);
}

describe('a group of writes', () => {
  it('rejects only the write that fails', async () => {
    await database.start();
    const engine = await engineWithThings();
    const outcomes = await Promise.allSettled([
      engine.write(ADD, [1, 'one']),
      engine.write(ADD, [1, 'again']),
      engine.write(WRONG, [1]),
      engine.write(ADD, [2, 'two']),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { name: 'StorageError', code: 'constraint' } });
    expect(outcomes[2]).toMatchObject({ reason: { name: 'StorageError', code: 'failed' } });
    expect(await names(engine)).toEqual(['one', 'two']);
    await engine.close();
  });

  it('does all steps of a transaction or none, among writes of others', async () => {
    await database.start();
    const engine = await engineWithThings();
    const before = engine.write(ADD, [1, 'one']);
    const broken = engine.transaction([step(ADD, [2, 'two']), step(RENAME, [1, 'changed']), step(ADD, [1, 'double'])]);
    const whole = engine.transaction([step(ADD, [3, 'three']), step(RENAME, [3, 'drei'])]);
    await expect(broken).rejects.toMatchObject({ code: 'constraint' });
    expect((await whole).map(({ changes }) => changes)).toEqual([1, 1]);
    await before;
    expect(await names(engine)).toEqual(['one', 'drei']);
    await engine.close();
  });

  it('keeps the order of calls', async () => {
    await database.start();
    const engine = await engineWithThings();
    const calls: Promise<unknown>[] = [engine.write(ADD, [1, 'first'])];
    for (let number = 0; number < 500; number++) calls.push(engine.write(RENAME, [1, `name ${number}`]));
    await Promise.all(calls);
    expect(await names(engine)).toEqual(['name 499']);
    await engine.close();
  });

  it('is visible to every shard once it is acknowledged', async () => {
    await database.start();
    const one = await engineWithThings();
    const other = database.engine();
    for (let number = 0; number < 50; number++) {
      await one.write(ADD, [number, 'x']);
      expect((await other.read(ALL)).length).toBe(number + 1);
    }
    await Promise.all([one.close(), other.close()]);
  });

  it('passes a barrier when everything before is settled', async () => {
    await database.start();
    const engine = await engineWithThings();
    await engine.barrier();
    const writes = Array.from({ length: 100 }, (_, number) => engine.write(ADD, [number % 90, 'x']));
    const outcomes = Promise.allSettled(writes);
    await engine.barrier();
    expect((await engine.read(ALL)).length).toBe(90);
    expect((await outcomes).filter(({ status }) => status === 'rejected').length).toBe(10);
    await engine.close();
  });

  it('is refused beyond a bound, and taken again when there is room', async () => {
    const writer = await database.start();
    const engine = openSqlite({
      file: database.file,
      writer: writer.connect(),
      limits: { maxWrites: 3, maxBytes: 1_000 },
    });
    await engine.ensure([thingStore]);
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((id) => engine.write(ADD, [id, 'x'])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[3]).toMatchObject({ reason: { code: 'overloaded' } });
    const large = 'x'.repeat(800);
    const byBytes = await Promise.allSettled([5, 6].map((id) => engine.write(ADD, [id, large])));
    expect(byBytes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await engine.write(ADD, [7, 'x']);
    await engine.close();
  });

  it('keeps numbers, bytes and nothing apart', async () => {
    await database.start();
    const engine = await engineWithThings();
    const bytes = new Uint8Array([0, 255, 1, 254]);
    await engine.write(ADD_CONTENT, [1, '', bytes]);
    await engine.write(ADD_CONTENT, [2, 'no content', null]);
    await engine.write(ADD, [Number.MAX_SAFE_INTEGER, 'large']);
    const [first] = await engine.read(CONTENT, [1]);
    expect([...first!.content!]).toEqual([...bytes]);
    expect(await engine.read(CONTENT, [2])).toMatchObject([{ content: null }]);
    expect((await engine.read(ALL)).at(-1)?.id).toBe(Number.MAX_SAFE_INTEGER);
    await engine.close();
  });
});

describe('the end', () => {
  it('commits what was sent before it', async () => {
    const writer = await database.start();
    const engine = await engineWithThings();
    const writes = Array.from({ length: 1_000 }, (_, id) => engine.write(ADD, [id, 'x']));
    await new Promise((resolve) => setImmediate(resolve));
    await writer.close();
    await Promise.all(writes);
    await engine.close();
    await database.start();
    const again = database.engine();
    expect((await again.read(ALL)).length).toBe(1_000);
    await again.close();
  });

  it('leaves all data in the file itself', async () => {
    const writer = await database.start();
    const engine = await engineWithThings();
    await engine.write(ADD, [1, 'one']);
    await engine.close();
    await writer.close();
    expect(statSync(`${database.file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  it('refuses reads and writes after it', async () => {
    await database.start();
    const engine = await engineWithThings();
    await engine.close();
    await expect(engine.write(ADD, [1, 'x'])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(engine.read(ALL)).rejects.toMatchObject({ name: 'StorageError' });
  });

  it('of the writer alone rejects what waits, tells the owner, and lets the next one start', async () => {
    const writer = await database.start();
    const engine = await engineWithThings();
    const poison = writer.connect();
    poison.postMessage(null);
    // The thread ends at some moment: what was acknowledged before is kept, and nothing hangs.
    const outcomes: string[] = [];
    for (let id = 0; outcomes.at(-1) !== 'rejected'; id++) {
      outcomes.push(
        await engine.write(ADD, [id, 'x']).then(
          () => 'kept',
          ({ code }) => (code === 'unavailable' ? 'rejected' : code),
        ),
      );
    }
    await expect(engine.write(ADD, [-1, 'x'])).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => database.failures).toMatchObject([{ code: 'unavailable' }]);
    expect(() => writer.connect()).toThrow(/has ended/);
    await engine.close();
    await writer.close();

    await database.start();
    const again = database.engine();
    expect((await again.read(ALL)).length).toBe(outcomes.filter((outcome) => outcome === 'kept').length);
    await again.close();
  });
});

describe('a damaged file', () => {
  it.each([
    ['something else', Buffer.from('not a database at all '.repeat(500))],
    ['one that is cut off within the header', Buffer.from('SQLite for')],
    ['zeros', Buffer.alloc(8_192)],
  ])('is reported and left as it is: %s', async (_, bytes) => {
    writeFileSync(database.file, bytes);
    await expect(database.start()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(database.file),
    });
    expect(readFileSync(database.file).equals(bytes)).toBe(true);
  });

  it('is reported when pages inside it are overwritten or missing', async () => {
    const writer = await database.start();
    const engine = await engineWithThings();
    await Promise.all(Array.from({ length: 2_000 }, (_, id) => engine.write(ADD, [id, 'x'.repeat(100)])));
    await engine.close();
    await writer.close();
    const whole = readFileSync(database.file);
    const overwritten = Buffer.from(whole).fill(0x5a, 8_192, 40_960);
    for (const bytes of [overwritten, whole.subarray(0, whole.length / 2)]) {
      writeFileSync(database.file, bytes);
      await expect(database.start()).rejects.toMatchObject({ code: 'corrupt' });
      expect(readFileSync(database.file).equals(bytes)).toBe(true);
    }
  });

  it('is reported when it is empty beside a log that is not', async () => {
    writeFileSync(database.file, '');
    writeFileSync(`${database.file}-wal`, 'x'.repeat(5_000));
    await expect(database.start()).rejects.toMatchObject({ code: 'corrupt' });
    expect(statSync(`${database.file}-wal`).size).toBe(5_000);
  });
});

describe('the write-ahead log', () => {
  it('is emptied from time to time while writes go on', async () => {
    await database.start({ checkpointEveryMs: 20, maxLogBytes: 500_000 });
    const engine = await engineWithThings();
    let largest = 0;
    for (let round = 0; round < 60; round++) {
      const ids = Array.from({ length: 100 }, (_, id) => round * 100 + id);
      await Promise.all(ids.map((id) => engine.write(ADD, [id, 'x'.repeat(500)])));
      largest = Math.max(largest, statSync(`${database.file}-wal`).size);
      await sleep(5);
    }
    // All of it went through the log, which is larger than the rows themselves.
    expect(60 * 100 * 500).toBeGreaterThan(2 * largest);
    expect(database.failures).toEqual([]);
    await engine.close();
  });
});

describe('tables', () => {
  const second = {
    ...thingStore,
    migrations: [{ version: 2, statements: ['ALTER TABLE things ADD COLUMN color text'] }],
  };
  const third = {
    ...thingStore,
    migrations: [...second.migrations, { version: 3, statements: [`UPDATE things SET color = 'blue'`] }],
  };
  const COLORS = statement<{ color: string }>('SELECT color FROM things');

  it('are brought up to date step by step, once', async () => {
    await database.start();
    const engine = await engineWithThings();
    await engine.write(ADD, [1, 'one']);
    await engine.ensure([thingStore]);
    await engine.ensure([third]);
    await engine.ensure([third]);
    expect(await engine.read(COLORS)).toMatchObject([{ color: 'blue' }]);
    await engine.close();
  });

  it('of a newer version are left alone', async () => {
    await database.start();
    const engine = await engineWithThings();
    await engine.ensure([second]);
    await expect(engine.ensure([thingStore])).rejects.toMatchObject({ code: 'schema', message: /newer Meerkat/ });
    await engine.close();
  });

  it('stay as they were when a step fails', async () => {
    await database.start();
    const engine = await engineWithThings();
    const broken = {
      ...thingStore,
      migrations: [...second.migrations, { version: 3, statements: ['DROP TABLE nowhere'] }],
    };
    await expect(engine.ensure([broken])).rejects.toMatchObject({ name: 'StorageError' });
    await engine.ensure([third]);
    await engine.close();
  });
});

it('a shard that dies takes only its own acknowledgements along', async () => {
  const writer = await database.start();
  const engine = await engineWithThings();
  const port = writer.connect();
  const jobs = [{ id: 1, steps: [[0, [1, 'from the dead']]] }];
  port.postMessage({ kind: 'write', statements: [[0, ADD.text.sqlite]], jobs });
  port.close();
  await once(port, 'close');
  await engine.write(ADD, [2, 'alive']);
  await expect.poll(() => names(engine)).toEqual(['from the dead', 'alive']);
  await engine.close();
});
