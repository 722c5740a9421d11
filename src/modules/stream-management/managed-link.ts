/** XEP-0198: the link of a session whose stream is managed: it counts and keeps what it sends, and stays when the connection goes. */
import type { Sharing } from '../../core/routing/handed.js';
import { delayed, givenBack } from '../../core/routing/returnable.js';
import type { Session, SessionLink, StreamLink } from '../../core/sessions/session.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import { StreamError } from '../../protocol/errors.js';
import type { Stanza } from '../../protocol/stanza.js';
import type { Acknowledgement } from './acknowledgement.js';
import { Beginning } from './beginning.js';
import { REQUEST, tooHigh } from './nonzas.js';
import { UnacknowledgedQueue } from './unacknowledged.js';

/** What all managed links of a host share. */
export interface LinkRules {
  readonly clock: Clock;
  /** Whether what is sent is kept until it is acknowledged. */
  readonly keeps: boolean;
  readonly maxStanzas: number;
  readonly maxBytes: number;
  /** An acknowledgement is asked for behind so many stanzas; never, when infinite. */
  readonly requestEvery: number;
  /** The queue is over a limit, and stays so. */
  readonly overflowed: (session: Session) => void;
  /** Nobody has come back for the session in time. */
  readonly expired: (session: Session) => void;
}

export interface ManagedLinkParts {
  readonly stream: StreamLink;
  readonly rules: LinkRules;
  readonly acknowledgement: Acknowledgement;
  /** `undefined` when the session ends with its stream. */
  readonly resumable: { readonly id: string; readonly seconds: number } | undefined;
}

/** A client that reads may be behind by more stanzas than `buffer_max` for so long, as after a large burst. */
export const GRACE_MS = 5_000;

const NOWHERE = { ip: 'unknown', port: 0 };
/** Section 4: why a message that comes late does. */
const REASON = 'SM Storage';

export class ManagedLink implements SessionLink {
  readonly #session: Session;
  readonly #rules: LinkRules;
  readonly #queue = new UnacknowledgedQueue();
  readonly acknowledgement: Acknowledgement;
  /** Section 5: the name of the stream for the one who wants it back; `undefined` when nobody may. */
  readonly id: string | undefined;
  /** How long the session stays without a connection. */
  readonly seconds: number;
  /** Stanzas of the client that came before stream management was enabled. */
  readonly #before: number;
  #stream: StreamLink | undefined;
  /** `undefined` once the client surely counts. */
  #beginning: Beginning | undefined;
  /** Its connection went before the client got any stanza. */
  #hasSentNothing = false;
  /** The stream that is going to take over, once all is known that its client has to be told. */
  #successor: StreamLink | undefined;
  /** Sent since an acknowledgement was asked for. */
  #unasked = 0;
  #isAskingSoon = false;
  #cancelExpiry: Cancel | undefined;
  #cancelOverflow: Cancel | undefined;
  /** After how long an overflow that is waited out counts; infinite while there is none. */
  #graceMs = Number.POSITIVE_INFINITY;

  constructor(session: Session, { stream, rules, acknowledgement, resumable }: ManagedLinkParts) {
    this.#session = session;
    this.#stream = stream;
    this.#rules = rules;
    this.acknowledgement = acknowledgement;
    this.id = resumable?.id;
    this.seconds = resumable?.seconds ?? 0;
    this.#before = session.handled;
    this.#beginning = this.#begin();
  }

  /** The stream that carries the session; it may be broken already. */
  get stream(): StreamLink | undefined {
    return this.#stream;
  }

  /** What the client calls `h`, not yet counted round. */
  get handled(): number {
    return this.#session.handled - this.#before;
  }

  get isClosed(): boolean {
    return this.#stream?.isClosed ?? true;
  }

  get isKeeping(): boolean {
    return this.#rules.keeps;
  }

  get isSecure(): boolean {
    return this.#stream?.isSecure ?? false;
  }

  get lang(): string | undefined {
    return this.#stream?.lang;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.#stream?.address ?? NOWHERE;
  }

  end(error?: StreamError): void {
    this.#stream?.end(error);
    this.#successor?.end(error);
  }

  deliver(stanza: Stanza): void {
    const isInArena = stanza.isInArena;
    const text = isInArena && !this.#rules.keeps ? undefined : stanza.toXml();
    this.#keep(stanza, text);
    const stream = this.#stream;
    if (stream) {
      if (text !== undefined && this.#beginning?.holds(text)) this.#unasked++;
      else this.#send(stanza, text, stream);
    }
    if (this.#isOver) this.#overflow();
  }

  #send(stanza: Stanza, text: string | undefined, stream: StreamLink): void {
    if (stanza.isInArena || text === undefined) stream.deliver(stanza);
    else stream.write(text);
    if (++this.#unasked >= this.#rules.requestEvery) this.#askBehind(stanza, stream);
  }

  /** The client has handled so many. False when it cannot have. */
  acknowledge(h: number): boolean {
    if (this.#beginning) return this.#beginning.told(h);
    if (!this.#queue.accepts(h)) return false;
    this.#queue.acknowledge(h);
    if (!this.#isOver) this.#forgive();
    return true;
  }

  accepts(h: number): boolean {
    return this.#hasSentNothing ? h === 0 : this.#queue.accepts(h);
  }

  /** What to say to whom claims to have handled more than there was. */
  tooHigh(h: number): StreamError {
    return tooHigh(h, this.#beginning || this.#hasSentNothing ? 0 : this.#queue.sent);
  }

  /** The connection is gone: what is sent from now on waits for the client to come back. */
  detach(): void {
    this.#leave();
    this.#waitForReturn();
    if (this.#isOver) this.#overflow();
  }

  /** Another stream wants the session: the one that had it, or was waiting for it, ends. Resolves when no stanza is in work any more. */
  async hand(successor: StreamLink): Promise<void> {
    const conflict = new StreamError('conflict', 'The session goes on with another connection');
    this.#successor?.end(conflict);
    this.#successor = successor;
    const former = this.#leave();
    this.#waitForReturn();
    await former?.release(conflict);
  }

  /** Whether that stream is still the one to take over; if not, it has been told. */
  isNext(stream: StreamLink): boolean {
    return this.#successor === stream && !stream.isClosed && !stream.isEnding;
  }

  /** Section 5: the stream goes on where the one before it ended. */
  resume(stream: StreamLink, h: number, greeting: string): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    this.#successor = undefined;
    this.#hasSentNothing = false;
    this.#queue.acknowledge(h);
    stream.carry(this.#session, greeting);
    this.#stream = stream;
    for (const { stanza, at } of this.#queue) stream.write(delayed(stanza, at, this.#session, REASON).toXml());
    if (this.#queue.length > 0 && this.#rules.requestEvery !== Number.POSITIVE_INFINITY) this.#ask(stream);
    this.#forgive();
    if (this.#isOver) this.#overflow();
  }

  shared(stanza: Stanza, sharing: Sharing): void {
    const { last } = this.#queue;
    if (last?.stanza === stanza) last.sharing = sharing;
  }

  /** The session is over. Returns what its client has not acknowledged and is nowhere else, as it goes another way. */
  close(): Stanza[] {
    this.#beginning?.cancel();
    this.#cancelExpiry?.();
    this.#cancelOverflow?.();
    return givenBack(this.#queue.take(), this.#session, REASON);
  }

  /** What the client gets first waits in the queue, too, where there is one. */
  #begin(): Beginning | undefined {
    const { clock, keeps, requestEvery } = this.#rules;
    if (!keeps || requestEvery === Number.POSITIVE_INFINITY) return undefined;
    return new Beginning(clock, {
      ask: () => this.#stream?.write(REQUEST),
      over: (held) => this.#begun(held),
      doubted: (h) => this.end(this.tooHigh(h)),
    });
  }

  #begun(held: readonly string[]): void {
    const stream = this.#stream;
    this.#beginning = undefined;
    if (!stream) return;
    for (const text of held) stream.write(text);
    if (this.#unasked >= this.#rules.requestEvery) this.#ask(stream);
  }

  /** What was held for the stream is in the queue, for the next one. */
  #leave(): StreamLink | undefined {
    const stream = this.#stream;
    this.#stream = undefined;
    if (this.#beginning) this.#hasSentNothing = true;
    this.#beginning?.cancel();
    this.#beginning = undefined;
    return stream;
  }

  get #isOver(): boolean {
    return this.#queue.length > this.#rules.maxStanzas || this.#queue.bytes > this.#rules.maxBytes;
  }

  #keep(stanza: Stanza, text: string | undefined): void {
    if (text === undefined) return this.#queue.count();
    // Since when it has been here is told of messages alone.
    const at = stanza.name === 'message' ? this.#rules.clock.now() : 0;
    this.#queue.push(stanza.keep(), Buffer.byteLength(text), at);
  }

  /** PERF(login): presence comes in bursts, and nobody waits for it to be safe: one request behind all of this turn will do. */
  #askBehind({ name }: Stanza, stream: StreamLink): void {
    if (name !== 'presence') return this.#ask(stream);
    if (this.#isAskingSoon) return;
    this.#isAskingSoon = true;
    queueMicrotask(() => {
      this.#isAskingSoon = false;
      if (this.#stream && this.#unasked >= this.#rules.requestEvery) this.#ask(this.#stream);
    });
  }

  #ask(stream: StreamLink): void {
    this.#unasked = 0;
    stream.write(REQUEST);
  }

  #waitForReturn(): void {
    this.#cancelExpiry?.();
    const expire = () => this.#rules.expired(this.#session);
    this.#cancelExpiry = this.#rules.clock.after(this.seconds * 1_000, expire);
  }

  /** Not in the middle of a delivery: the session's end sends the stanza elsewhere. */
  #overflow(): void {
    const { clock, maxBytes, overflowed } = this.#rules;
    const graceMs = this.#stream && this.#queue.bytes <= maxBytes ? GRACE_MS : 0;
    if (graceMs >= this.#graceMs) return;
    this.#cancelOverflow?.();
    this.#graceMs = graceMs;
    this.#cancelOverflow = clock.after(graceMs, () => {
      this.#forgive();
      overflowed(this.#session);
    });
  }

  #forgive(): void {
    this.#cancelOverflow?.();
    this.#cancelOverflow = undefined;
    this.#graceMs = Number.POSITIVE_INFINITY;
  }
}
