/** Proves that the requests of a session come from one client: each carries what hashes to the key of the one before (XEP-0124 section 15). */
import { createHash, timingSafeEqual } from 'node:crypto';

export class KeySequence {
  #last: string | undefined;

  constructor(newKey: string | undefined) {
    this.#last = newKey?.toLowerCase();
  }

  /** Takes the keys of the next request; false when they do not follow. Without a first key there is nothing to prove. */
  accept(key: string | undefined, newKey: string | undefined): boolean {
    if (this.#last !== undefined && (key === undefined || !isSameKey(sha1(key), this.#last))) return false;
    this.#last = (newKey ?? (this.#last === undefined ? undefined : key))?.toLowerCase();
    return true;
  }
}

/** The key of a request that is sent once more has to be the same. */
export function isSameKey(given: string | undefined, known: string | undefined): boolean {
  if (given === undefined || known === undefined) return given === known;
  const [a, b] = [Buffer.from(given.toLowerCase()), Buffer.from(known.toLowerCase())];
  return a.length === b.length && timingSafeEqual(a, b);
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
