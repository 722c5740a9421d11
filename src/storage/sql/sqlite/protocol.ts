/** What shards and the writer of an SQLite file say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Row, SqlValue, StorageErrorCode, StoreSchema } from '../../../core/storage/index.js';

/** Statements are numbered by the shard that uses them; their text travels once. */
export type WireStep = readonly [statement: number, values: readonly SqlValue[]];

export interface WireJob {
  readonly id: number;
  readonly steps: readonly WireStep[];
}

export type ToWriter =
  | {
      readonly kind: 'write';
      readonly statements: readonly (readonly [number, string])[];
      readonly jobs: readonly WireJob[];
    }
  | { readonly kind: 'ensure'; readonly id: number; readonly schemas: readonly StoreSchema[] };

export interface WireError {
  readonly code: StorageErrorCode;
  readonly message: string;
}

export type WireOutcome = readonly { readonly changes: number; readonly rows: readonly Row[] }[] | WireError;

/** Outcomes come in the order of the jobs. */
export type FromWriter = readonly (readonly [id: number, outcome: WireOutcome])[];

/** What the thread is started with. */
export interface WriterData {
  readonly file: string;
  readonly synchronous: Synchronous;
}

/**
 * `full`: an acknowledged write survives a power cut. `normal`: it survives the death of the process, and a power cut may take
 * the last moments.
 */
export type Synchronous = 'full' | 'normal';

export type ToWriterThread = { readonly kind: 'connect'; readonly port: MessagePort } | { readonly kind: 'close' };

export type FromWriterThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'closed' };
