/** What runs in a thread of the task pool. */
import { type TaskInput, type TaskName, type TaskOutput, tasks } from './tasks.js';

export interface TaskCall<K extends TaskName = TaskName> {
  readonly name: K;
  readonly input: TaskInput<K>;
}

export default function runTask<K extends TaskName>({ name, input }: TaskCall<K>): TaskOutput<K> {
  return (tasks[name] as (input: TaskInput<K>) => TaskOutput<K>)(input);
}
