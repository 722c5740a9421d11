/** What is held back from a client that is inactive, in order. */
import type { Sharing } from '../../core/routing/handed.js';
import { formatDateTime } from '../../protocol/date-time.js';
import { el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

export interface HeldStanza {
  readonly stanza: Stanza;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Other sessions have the same message. */
  sharing: Sharing | undefined;
}

export class HeldStanzas {
  /** By what a later stanza replaces; those that nothing replaces by themselves. */
  readonly #held = new Map<string | Stanza, HeldStanza>();
  #last: HeldStanza | undefined;
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
  take(): HeldStanza[] {
    const all = [...this.#held.values()];
    this.#held.clear();
    this.#last = undefined;
    this.#bytes = 0;
    return all;
  }
}

/** XEP-0203: a message that comes late says since when it has been here. Other stanzas are about the moment. */
export function delayed({ stanza, at }: HeldStanza, domain: string): Stanza {
  if (stanza.name !== 'message' || stanza.has(child.DELAY)) return stanza;
  return stanza.withChild(el('delay', { xmlns: ns.DELAY, from: domain, stamp: formatDateTime(at) }, 'Client Inactive'));
}

function size(stanza: Stanza): number {
  return stanza.toXml().length;
}
