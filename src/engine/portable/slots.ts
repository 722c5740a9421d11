/** Numbers for connections: small ones that are used again, each use with a generation of its own. */

export class Slots<T> {
  readonly #entries: { value: T | undefined; generation: number }[] = [];
  readonly #free: number[] = [];

  /** `make` gets the number and the generation. */
  take(make: (slot: number, generation: number) => T): T {
    const slot = this.#free.pop() ?? this.#entries.push({ value: undefined, generation: 1 }) - 1;
    const entry = this.#entries[slot] as { value: T | undefined; generation: number };
    entry.value = make(slot, entry.generation);
    return entry.value;
  }

  find(slot: number, generation: number): T | undefined {
    const entry = this.#entries[slot];
    return entry?.generation === generation ? entry.value : undefined;
  }

  free(slot: number): void {
    const entry = this.#entries[slot];
    if (entry?.value === undefined) return;
    entry.value = undefined;
    // A word holds 32 bits.
    entry.generation = (entry.generation + 1) >>> 0;
    this.#free.push(slot);
  }

  get all(): T[] {
    return this.#entries.flatMap((entry) => (entry.value === undefined ? [] : [entry.value]));
  }

  get size(): number {
    return this.#entries.length - this.#free.length;
  }
}
