/** One presence for many accounts at home on other shards: each shard gets it once, with the list of those who live there. */
import type { Router } from '../../core/routing/router.js';
import type { ShardCalls } from '../../core/shards/shard-calls.js';
import type { Jid } from '../../protocol/jid.js';
import { LATER, type Parse, Stanza } from '../../protocol/stanza.js';

export interface FarContactsParts {
  /** Every host type has contacts of its own. */
  readonly hostType: string;
  readonly router: Router;
  readonly calls: ShardCalls;
  readonly parse: Parse;
  readonly jid: (text: string) => Jid | undefined;
}

interface Letter {
  readonly type: string;
  readonly from: string;
  readonly lang: string | undefined;
  readonly xml: string;
  readonly to: readonly string[];
}

export class FarContacts {
  readonly #parts: FarContactsParts;
  readonly #name: string;

  constructor(parts: FarContactsParts) {
    this.#parts = parts;
    this.#name = `presence.shown.${parts.hostType}`;
  }

  /** Takes what other shards send; the function returned ends that. */
  serve(): () => void {
    return this.#parts.calls.serve(this.#name, (letter: Letter) => this.#received(letter));
  }

  /** In order with all else that goes to that shard (RFC 6120 section 10.1). `stanza` has a sender. */
  send(shard: number, stanza: Stanza, to: readonly Jid[]): void {
    const { calls, router } = this.#parts;
    const { type, lang } = stanza;
    const from = stanza.from as Jid;
    const xml = stanza.readdressed(undefined, from).toXml();
    const letter: Letter = { type, from: from.toString(), lang, xml, to: to.map((jid) => jid.toString()) };
    if (calls.tell(shard, this.#name, letter)) return;
    // Each of them is as unreachable as that shard, and the sender is told so.
    for (const jid of to) router.route(stanza.readdressed(jid, from));
  }

  #received({ type, from, lang, xml, to }: Letter): void {
    const { router, parse, jid } = this.#parts;
    const sender = jid(from);
    const stanza = Stanza.fromText(
      { name: 'presence', type, to: undefined, from: sender, id: LATER, lang },
      xml,
      parse,
    );
    for (const text of to) {
      const contact = jid(text);
      if (contact && !router.isDeserted(contact)) router.route(stanza.readdressed(contact, sender));
    }
  }
}
