/** XEP-0198 from the client's side: what was counted, and what the server has not acknowledged yet. */
import { ns } from './namespaces.js';
import { type Xml, xml } from './xml.js';

/** XEP-0198 section 4: counts go around. */
const MODULUS = 2 ** 32;
const STANZAS = ['message', 'presence', 'iq'];

export function isStanza(element: Xml): boolean {
  return element.ns === ns.CLIENT && STANZAS.includes(element.name);
}

export class StreamManagement {
  /** Undefined when the stream cannot be resumed. */
  readonly id: string | undefined;
  #received = 0;
  #acknowledged = 0;
  #unacknowledged: Xml[] = [];

  constructor(id: string | undefined) {
    this.id = id;
  }

  /** To be asked for with the handled count. */
  get answer(): Xml {
    return xml('a', ns.SM, { h: String(this.#received) });
  }

  get resume(): Xml {
    return xml('resume', ns.SM, { h: String(this.#received), previd: this.id });
  }

  /** A stanza came. */
  received(): void {
    this.#received = (this.#received + 1) % MODULUS;
  }

  /** A stanza was sent. */
  sent(stanza: Xml): void {
    this.#unacknowledged.push(stanza);
  }

  /** Returns what the server has taken since the last time. */
  acknowledged(h: string | undefined): Xml[] {
    const count = Number(h);
    if (h === undefined || !Number.isInteger(count) || count < 0 || count >= MODULUS) return [];
    const news = (count - this.#acknowledged + MODULUS) % MODULUS;
    // More than was sent is a mistake of the other side, or an older count.
    if (news > this.#unacknowledged.length) return [];
    this.#acknowledged = count;
    return this.#unacknowledged.splice(0, news);
  }

  /** What is on the way, first sent first. */
  get unacknowledged(): readonly Xml[] {
    return this.#unacknowledged;
  }
}
