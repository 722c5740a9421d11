/** The portable engine keeps the contract of engines, and has one shard listen for all. */
import { expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { createPortableEngine } from '../../../src/engine/portable/portable-engine.js';
import { engineContract } from '../../contract/engine.js';
import { LISTEN } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

engineContract('portable', createPortableEngine);

const scene = new Scene(createPortableEngine);

test('listen with reusePort: the first shard accepts, the others give the same port back', async () => {
  const [first, second] = await scene.shards(2);
  const bound = await first?.engine.listen({ ...LISTEN, reusePort: true });
  const port = bound?.port ?? 0;
  expect(await second?.engine.listen({ ...LISTEN, reusePort: true, port })).toEqual({ listener: 0, port });
  await scene.client(port);
  await scene.client(port);
  await first?.next(eventKind.CONNECTED);
  await first?.next(eventKind.CONNECTED);
  expect(second?.told).toHaveLength(0);
});

test('listen without reusePort: every shard has ports of its own', async () => {
  const [, second] = await scene.shards(2);
  const port = (await second?.listen()) ?? 0;
  await scene.client(port);
  await second?.next(eventKind.CONNECTED);
});
