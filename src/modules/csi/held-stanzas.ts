/** What is held back from a client that is inactive, in order. */
import type { Sharing } from '../../core/routing/handed.js';
import type { KeptStanza } from '../../core/routing/returnable.js';
import type { Stanza } from '../../protocol/stanza.js';

export class HeldStanzas {
  /** By what a later stanza replaces; those that nothing replaces by themselves. */
  readonly #held = new Map<string | Stanza, KeptStanza>();
  #last: KeptStanza | undefined;
  #bytes = 0;

  hasRoomFor(
    stanza: Stanza,
    key: string | undefined,
    most: { readonly stanzas: number; readonly bytes: number },
  ): boolean {
    const length = key !== undefined && this.#held.has(key) ? this.#held.size : this.#held.size + 1;
    return length <= most.stanzas && this.#bytes + size(stanza) <= most.bytes;
  }

  /** Holds it in place of an earlier one of the same key, at the end. */
  add(stanza: Stanza, key: string | undefined, at: number): void {
    const name = key ?? stanza;
    const replaced = this.#held.get(name);
    if (replaced) {
      this.#bytes -= size(replaced.stanza);
      this.#held.delete(name);
    }
    this.#last = { stanza: stanza.keep(), at, sharing: undefined };
    this.#held.set(name, this.#last);
    this.#bytes += size(stanza);
  }

  shared(stanza: Stanza, sharing: Sharing): void {
    if (this.#last?.stanza === stanza) this.#last.sharing = sharing;
  }

  /** All of them; nothing is held any more. */
  take(): KeptStanza[] {
    const all = [...this.#held.values()];
    this.#held.clear();
    this.#last = undefined;
    this.#bytes = 0;
    return all;
  }
}

function size(stanza: Stanza): number {
  return stanza.toXml().length;
}
