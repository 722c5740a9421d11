/** The threads beside the main one: a pool for short tasks, and one long-lived thread for each shard. */
export {
  type RunningShard,
  type ShardEnd,
  ShardPool,
  type ShardPoolOptions,
  type ShardStart,
} from './workers/shard-pool.js';
export { TaskBroker, TaskClient } from './workers/task-broker.js';
export { TaskPool, type TaskPoolOptions } from './workers/task-pool.js';
export { type TaskInput, type TaskName, type TaskOutput, TaskRefused, type TaskRunner } from './workers/tasks.js';
export { workerFile } from './workers/worker-file.js';
