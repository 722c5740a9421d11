/** What was sent to other shards is safe only when they say so, and nothing is when one of them was lost on the way. */
import { beforeEach, expect, it } from 'vitest';
import { Commitments } from '../../../src/core/commitments.js';
import { addTrouble, createTroubles, Durability } from '../../../src/core/shards/durability.js';
import type { ShardCalls } from '../../../src/core/shards/shard-calls.js';
import { FakeClock } from '../../support/fake-clock.js';

interface Question {
  readonly shard: number;
  readonly answer: () => void;
  readonly fail: () => void;
}

let clock: FakeClock;
let troubles: SharedArrayBuffer;
let commitments: Commitments;
let durability: Durability;
/** What the others have been asked and not answered yet. */
let questions: Question[];
/** What has been heard, in order. */
let heard: string[];

beforeEach(() => {
  clock = new FakeClock();
  troubles = createTroubles(3);
  questions = [];
  heard = [];
  commitments = new Commitments(() => addTrouble(troubles, 0));
  const calls = {
    serve: () => () => {},
    ask: (shard: number) =>
      new Promise<void>((resolve, reject) =>
        questions.push({ shard, answer: resolve, fail: () => reject(new Error('no answer')) }),
      ),
  } as unknown as ShardCalls;
  durability = new Durability({ shard: 0, commitments, calls, clock, troubles });
});

const wait = (name: string) => durability.settled()?.then(() => void heard.push(name));
const soon = () => new Promise((resolve) => setImmediate(resolve));
const asked = () => questions.map(({ shard }) => shard);
const answer = async () => {
  questions.shift()?.answer();
  await soon();
};

it('where nothing was sent and nothing is written, nobody waits', () => {
  expect(durability.settled()).toBeUndefined();
});

it('only shards that were sent something are asked, once for all who wait', async () => {
  durability.sending(1);
  durability.sending(1);
  durability.sending(0);
  void wait('a');
  void wait('b');
  expect(asked()).toEqual([1]);
  await answer();
  expect(heard).toEqual(['a', 'b']);
  expect(durability.settled()).toBeUndefined();
});

it('what is sent while a question is under way needs another one, which its followers share', async () => {
  durability.sending(1);
  void wait('a');
  durability.sending(1);
  void wait('b');
  void wait('c');
  expect(asked()).toEqual([1]);
  await answer();
  expect(heard).toEqual(['a']);
  expect(asked()).toEqual([1]);
  await answer();
  expect(heard).toEqual(['a', 'b', 'c']);
});

it('what could not be sent is not asked about; what went before is', () => {
  expect(durability.sending(1)).toBe(true);
  durability.notSent(1);
  expect(durability.settled()).toBeUndefined();
  expect(durability.sending(1)).toBe(true);
  expect(durability.sending(1)).toBe(false);
  expect(durability.settled()).toBeDefined();
});

it('everybody has to answer, and what is written here has to be done', async () => {
  let done!: () => void;
  commitments.track(
    new Promise<void>((resolve) => {
      done = resolve;
    }),
  );
  durability.sending(1);
  durability.sending(2);
  void wait('a');
  await answer();
  await answer();
  expect(heard).toEqual([]);
  done();
  await soon();
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(0);
});

it('a write that failed here is trouble', async () => {
  commitments.track(Promise.reject(new Error('disk full')));
  void wait('a');
  await soon();
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(1);
});

it('a shard that lost something between our stanza and its answer is trouble', async () => {
  durability.sending(1);
  void wait('a');
  addTrouble(troubles, 1);
  await answer();
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(1);
});

it('one that died and lives again before it is asked is trouble, and is not asked', async () => {
  durability.sending(1);
  addTrouble(troubles, 1);
  await wait('a');
  expect(asked()).toEqual([]);
  expect(durability.troubles).toBe(1);
});

it('nobody waits for a shard that has died with the question', async () => {
  durability.sending(1);
  void wait('a');
  addTrouble(troubles, 1);
  await clock.advance(200);
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(1);
});

it('what was lost before anything was sent is none of our trouble', async () => {
  addTrouble(troubles, 1);
  durability.sending(1);
  void wait('a');
  await answer();
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(0);
});

it('one that takes no question is asked again', async () => {
  durability.sending(1);
  void wait('a');
  questions.shift()?.fail();
  await soon();
  await clock.advance(100);
  await answer();
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(0);
});

it('one that never answers is trouble', async () => {
  durability.sending(1);
  void wait('a');
  for (let round = 0; round < 200 && heard.length === 0; round++) {
    questions.shift()?.fail();
    await soon();
    await clock.advance(100);
  }
  expect(heard).toEqual(['a']);
  expect(durability.troubles).toBe(1);
});
