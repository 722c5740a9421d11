/** The server as it is, with a way for a test to end the thread of one of its shards: send its number. */
import { Supervisor } from '../../../dist/runtime/supervisor.js';

const { start } = Supervisor.prototype;
let supervisor;
Supervisor.prototype.start = function () {
  supervisor = this;
  return start.call(this);
};
process.on('message', (shard) => supervisor.shard(shard).terminate());

await import('../../../dist/main.js');
