/** Shows an element that lies in the engine's arena: what was asked for is read, and nothing else. Good until the batch is over. */
import { importCompiled } from '../../lib/places.mjs';

const { stanzaKind, stanzaTypes, word } = await importCompiled('engine/envelope.js');

export { stanzaKind };

export class ArenaView {
  #engine;
  #base = 0;

  constructor(engine) {
    this.#engine = engine;
  }

  at(base) {
    this.#base = base;
    return this;
  }

  /** A `stanzaKind`. */
  get kind() {
    return this.#engine.words[this.#base + word.STANZA] & 0xff;
  }

  /** Empty when absent. */
  get type() {
    return stanzaTypes[(this.#engine.words[this.#base + word.STANZA] >>> 8) & 0xff];
  }

  get id() {
    return this.#attribute(word.ID);
  }

  get from() {
    return this.#attribute(word.FROM);
  }

  /** The whole element. */
  get text() {
    const { words, arena } = this.#engine;
    return arena.utf8Slice(words[this.#base + word.START], words[this.#base + word.END]);
  }

  #attribute(field) {
    const { words, arena } = this.#engine;
    const span = words[this.#base + field];
    if (span === 0) return undefined;
    const start = words[this.#base + word.START] + (span >>> 16);
    return arena.latin1Slice(start, start + (span & 0xffff));
  }
}
