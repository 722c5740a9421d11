import { expect, it } from 'vitest';
import { ShardCalls } from '../../../src/core/shards/shard-calls.js';
import type { EnginePort } from '../../../src/engine/port.js';
import { FakeClock } from '../../support/fake-clock.js';

it('an answer to the former life of a shard is not taken for one of the new life', async () => {
  const clock = new FakeClock();
  const sent: Uint8Array[] = [];
  const engine = { call: (_shard: number, message: Uint8Array) => sent.push(message) > 0 } as unknown as EnginePort;
  const other = new ShardCalls(1, engine, clock);
  other.serve('echo', (text: string) => text);

  const answerTo = async (question: Uint8Array) => {
    other.received(question, 0);
    await new Promise((resolve) => setImmediate(resolve));
    return sent.pop() as Uint8Array;
  };
  void new ShardCalls(0, engine, clock).ask(1, 'echo', 'old').catch(() => {});
  const late = await answerTo(sent.pop() as Uint8Array);

  await clock.advance(100);
  const reborn = new ShardCalls(0, engine, clock);
  const asked = reborn.ask(1, 'echo', 'new');
  const question = sent.pop() as Uint8Array;
  reborn.received(late, 1);
  reborn.received(await answerTo(question), 1);
  expect(await asked).toBe('new');
});

it('a question that its shard does not take fails at once, and says why', async () => {
  const engine = { call: () => false } as unknown as EnginePort;
  const asked = new ShardCalls(0, engine, new FakeClock()).ask(1, 'echo', 'text');
  await expect(asked).rejects.toThrow('shard 1 does not run, or takes no more');
});

it('an answer that the asking shard does not take at first is not lost', async () => {
  const clock = new FakeClock();
  const questions: Uint8Array[] = [];
  const answers: Uint8Array[] = [];
  let isFull = true;
  const asking = { call: (_: number, message: Uint8Array) => questions.push(message) > 0 } as unknown as EnginePort;
  const answering = {
    call: (_: number, message: Uint8Array) => !isFull && answers.push(message) > 0,
  } as unknown as EnginePort;
  const asker = new ShardCalls(0, asking, clock);
  const other = new ShardCalls(1, answering, clock);
  other.serve('echo', (text: string) => text);
  const asked = asker.ask(1, 'echo', 'text');
  other.received(questions[0] as Uint8Array, 0);
  await clock.advance(1000);
  expect(answers).toHaveLength(0);
  isFull = false;
  await clock.advance(1000);
  expect(answers).toHaveLength(1);
  asker.received(answers[0] as Uint8Array, 1);
  expect(await asked).toBe('text');
});

it('what needs no answer is done when it arrives, and says when it cannot leave', () => {
  const sent: Uint8Array[] = [];
  let isFull = false;
  const call = (_shard: number, message: Uint8Array) => !isFull && sent.push(message) > 0;
  const calls = new ShardCalls(0, { call } as unknown as EnginePort, new FakeClock());
  const done: unknown[] = [];
  const other = new ShardCalls(1, { call } as unknown as EnginePort, new FakeClock());
  other.serve('note', (args) => void done.push(args));
  expect([calls.tell(1, 'note', 'one'), calls.tell(1, 'note', { two: undefined })]).toEqual([true, true]);
  for (const message of sent.splice(0)) other.received(message, 0);
  expect(done).toEqual(['one', { two: undefined }]);
  expect(sent).toEqual([]);
  isFull = true;
  expect(calls.tell(1, 'note', 'three')).toBe(false);
});
