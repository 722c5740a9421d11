/** The shard as its connections see it, and what they keep from their listener. */
import type { ChildPattern } from '../../protocol/stanza-children.js';
import type { ListenOptions } from '../port.js';
import type { Batch } from './batch.js';
import type { Connection } from './connection.js';

/** What a connection keeps from its listener for life. */
export type Policy = Pick<
  ListenOptions,
  'limits' | 'maxOutputBytes' | 'maxOutputWrites' | 'maxDecompressedBytes' | 'authenticationDeadlineMs'
> & {
  /** Of input in frames, whose sender cannot be made to wait. */
  readonly maxInputBytes?: number | undefined;
};

/** The shard as its connections see it. */
export interface Host {
  readonly batch: Batch;
  readonly patterns: readonly ChildPattern[];
  /** Has `pump` called in this loop turn. */
  ready(connection: Connection): void;
  /** Milliseconds of a clock that never runs backwards. */
  now(): number;
  /** A compressed stream grew too much. */
  decompressionRefused(): void;
  /** The connection has told everything that it had to tell. */
  over(connection: Connection): void;
}
