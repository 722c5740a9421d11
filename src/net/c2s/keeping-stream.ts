/** The stream of a client over BOSH: it keeps what it delivers until the client has it, and gives the rest back when it ends. */
import type { Sharing } from '../../core/routing/handed.js';
import { givenBack } from '../../core/routing/returnable.js';
import type { Element } from '../../protocol/element.js';
import type { Stanza } from '../../protocol/stanza.js';
import { COUNT, readDelivered } from '../stream/delivered-text.js';
import { BoundStream } from './bound-stream.js';
import { KeptStanzas } from './kept-stanzas.js';

/**
 * What waits to be sent is bounded by the engine, and answers by BOSH. More than this comes together only where input is held back, or
 * where a client takes answers and says by `ack` that it has none of them.
 */
const MOST_CHARACTERS = 8 * 1024 * 1024;
/** What a stanza takes beside its text, as characters: short ones take little else. */
const STANZA_CHARACTERS = 512;
/** XEP-0203: why a message that comes late does. */
const REASON = 'Not delivered over BOSH';

export class KeepingStream extends BoundStream {
  /** Since counting began. */
  #frames = 0;
  /** Undefined while there is nothing: most sessions are idle. */
  #kept: KeptStanzas | undefined;

  get isKeeping(): boolean {
    return true;
  }

  override deliver(stanza: Stanza): void {
    if (!this.isEnding) this.#frames++;
    if (!this.#mayComeBack(stanza)) return super.deliver(stanza);
    const text = stanza.toXml();
    this.#kept ??= new KeptStanzas(MOST_CHARACTERS);
    this.#kept.add(this.#frames, stanza.keep(), STANZA_CHARACTERS + text.length, this.services.clock.now());
    if (stanza.isInArena) super.deliver(stanza);
    else super.write(text);
  }

  override write(xml: string): void {
    if (!this.isEnding) this.#frames++;
    super.write(xml);
  }

  shared(stanza: Stanza, sharing: Sharing): void {
    this.#kept?.shared(stanza, sharing);
  }

  /** Also while an earlier stanza is being worked on. */
  override nonza(element: Element): void {
    const frames = readDelivered(element);
    if (frames === undefined) return super.nonza(element);
    this.#kept?.delivered(frames);
    if (this.#kept?.isEmpty) this.#kept = undefined;
  }

  protected override begun(): void {
    this.#frames = 0;
    this.connection.write(COUNT);
  }

  protected override over(): void {
    const { session } = this;
    const kept = this.#kept?.take();
    this.#kept = undefined;
    if (!session || !kept) return;
    for (const stanza of givenBack(kept, session, REASON)) this.services.router.again(stanza);
  }

  /** With stream management (XEP-0198) it is that which keeps. */
  #mayComeBack({ name, type }: Stanza): boolean {
    if (this.session?.link !== this) return false;
    return name === 'message' || (name === 'iq' && (type === 'get' || type === 'set'));
  }
}
