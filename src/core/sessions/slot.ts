/** Places where modules keep what belongs to one session or to one account that is online. */

/** A typed key, made once per kind of state and owned by one module. */
export interface Slot<T> {
  /** Module and meaning, such as `mod_roster.interested`; shown when a session is inspected. */
  readonly name: string;
  readonly initial: () => T;
}

export function slot<T>(name: string, initial: () => T): Slot<T> {
  return { name, initial };
}

/** Something that carries slots: nothing is allocated until the first one is used. */
export class SlotHolder {
  #slots: Map<Slot<unknown>, unknown> | undefined;

  /** The value in the slot, made by its `initial` at first use. */
  get<T>(slot: Slot<T>): T {
    this.#slots ??= new Map();
    const kept = this.#slots.get(slot) as T | undefined;
    if (kept !== undefined) return kept;
    const made = slot.initial();
    this.#slots.set(slot, made);
    return made;
  }

  /** The value in the slot, or `undefined` when it was never used. */
  peek<T>(slot: Slot<T>): T | undefined {
    return this.#slots?.get(slot) as T | undefined;
  }

  set<T>(slot: Slot<T>, value: T): void {
    this.#slots ??= new Map();
    this.#slots.set(slot, value);
  }
}
