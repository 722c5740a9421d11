/** The envelopes of one loop turn and the bytes that they point into, as the shard reads them. */
import { eventKind, WORDS_PER_ENVELOPE, word } from '../envelope.js';
import type { BatchHandler } from '../port.js';
import type { Outline } from './outline.js';

const ENVELOPES = 1024;
const ARENA_BYTES = 1024 * 1024;

/** What an envelope leans on beyond its words, for calls that name it while its batch runs. */
export interface Origin {
  /** Namespace prefixes around the element. */
  readonly scope: ReadonlyMap<string, string>;
  /** It came in a frame, and so did its stream's header. */
  readonly isFramed?: boolean;
  /** Whose `from` it gets when it goes elsewhere. */
  readonly sender: { readonly stampText: string | undefined };
}

/** An event that waits for its batch. */
export interface Notice {
  readonly kind: number;
  readonly detail: number;
  readonly bytes?: Uint8Array | undefined;
}

type FrameLeft = (slot: number, generation: number, bytes: number) => void;

export interface Envelope {
  readonly kind: number;
  readonly slot?: number;
  readonly generation?: number;
  readonly detail?: number;
  readonly count?: number;
  readonly bytes?: Uint8Array | undefined;
  readonly outline?: Outline | undefined;
  readonly origin?: Origin;
}

const NO_BYTES = new Uint8Array(0);

export class Batch {
  readonly words = new Uint32Array(ENVELOPES * WORDS_PER_ENVELOPE);
  arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  isRunning = false;
  #isStopped = false;
  readonly #onBatch: BatchHandler;
  readonly #left: FrameLeft;
  readonly #origins: (Origin | undefined)[] = [];
  #count = 0;
  #used = 0;

  /** `left` is called behind the handler, for each frame that it says has left. */
  constructor(onBatch: BatchHandler, left: FrameLeft) {
    this.#onBatch = onBatch;
    this.#left = left;
  }

  /** Hands the batch over when it has no room for one more envelope with so many bytes. */
  makeRoom(bytes: number): void {
    if (this.#count === ENVELOPES || this.#used + bytes > this.arena.length) this.flush();
    if (bytes > this.arena.length) this.arena = Buffer.allocUnsafeSlow(bytes);
  }

  /** Not to be called from within the handler. */
  add(envelope: Envelope): void {
    const bytes = envelope.bytes ?? NO_BYTES;
    this.makeRoom(bytes.length);
    const base = this.#count * WORDS_PER_ENVELOPE;
    const { words } = this;
    words.fill(0, base, base + WORDS_PER_ENVELOPE);
    words[base + word.KIND] = envelope.kind;
    words[base + word.SLOT] = envelope.slot ?? 0;
    words[base + word.GENERATION] = envelope.generation ?? 0;
    words[base + word.START] = this.#used;
    words[base + word.END] = this.#used + bytes.length;
    words[base + word.DETAIL] = envelope.detail ?? 0;
    words[base + word.COUNT] = envelope.count ?? 0;
    if (envelope.outline) writeOutline(words, base, envelope.outline);

    this.arena.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#origins[this.#count++] = envelope.origin;
  }

  /** Calls the handler, unless nothing has happened. */
  flush(): void {
    if (this.#count === 0 || this.#isStopped) {
      this.#reset();
      return;
    }
    this.isRunning = true;
    try {
      this.#onBatch(this.#count);
    } finally {
      this.#countLeft();
      this.isRunning = false;
      this.#reset();
    }
  }

  /** The handler is called no more. */
  stop(): void {
    this.#isStopped = true;
  }

  has(envelope: number): boolean {
    return this.isRunning && envelope >= 0 && envelope < this.#count;
  }

  kind(envelope: number): number {
    return (this.words[envelope * WORDS_PER_ENVELOPE] as number) & 0xff;
  }

  word(envelope: number, field: number): number {
    return this.words[envelope * WORDS_PER_ENVELOPE + field] as number;
  }

  bytes(envelope: number): Buffer {
    return this.arena.subarray(this.word(envelope, word.START), this.word(envelope, word.END));
  }

  /** Frames that have left while the handler ran. */
  #countLeft(): void {
    for (let envelope = 0; envelope < this.#count; envelope++) {
      if (this.kind(envelope) !== eventKind.FRAME || this.word(envelope, word.LEFT) === 0) continue;
      this.#left(this.word(envelope, word.SLOT), this.word(envelope, word.GENERATION), this.bytes(envelope).length);
    }
  }

  #reset(): void {
    this.#count = 0;
    this.#used = 0;
    this.#origins.length = 0;
    // An element larger than the arena must not leave its size behind.
    if (this.arena.length > ARENA_BYTES) this.arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  }

  origin(envelope: number): Origin | undefined {
    return this.#origins[envelope];
  }
}

function writeOutline(words: Uint32Array, base: number, outline: Outline): void {
  words[base + word.KIND] = ((words[base + word.KIND] as number) | outline.flags) >>> 0;
  words[base + word.TO] = outline.to;
  words[base + word.FROM] = outline.from;
  words[base + word.ID] = outline.id;
  words[base + word.LANG] = outline.lang;
  words[base + word.STANZA] = outline.stanzaWord;
  words[base + word.CHILDREN_LOW] = outline.childrenLow;
  words[base + word.CHILDREN_HIGH] = outline.childrenHigh;
  words[base + word.HEAD] = outline.head;
  words[base + word.FROM_CUT] = outline.fromCut;
}
