/** What keeps a whole group from being committed: a full disk, a foreign lock. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineStore, statement, table } from '../../../src/core/storage/index.js';
import { GroupCommit } from '../../../src/storage/sql/sqlite/group-commit.js';
import { openSqlite } from '../../../src/storage/sql/sqlite/sqlite-engine.js';
import { startSqliteWriter } from '../../../src/storage/sql/sqlite/writer.js';

const INSERT = 'INSERT INTO things (id, name) VALUES (?1, ?2)';

function job(id: number, name: string) {
  return { steps: [{ text: INSERT, values: [id, name] }] };
}

describe('a database that may not grow', () => {
  let database: InstanceType<typeof DatabaseSync>;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE things (id integer PRIMARY KEY, name text)');
  });

  afterEach(() => database.close());

  it('keeps what fits of a group, although SQLite undoes all of it', () => {
    database.exec('PRAGMA max_page_count = 20');
    const group = [job(1, 'small'), job(2, 'x'.repeat(200_000)), job(3, 'small too')];
    const outcomes = new GroupCommit(database).run(group);
    expect(outcomes).toMatchObject([[{ changes: 1 }], { code: 'disk-full' }, [{ changes: 1 }]]);
    expect(database.prepare('SELECT id FROM things').all()).toMatchObject([{ id: 1 }, { id: 3 }]);
  });
});

it('waits once for a lock of another process, not once for each write', () => {
  const directory = mkdtempSync(join(tmpdir(), 'locked-'));
  const file = join(directory, 'test.db');
  const other = new DatabaseSync(file);
  other.exec('PRAGMA journal_mode = WAL; CREATE TABLE things (id integer PRIMARY KEY, name text); BEGIN IMMEDIATE');
  const database = new DatabaseSync(file, { timeout: 100 });
  const groups = new GroupCommit(database);
  const started = performance.now();
  const outcomes = groups.run(Array.from({ length: 100 }, (_, id) => job(id, 'x')));
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(new Set(outcomes.map((outcome) => (outcome as { code: string }).code))).toEqual(new Set(['in-use']));
  other.exec('COMMIT');
  expect(groups.run([job(1, 'x')])).toMatchObject([[{ changes: 1 }]]);
  for (const connection of [database, other]) connection.close();
  rmSync(directory, { recursive: true });
});

/** A disk of one megabyte, where the system lets us have one. */
function smallDisk(): { directory: string; remove(): void } | string {
  const directory = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    rmSync(directory, { recursive: true });
    return (error as Error).message;
  }
  return {
    directory,
    remove: () => {
      // Lazily, because a reader lets go of the file only when its statements are collected.
      execFileSync('umount', ['-l', directory]);
      rmSync(directory, { recursive: true });
    },
  };
}

const disk = smallDisk();
const reason = typeof disk === 'string' ? ` (not run because no disk can be mounted: ${disk})` : '';

it.skipIf(typeof disk === 'string')(
  `a full disk rejects writes, and room on it makes them work again${reason}`,
  async () => {
    const { directory, remove } = disk as Exclude<typeof disk, string>;
    const file = join(directory, 'test.db');
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    const writer = await startSqliteWriter({ file, onFailure: note, onCheckpointFailure: () => {} });
    const engine = openSqlite({ file, writer: writer.connect() });
    const things = table('things', { id: 'integer NOT NULL', name: 'text NOT NULL' }, { primaryKey: ['id'] });
    await engine.ensure([
      defineStore({ name: 'things', tables: [things], sql: () => undefined, memory: () => undefined }),
    ]);
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(300_000));

    const ADD = statement('INSERT INTO things (id, name) VALUES ($1, $2)');
    const COUNT = statement<{ total: number }>('SELECT COUNT(*) AS total FROM things');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, id) => engine.write(ADD, [id, 'x'.repeat(20_000)])),
    );
    const kept = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const codes = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason.code);
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(['disk-full']));
    expect(await engine.read(COUNT)).toMatchObject([{ total: kept }]);

    rmSync(join(directory, 'ballast'));
    await engine.write(ADD, [1_000, 'there is room again']);
    expect(failures).toEqual([]);
    await engine.close();
    await writer.close();
    remove();
  },
);
