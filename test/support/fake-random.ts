/** Randomness that is the same in every run (a xorshift generator), and a different one for each seed. */
import type { Random } from '../../src/platform/random.js';

export function fakeRandom(seed = 1): Random {
  let state = (seed * 2654435761) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const bytes = (length: number) => Uint8Array.from({ length }, () => next() & 0xff);
  return {
    bytes,
    hex: (byteCount) => Buffer.from(bytes(byteCount)).toString('hex'),
    fraction: () => next() / 0x1_0000_0000,
    below: (limit) => next() % limit,
  };
}
