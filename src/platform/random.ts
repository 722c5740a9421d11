/** Randomness as the rest of the server sees it, so that tests can repeat what happened. */
import { randomBytes, randomFillSync, randomInt } from 'node:crypto';

export interface Random {
  /** Fit for secrets. */
  bytes(length: number): Uint8Array;
  /** `byteCount` secret-grade bytes as twice as many lower-case hexadecimal digits. */
  hex(byteCount: number): string;
  /** From 0 up to but not including 1; cheap, and for nothing that has to stay secret. */
  fraction(): number;
  /** A secret-grade whole number from 0 up to but not including `limit`, every one equally likely. */
  below(limit: number): number;
}

export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
  hex: (byteCount) => randomBytes(byteCount).toString('hex'),
  fraction: () => Math.random(),
  below: (limit) => randomInt(limit),
};
