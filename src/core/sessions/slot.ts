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

/** One value, and those that were put in before it: holders have few, and a map takes four times as much. */
interface Kept {
  readonly slot: Slot<unknown>;
  value: unknown;
  readonly next: Kept | undefined;
}

/** Something that carries slots: nothing is allocated until the first one is used. */
export class SlotHolder {
  #slots: Kept | undefined;

  /** The value in the slot, made by its `initial` at first use. */
  get<T>(slot: Slot<T>): T {
    const kept = this.peek(slot);
    if (kept !== undefined) return kept;
    const made = slot.initial();
    this.set(slot, made);
    return made;
  }

  /** The value in the slot, or `undefined` when it was never used. */
  peek<T>(slot: Slot<T>): T | undefined {
    for (let kept = this.#slots; kept; kept = kept.next) if (kept.slot === slot) return kept.value as T;
    return undefined;
  }

  set<T>(slot: Slot<T>, value: T): void {
    for (let kept = this.#slots; kept; kept = kept.next) {
      if (kept.slot !== slot) continue;
      kept.value = value;
      return;
    }
    this.#slots = { slot, value, next: this.#slots };
  }
}
