/** Sums of what the connections of a shard carry and hold. */
import type { EngineCounters } from '../port.js';
import type { Connection } from './connection.js';
import type { ProxyGate } from './proxy-gate.js';

type Sums = Pick<EngineCounters, 'connections' | 'accepted' | 'bytesIn' | 'bytesOut' | 'memoryBytes'>;

/** `gone`: of connections that are no more; `shared`: memory that belongs to none of them. */
export function count(
  gone: Pick<EngineCounters, 'accepted' | 'bytesIn' | 'bytesOut'>,
  connections: readonly Connection[],
  gates: readonly ProxyGate[],
  shared: number,
): Sums {
  let { bytesIn, bytesOut } = gone;
  let memoryBytes = shared;
  for (const connection of connections) {
    bytesIn += connection.traffic.bytesIn;
    bytesOut += connection.traffic.bytesOut;
    memoryBytes += connection.memoryBytes;
  }
  const waiting = gates.reduce((sum, gate) => sum + gate.waiting, 0);
  return { connections: connections.length + waiting, accepted: gone.accepted, bytesIn, bytesOut, memoryBytes };
}
