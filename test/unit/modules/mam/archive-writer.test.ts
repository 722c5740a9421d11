/** The writer of archives: what is taken is committed in its order, or the sender hears of no success. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StorageError } from '../../../../src/core/storage/index.js';
import type { ArchiveOwner, ArchiveStore, NewMessage } from '../../../../src/modules/mam/archive-store.js';
import { ArchiveWriter, type WriterLimits, type WriterPace } from '../../../../src/modules/mam/archive-writer.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeLog } from '../../../support/fake-log.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const away = () => new StorageError('unavailable', 'the database is away');
const damaged = () => new StorageError('failed', 'the table is damaged');

/** A store whose writes end when the test says so. */
class Scene {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly owner: ArchiveOwner = { local: 'alice', domain: 'localhost', userId: 1, writing: 0 };
  readonly tracked: Promise<unknown>[] = [];
  /** Ids of each write that was begun. */
  readonly begun: number[][] = [];
  readonly kept: number[] = [];
  /** Those whose senders have to hear that they cannot be written. */
  readonly refused: number[] = [];
  /** Asked for each write; an error is what the write ends with. */
  fate: (ids: readonly number[]) => Error | undefined = () => undefined;
  hold: Promise<void> | undefined;
  /** Clients have to wait. */
  isSlow = false;
  readonly writer: ArchiveWriter;
  #nextId = 0;

  constructor(limits?: Partial<WriterLimits>, pace: WriterPace = { paceMs: 0, enough: 5_000 }) {
    const store = {
      insert: async (messages: readonly NewMessage[]) => {
        const ids = messages.map(({ id }) => Number(id));
        this.begun.push(ids);
        await this.hold;
        const error = this.fate(ids);
        if (error) throw error;
        for (const id of ids) if (!this.kept.includes(id)) this.kept.push(id);
      },
    } as unknown as ArchiveStore;
    const track = (write: Promise<unknown>) => {
      write.catch(() => {});
      this.tracked.push(write);
    };
    const slowDown = () => {
      this.isSlow = true;
      return () => {
        this.isSlow = false;
      };
    };
    const all = { maxMessages: 1_000, maxCharacters: 1e6, patienceMs: 30_000, ...limits };
    const commitments = { track, slowDown };
    const refused = ({ id }: NewMessage) => void this.refused.push(Number(id));
    const { clock, log } = this;
    this.writer = new ArchiveWriter({ store, clock, log, commitments, pace, limits: all, refused });
  }

  add(count: number, text = '<message/>', after?: () => Promise<void>): void {
    for (let left = count; left > 0; left--) {
      const row = { owner: this.owner, id: BigInt(this.#nextId++), message: text } as unknown as NewMessage;
      this.writer.add(row, after);
    }
  }

  /** How each tracked promise stands. */
  async states(): Promise<string[]> {
    await settle();
    const states = this.tracked.map(async (write) => {
      const ended = write.then(
        () => 'done',
        () => 'failed',
      );
      return Promise.race([ended, settle().then(() => 'open')]);
    });
    return Promise.all(states);
  }
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

it('what one turn of the loop brings is written at once, what comes during a write behind it in one more', async () => {
  const scene = new Scene();
  let release!: () => void;
  scene.hold = new Promise((resolve) => {
    release = resolve;
  });
  scene.add(3);
  await settle();
  scene.add(2);
  await settle();
  scene.add(2);
  expect([scene.begun, await scene.states()]).toEqual([[[0, 1, 2]], ['open', 'open']]);
  expect([scene.writer.waiting, scene.owner.writing]).toEqual([7, 7]);
  release();
  expect(await scene.states()).toEqual(['done', 'done']);
  expect(scene.begun).toEqual([
    [0, 1, 2],
    [3, 4, 5, 6],
  ]);
  expect([scene.writer.waiting, scene.owner.writing]).toEqual([0, 0]);
});

it('a group is bounded', async () => {
  const scene = new Scene({ maxMessages: 15_000 });
  scene.add(12_500);
  await scene.writer.settled();
  expect(scene.begun.map(({ length }) => length)).toEqual([5_000, 5_000, 2_500]);
  expect(scene.kept).toEqual(numbers(12_500));
});

it('what waits is bounded by number and by size, and room is made by commits', async () => {
  for (const limits of [{ maxMessages: 10 }, { maxCharacters: 100 }]) {
    const scene = new Scene(limits);
    scene.add(9);
    expect(scene.writer.mayTake).toBe(true);
    scene.add(1);
    expect(scene.writer.mayTake).toBe(false);
    await scene.writer.settled();
    await settle();
    expect(scene.writer.mayTake).toBe(true);
  }
});

it('under load there is one write in so many milliseconds, after a rest one at once, and a full group never waits', async () => {
  const scene = new Scene({ maxMessages: 20_000 }, { paceMs: 5, enough: 5_000 });
  scene.add(1);
  await settle();
  scene.add(1);
  await scene.clock.advance(4);
  scene.add(1);
  expect(scene.begun).toEqual([[0]]);
  await scene.clock.advance(1);
  expect(scene.begun).toEqual([[0], [1, 2]]);
  await scene.clock.advance(5);
  scene.add(1);
  await settle();
  expect(scene.begun).toHaveLength(3);
  scene.add(10_001);
  await settle();
  await scene.clock.advance(5);
  expect(scene.begun.map(({ length }) => length)).toEqual([1, 2, 1, 5_000, 5_000, 1]);
  expect(scene.kept).toEqual(numbers(10_005));
});

it('as many as are enough for a write wait for no more, and neither does what somebody waits for', async () => {
  const scene = new Scene({}, { paceMs: 2_000, enough: 3 });
  scene.add(1);
  await settle();
  scene.add(2);
  await settle();
  expect(scene.begun).toEqual([[0]]);
  scene.add(1);
  await settle();
  expect(scene.begun).toEqual([[0], [1, 2, 3]]);
  scene.add(1);
  await settle();
  expect(scene.kept).toHaveLength(4);
  await scene.writer.settled();
  expect(scene.kept).toHaveLength(5);
  scene.add(1);
  await scene.clock.advance(1_999);
  expect(scene.kept).toHaveLength(5);
  await scene.clock.advance(1);
  expect([scene.kept.length, scene.clock.pending]).toEqual([6, 0]);
});

it('what waits for its turn when the server stops is written once, and at once', async () => {
  const scene = new Scene({}, { paceMs: 5, enough: 5_000 });
  scene.add(1);
  await settle();
  scene.add(2);
  scene.writer.close();
  await settle();
  expect(scene.begun).toEqual([[0], [1, 2]]);
  await scene.clock.advance(10);
  expect([scene.begun.length, await scene.states()]).toEqual([2, ['done', 'done']]);
});

it('clients wait from a quarter of what may wait, until it is less again, and not for a database that stays away', async () => {
  const scene = new Scene({ maxMessages: 100, patienceMs: 20_000 });
  scene.add(24);
  expect(scene.isSlow).toBe(false);
  scene.add(1);
  expect(scene.isSlow).toBe(true);
  await scene.writer.settled();
  await settle();
  expect(scene.isSlow).toBe(false);
  scene.fate = away;
  scene.add(30);
  await scene.clock.advance(19_000);
  expect(scene.isSlow).toBe(true);
  await scene.clock.advance(5_000);
  expect([scene.isSlow, scene.writer.mayTake]).toEqual([false, false]);
});

it('a database that is away is asked again, in order, and nothing counts as written before', async () => {
  const scene = new Scene();
  scene.fate = away;
  scene.add(2);
  await settle();
  scene.add(2);
  await scene.clock.advance(10_000);
  expect([scene.kept, await scene.states()]).toEqual([[], ['open', 'open']]);
  expect(scene.log.events('warning')).toEqual(['mam.archive_away']);
  scene.fate = () => undefined;
  await scene.clock.advance(10_000);
  expect([scene.kept, await scene.states()]).toEqual([numbers(4), ['done', 'done']]);
  expect(scene.log.events('notice')).toEqual(['mam.archive_restored']);
});

it('while the database is away for long nothing more is taken, until it is back', async () => {
  const scene = new Scene({ patienceMs: 20_000 });
  scene.fate = away;
  scene.add(1);
  await scene.clock.advance(19_000);
  expect(scene.writer.mayTake).toBe(true);
  await scene.clock.advance(2_000);
  expect(scene.writer.mayTake).toBe(false);
  scene.fate = () => undefined;
  await scene.clock.advance(6_000);
  expect(scene.writer.mayTake).toBe(true);
});

it('one message that cannot be written is told to its sender, and costs nobody else anything', async () => {
  for (const error of [damaged(), new StorageError('constraint', 'a rule of the table')]) {
    const scene = new Scene();
    scene.fate = (ids) => (ids.includes(1) ? error : undefined);
    const done: number[] = [];
    for (const number of numbers(3)) scene.add(1, '<message/>', async () => void done.push(number));
    await settle();
    scene.add(1);
    await scene.writer.settled();
    expect([scene.kept, scene.refused, done]).toEqual([[0, 2, 3], [1], [0, 2]]);
    expect(await scene.states()).toEqual(['done', 'done']);
    expect(scene.log.entries.map(({ event, fields }) => [event, fields['account'], fields['id']])).toEqual([
      ['mam.write_failed', 'alice@localhost', '1'],
    ]);
    expect([scene.writer.mayTake, scene.owner.writing]).toEqual([true, 0]);
  }
});

it('a few among thousands are found in few writes, and all others are kept in their order', async () => {
  const scene = new Scene({ maxMessages: 10_000 });
  const bad = [0, 1, 2_500, 4_999];
  scene.fate = (ids) => (ids.some((id) => bad.includes(id)) ? damaged() : undefined);
  scene.add(5_000);
  await scene.writer.settled();
  expect(scene.refused).toEqual(bad);
  expect(scene.kept).toEqual(numbers(5_000).filter((id) => !bad.includes(id)));
  expect(scene.begun.length).toBeLessThan(100);
  expect(await scene.states()).toEqual(['done']);
});

it('a message alone that its own rule forbids is told to its sender, and others are taken as before', async () => {
  const scene = new Scene();
  scene.fate = () => new StorageError('too-long', 'a text is too long');
  scene.add(1);
  await scene.writer.settled();
  expect([scene.refused, await scene.states(), scene.writer.mayTake]).toEqual([[0], ['done'], true]);
});

it('a database that goes away while the bad one is looked for is waited for', async () => {
  const scene = new Scene();
  let isAway = false;
  scene.fate = (ids) => {
    if (isAway) return away();
    isAway = ids.length === 4;
    return ids.includes(1) ? damaged() : undefined;
  };
  scene.add(4);
  await settle();
  expect([scene.kept, await scene.states()]).toEqual([[], ['open']]);
  isAway = false;
  await scene.clock.advance(10_000);
  expect([scene.kept, scene.refused, await scene.states()]).toEqual([[0, 2, 3], [1], ['done']]);
});

it('where nothing can be written at all, no message is taken for a while', async () => {
  const scene = new Scene();
  scene.fate = damaged;
  scene.add(500);
  await scene.writer.settled();
  expect([await scene.states(), scene.writer.mayTake, scene.refused]).toEqual([['failed'], false, []]);
  expect(scene.begun.length).toBeLessThan(60);
  await scene.clock.advance(5_000);
  scene.fate = () => undefined;
  expect(scene.writer.mayTake).toBe(true);
  scene.add(1);
  expect(await scene.states()).toEqual(['failed', 'done']);
});

it('work that belongs to a message is done before the message counts as written', async () => {
  const scene = new Scene();
  let finish!: () => void;
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  scene.add(1, '<message/>', () => work);
  expect([await scene.states(), scene.kept]).toEqual([['open'], [0]]);
  finish();
  expect(await scene.states()).toEqual(['done']);
});

it('what waits when the server stops is handed to the storage, and a write that fails then is told as failed', async () => {
  const scene = new Scene();
  scene.fate = away;
  scene.add(1);
  await settle();
  scene.add(2);
  scene.writer.close();
  await scene.clock.advance(100);
  expect(scene.begun).toContainEqual([1, 2]);
  expect(await scene.states()).toEqual(['failed', 'failed']);
  expect(scene.writer.mayTake).toBe(false);
});

it('whatever fails in passing, each message is kept once and in order, and no promise is kept too early', async () => {
  const steps = fc.array(fc.record({ add: fc.nat(5), fails: fc.boolean(), ms: fc.nat(3_000) }), { maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const scene = new Scene();
      let isAway = false;
      scene.fate = () => (isAway ? away() : undefined);
      const promised: Promise<void>[] = [];
      let total = 0;
      for (const { add, fails, ms } of story) {
        isAway = fails;
        scene.add(add);
        total += add;
        const soFar = total;
        promised.push(scene.writer.settled().then(() => expect(scene.kept.length).toBeGreaterThanOrEqual(soFar)));
        await scene.clock.advance(ms);
      }
      isAway = false;
      await scene.clock.advance(60_000);
      await Promise.all(promised);
      expect(scene.kept).toEqual(numbers(total));
      expect([scene.writer.waiting, scene.owner.writing]).toEqual([0, 0]);
    }),
    { numRuns: 30 },
  );
});
