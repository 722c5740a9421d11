/** The short tasks that run in the task pool, by name, with their arguments and results. */
import { pbkdf2Sync } from 'node:crypto';
import { DIGEST_BYTES, type Digest, scramKeys } from './scram-keys.js';

export interface Pbkdf2Task {
  readonly digest: Digest;
  readonly password: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

export interface ScramSecretsTask {
  readonly password: string;
  readonly iterations: number;
  readonly salts: readonly { readonly digest: Digest; readonly salt: Uint8Array }[];
}

export interface ScramSecret {
  readonly digest: Digest;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Everything here survives a structured clone. */
export interface Tasks {
  /** RFC 8018 section 5.2, with as many bytes as the digest has. */
  pbkdf2(task: Pbkdf2Task): Uint8Array;
  /** What a server keeps of a password for SCRAM, once per salt. */
  scramSecrets(task: ScramSecretsTask): ScramSecret[];
}

export type TaskName = keyof Tasks;
export type TaskInput<K extends TaskName> = Parameters<Tasks[K]>[0];
export type TaskOutput<K extends TaskName> = ReturnType<Tasks[K]>;

/** Runs a task on another thread. Rejects with `TaskRefused` when too many wait or the pool is gone. */
export interface TaskRunner {
  run<K extends TaskName>(name: K, input: TaskInput<K>): Promise<TaskOutput<K>>;
}

/** The task was not run; the caller may try again later. */
export class TaskRefused extends Error {
  readonly code: 'overload' | 'closed';
  constructor(code: 'overload' | 'closed') {
    super(code === 'overload' ? 'too many tasks are waiting' : 'the task pool is closed');
    this.name = 'TaskRefused';
    this.code = code;
  }
}

/** The tasks themselves: pure and synchronous, because the thread that runs one does nothing else. */
export const tasks: Tasks = {
  pbkdf2: ({ digest, password, salt, iterations }) =>
    plain(pbkdf2Sync(password, salt, iterations, DIGEST_BYTES[digest], digest)),

  scramSecrets: ({ password, iterations, salts }) =>
    salts.map(({ digest, salt }) => {
      const salted = pbkdf2Sync(password, salt, iterations, DIGEST_BYTES[digest], digest);
      const { storedKey, serverKey } = scramKeys(digest, salted);
      return { digest, salt, iterations, storedKey: plain(storedKey), serverKey: plain(serverKey) };
    }),
};

/** A small Buffer may be a view of a shared pool, which a structured clone would copy whole. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
