/**
 * The server as it is, with a way for a test to have one of its shards crash: send its number. A thread that is ended from outside may take the
 * process with it, where it is within a native call; one that crashes ends between two of its steps.
 */
import { ShardPool } from '../../../dist/platform/workers.js';

const { start } = ShardPool.prototype;
const ports = new Map();
ShardPool.prototype.start = function (shard, ...rest) {
  const running = start.call(this, shard, ...rest);
  ports.set(shard, running.port);
  return running;
};
// No message of the supervisor's: whatever looks into it throws.
process.on('message', (shard) => ports.get(shard).postMessage(null));

await import('../../../dist/main.js');
