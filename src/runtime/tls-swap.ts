/** Brings new TLS options to all shards at once, or to none of them. */
import type { TlsChange } from './shard-tls.js';

export interface SwapShard {
  call<Result>(name: string, args: unknown): Promise<Result>;
}

export interface SwapShards {
  readonly running: readonly SwapShard[];
}

/**
 * Rejects, with nothing changed, when a shard refuses. `remember` is called at the moment of the change: a shard that is born later
 * must be born with the new options.
 */
export async function swapTls(shards: SwapShards, changes: readonly TlsChange[], remember: () => void): Promise<void> {
  const prepared = new Set<SwapShard>();
  const alive = () => shards.running.filter((shard) => prepared.has(shard));
  try {
    // A shard that is revived meanwhile was born with the old options.
    for (;;) {
      const others = shards.running.filter((shard) => !prepared.has(shard));
      if (others.length === 0) break;
      await Promise.all(others.map((shard) => prepare(shards, shard, changes)));
      for (const shard of others) prepared.add(shard);
    }
  } catch (error) {
    await Promise.allSettled(shards.running.map((shard) => shard.call('tls.abandon', {})));
    throw error;
  }
  remember();
  await Promise.allSettled(alive().map((shard) => shard.call('tls.commit', {})));
}

/** A shard that died has no say. */
async function prepare(shards: SwapShards, shard: SwapShard, changes: readonly TlsChange[]): Promise<void> {
  try {
    await shard.call('tls.prepare', { changes });
  } catch (error) {
    if (shards.running.includes(shard)) throw error;
  }
}
