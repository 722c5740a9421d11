/** The threads: short tasks off every loop, shards that end for a known reason. */
import { pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type RunningShard,
  ShardPool,
  TaskBroker,
  TaskClient,
  TaskPool,
  TaskRefused,
  workerFile,
} from '../../../src/platform/workers.js';

const input = { digest: 'sha256', password: 'pencil', salt: new Uint8Array([1, 2, 3]), iterations: 1000 } as const;
const slow = { ...input, iterations: 2_000_000 };
const expected = new Uint8Array(pbkdf2Sync('pencil', input.salt, 1000, 32, 'sha256'));
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function taskPool(maxTasks = 100, threads = 1): TaskPool {
  const pool = new TaskPool({
    threads,
    maxTasks,
    onError: (error) => {
      throw error;
    },
  });
  cleanUps.push(() => pool.destroy());
  return pool;
}

function shardPool(file = 'shard.mjs', resourceLimits?: { maxOldGenerationSizeMb: number }): ShardPool {
  const filename = fileURLToPath(new URL(`./fixtures/${file}`, import.meta.url));
  const pool = new ShardPool({ filename, resourceLimits });
  cleanUps.push(() => pool.destroy());
  return pool;
}

async function answer(shard: RunningShard, order: string, argument?: unknown): Promise<unknown> {
  const message = once(shard.port, 'message');
  shard.port.postMessage({ order, argument });
  return (await message)[0];
}

async function started(pool: ShardPool, shard = 0, data?: object, transfer = []): Promise<RunningShard> {
  const running = pool.start(shard, data, transfer);
  expect((await once(running.port, 'message'))[0]).toBe('ready');
  return running;
}

describe('TaskPool', () => {
  test('runs PBKDF2 on another thread', async () => {
    const pool = taskPool();
    let turns = 0;
    const beat = setInterval(() => turns++, 1);
    expect(await pool.run('pbkdf2', input)).toEqual(expected);
    await pool.run('pbkdf2', { ...input, iterations: 100_000 });
    clearInterval(beat);
    expect(turns).toBeGreaterThan(3);
  });

  test('refuses a task beyond its bound, and takes one again when another is done', async () => {
    const pool = taskPool(2);
    const taken = [pool.run('pbkdf2', input), pool.run('pbkdf2', input)];
    await expect(pool.run('pbkdf2', input)).rejects.toMatchObject({ code: 'overload' });
    await Promise.all(taken);
    expect(pool.load).toBe(0);
    expect(await pool.run('pbkdf2', input)).toEqual(expected);
  });

  test('a task that fails rejects with its own error', async () => {
    await expect(taskPool().run('pbkdf2', { ...input, iterations: -1 })).rejects.toThrow(/iterations/);
  });

  test('destroying it refuses what runs and what comes, and leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const pool = taskPool();
    const open = [pool.run('pbkdf2', slow), pool.run('pbkdf2', slow)];
    const settled = Promise.allSettled(open);
    await pool.destroy();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(TaskRefused) });
    }
    await expect(pool.run('pbkdf2', input)).rejects.toMatchObject({ code: 'closed' });
    await pool.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('TaskBroker and TaskClient', () => {
  test('a client reaches the pool through a port', async () => {
    const broker = new TaskBroker(taskPool());
    cleanUps.push(() => broker.close());
    const client = new TaskClient(broker.connect(), 10);
    cleanUps.push(() => client.close());
    const [one, two] = await Promise.all([
      client.run('pbkdf2', input),
      client.run('scramSecrets', {
        password: 'pencil',
        iterations: 1000,
        salts: [{ digest: 'sha256', salt: input.salt }],
      }),
    ]);
    expect(one).toEqual(expected);
    expect(two[0]).toMatchObject({ digest: 'sha256', iterations: 1000 });
  });

  test("passes on the pool's refusal and a task's failure", async () => {
    const broker = new TaskBroker(taskPool(1));
    cleanUps.push(() => broker.close());
    const client = new TaskClient(broker.connect(), 10);
    cleanUps.push(() => client.close());
    const first = client.run('pbkdf2', { ...input, iterations: 300_000 });
    await expect(client.run('pbkdf2', input)).rejects.toMatchObject({ name: 'TaskRefused', code: 'overload' });
    await first;
    await expect(client.run('pbkdf2', { ...input, iterations: 0 })).rejects.toThrow(/iterations/);
  });

  test('a client bounds its own open calls', async () => {
    const { port1, port2 } = new MessageChannel();
    const client = new TaskClient(port1, 1);
    const first = client.run('pbkdf2', input);
    await expect(client.run('pbkdf2', input)).rejects.toMatchObject({ code: 'overload' });
    expect(receiveMessageOnPort(port2)?.message).toEqual([0, 'pbkdf2', input]);
    client.close();
    await expect(first).rejects.toMatchObject({ code: 'closed' });
  });

  test('open calls are refused when the broker closes', async () => {
    const broker = new TaskBroker(taskPool());
    const client = new TaskClient(broker.connect(), 10);
    const open = client.run('pbkdf2', { ...input, iterations: 200_000 });
    broker.close();
    await expect(open).rejects.toMatchObject({ code: 'closed' });
    await expect(client.run('pbkdf2', input)).rejects.toMatchObject({ code: 'closed' });
  });

  test('shards on threads of their own share one pool', async () => {
    const broker = new TaskBroker(taskPool(100, 2));
    cleanUps.push(() => broker.close());
    const pool = shardPool();
    const shards = await Promise.all(
      [0, 1].map(async (number) => {
        const tasks = broker.connect();
        return started(pool, number, { tasks }, [tasks] as never);
      }),
    );
    const outputs = await Promise.all(shards.map((shard) => answer(shard, 'run', { name: 'pbkdf2', input })));
    expect(outputs).toEqual([{ output: expected }, { output: expected }]);
  });
});

describe('ShardPool', () => {
  test('a shard talks through its port and ends by returning', async () => {
    const pool = shardPool();
    const shard = await started(pool, 3);
    expect(await answer(shard, 'echo', 'hello')).toEqual({ number: 3, text: 'hello', starts: 1 });
    shard.port.postMessage({ order: 'return' });
    expect(await shard.ended).toEqual({ reason: 'returned' });
    expect(pool.running).toEqual([]);
  });

  test.each([
    ['rejects', 'reject', /the shard rejects/],
    ['throws outside of its task', 'throw', /thrown in a timer/],
    ['exits', 'exit', /code: 7/],
    ['runs out of memory', 'hoard', /memory/],
  ])('a shard that %s ends with the reason, and the others go on', async (_, order, reason) => {
    const pool = shardPool('shard.mjs', { maxOldGenerationSizeMb: 32 });
    const other = await started(pool, 1);
    const shard = await started(pool, 0);
    shard.port.postMessage({ order });
    const end = await shard.ended;
    expect(end).toMatchObject({ reason: 'crashed', error: { message: expect.stringMatching(reason) } });
    expect(await answer(other, 'echo', 'still here')).toMatchObject({ text: 'still here' });
  });

  test('a crashed shard starts again on a fresh thread', async () => {
    const pool = shardPool();
    const first = await started(pool);
    first.port.postMessage({ order: 'reject' });
    await first.ended;
    const second = await started(pool);
    expect(await answer(second, 'echo', 'again')).toMatchObject({ starts: 1 });
  });

  test('a shard cannot run twice at once', async () => {
    const pool = shardPool();
    await started(pool);
    expect(() => pool.start(0, undefined)).toThrow(/already running/);
  });

  test('terminate stops even a thread that never returns to its loop', async () => {
    const pool = shardPool();
    const shard = await started(pool);
    shard.port.postMessage({ order: 'block' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    shard.terminate();
    shard.terminate();
    expect(await shard.ended).toEqual({ reason: 'terminated' });
  });

  test('terminate works before the shard has come up', async () => {
    const shard = shardPool().start(0, undefined);
    shard.terminate();
    expect(await shard.ended).toEqual({ reason: 'terminated' });
  });

  test('a file that does not load is a crash with its reason', async () => {
    const end = await shardPool('broken-shard.mjs').start(0, undefined).ended;
    expect(end).toMatchObject({ reason: 'crashed', error: { message: 'this file does not load' } });
  });

  test('destroy ends every shard and resolves when the threads are gone', async () => {
    const pool = shardPool();
    const shards = [await started(pool, 0), await started(pool, 1)];
    await pool.destroy();
    expect(await Promise.all(shards.map(({ ended }) => ended))).toEqual([
      { reason: 'terminated' },
      { reason: 'terminated' },
    ]);
    expect(pool.running).toEqual([]);
  });
});

test('workerFile: a missing file is named', () => {
  expect(() => workerFile(import.meta.url, './no-such-worker.js')).toThrow(/no-such-worker\.js is missing/);
});
