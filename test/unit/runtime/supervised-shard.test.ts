import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { ShardEnd } from '../../../src/platform/workers.js';
import { SupervisedShard } from '../../../src/runtime/supervised-shard.js';

it('nobody waits for a shard that has died', async () => {
  const { port1 } = new MessageChannel();
  let die!: (end: ShardEnd) => void;
  const ended = new Promise<ShardEnd>((resolve) => {
    die = resolve;
  });
  const shard = new SupervisedShard({ shard: 3, port: port1, ended, terminate() {} });
  const ready = shard.untilReady();
  die({ reason: 'crashed', error: new Error('out of memory') });
  await expect(ready).rejects.toThrow('shard 3 crashed: out of memory');
  await expect(shard.listen([5222])).rejects.toThrow('shard 3 is not running');
  await expect(shard.call('account.count', {})).rejects.toThrow('shard 3 is not running');
  await shard.endStreams(0);
  port1.close();
});
