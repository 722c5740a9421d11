/** What is held back from a client that is inactive, in order. */
import type { Session } from '../../core/sessions/session.js';
import { formatDateTime } from '../../protocol/date-time.js';
import { el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

export interface HeldStanza {
  readonly stanza: Stanza;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Other sessions were given the same message. */
  sharers: readonly Session[] | undefined;
}

export class HeldStanzas {
  /** By what a later stanza replaces; those that nothing replaces by themselves. */
  readonly #held = new Map<string | Stanza, HeldStanza>();
  #last: HeldStanza | undefined;
  #bytes = 0;

  get length(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Holds it in place of an earlier one of the same key, at the end. */
  add(stanza: Stanza, key: string | undefined, at: number): void {
    const name = key ?? stanza;
    const replaced = this.#held.get(name);
    if (replaced) {
      this.#bytes -= size(replaced.stanza);
      this.#held.delete(name);
    }
    this.#last = { stanza: stanza.keep(), at, sharers: undefined };
    this.#held.set(name, this.#last);
    this.#bytes += size(stanza);
  }

  shared(stanza: Stanza, sharers: readonly Session[]): void {
    if (this.#last?.stanza === stanza) this.#last.sharers = sharers;
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
