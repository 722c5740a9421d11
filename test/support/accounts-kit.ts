/** Accounts for tests: tables in memory, tasks counted and run at once. */
import { authMethods } from '../../src/auth/registry.js';
import { Accounts, type AccountsOptions } from '../../src/core/accounts/accounts.js';
import type { AuthConfig } from '../../src/core/auth/config.js';
import type { AccountName, AuthMethodContext } from '../../src/core/auth/method.js';
import {
  type TaskInput,
  type TaskName,
  type TaskOutput,
  type TaskRunner,
  tasks,
} from '../../src/platform/workers/tasks.js';
import { FakeClock } from './fake-clock.js';
import { fakeRandom } from './fake-random.js';
import { MemoryUsers } from './memory-users.js';
import { authConfig } from './sasl-context.js';

/** Does the work on this thread and remembers how much there was. */
export class CountingTasks implements TaskRunner {
  readonly done: { name: TaskName; input: TaskInput<TaskName> }[] = [];

  async run<K extends TaskName>(name: K, input: TaskInput<K>): Promise<TaskOutput<K>> {
    this.done.push({ name, input });
    return (tasks[name] as (input: TaskInput<K>) => TaskOutput<K>)(input);
  }
}

export interface AccountsKit {
  readonly accounts: Accounts;
  readonly internal: MemoryUsers;
  readonly rdbms: MemoryUsers;
  readonly tasks: CountingTasks;
  readonly clock: FakeClock;
  /** What the hooks were told, such as `registered alice@example.org`. */
  readonly told: string[];
  /** Names of accounts with a session, as `local@domain`. */
  readonly online: Set<string>;
}

/** Few iterations, so that tests are quick. */
export function quickAuth(changes: Partial<AuthConfig> = {}): AuthConfig {
  return authConfig({ password: { format: 'scram', scram_iterations: 10 }, ...changes });
}

export function accountsKit(changes: Partial<AuthConfig> = {}, options: Partial<AccountsOptions> = {}): AccountsKit {
  const kit = { ...methodContext(changes), told: [] as string[] };
  const accounts = new Accounts({
    ...kit.context,
    definitions: authMethods,
    events: {
      registered: (account) => void kit.told.push(`registered ${account}`),
      removed: (account) => void kit.told.push(`removed ${account}`),
    },
    ...options,
  });
  return { ...kit, accounts };
}

/** The surroundings of a single method. */
export function methodContext(changes: Partial<AuthConfig> = {}) {
  const internal = new MemoryUsers();
  const rdbms = new MemoryUsers();
  const online = new Set<string>();
  const counting = new CountingTasks();
  const clock = new FakeClock();
  const context: AuthMethodContext = {
    hostType: 'example.org',
    config: quickAuth(changes),
    tasks: counting,
    clock,
    random: fakeRandom(),
    users: (method) => (method === 'internal' ? internal : rdbms),
    secret: Buffer.alloc(32, 's'),
    isOnline: async ({ local, domain }: AccountName) => online.has(`${local}@${domain}`),
    isStored: async ({ local, domain }: AccountName) => (await internal.get(local, domain)) !== undefined,
  };
  return { context, internal, rdbms, online, tasks: counting, clock };
}
