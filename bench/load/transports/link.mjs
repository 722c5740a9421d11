/** What every transport is to a client: first elements one by one, while it logs in; then a stream of them to a listener. */

export class LinkError extends Error {}

export class Link {
  /** Elements that nobody has asked for yet, as text. */
  #waiting = [];
  #reader;
  #listener;
  #end;
  isOpen = true;
  /** Called once, when the link is gone without having been closed from here; with the reason. */
  onLost;
  /** Called when the link is gone for whatever reason. */
  onGone;
  /** Called when there is room again behind a `send` that returned false. */
  onDrained;

  constructor(patienceMs) {
    this.patienceMs = patienceMs;
  }

  /** The next element, as text. Only before `flow`. */
  read() {
    if (this.#waiting.length > 0) return Promise.resolve(this.#waiting.shift());
    if (this.#end) return Promise.reject(new LinkError(this.#end));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#reader = undefined;
        reject(new LinkError('no answer in time'));
      }, this.patienceMs);
      this.#reader = { resolve, reject, timer };
    });
  }

  /** From now on the listener's `element` gets each element. */
  flow(listener) {
    this.#listener = listener;
  }

  get isFlowing() {
    return this.#listener !== undefined;
  }

  /** Of elements whose text is at hand; `view` shows one to the listener. */
  take(text, view) {
    if (this.#listener) this.#listener.element(view(text));
    else this.arrive(text);
  }

  /** Those that came before `flow` did. */
  release(view) {
    for (const text of this.#waiting.splice(0)) this.#listener.element(view(text));
  }

  arrive(text) {
    const reader = this.#reader;
    if (!reader) return void this.#waiting.push(text);
    this.#reader = undefined;
    clearTimeout(reader.timer);
    reader.resolve(text);
  }

  show(view) {
    this.#listener.element(view);
  }

  /** The connection is gone, for this reason. */
  ended(reason) {
    if (this.#end !== undefined) return;
    this.#end = reason;
    const wasOpen = this.isOpen;
    this.isOpen = false;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) {
      clearTimeout(reader.timer);
      reader.reject(new LinkError(reason));
    }
    if (wasOpen) this.onLost?.(reason);
    this.onGone?.();
    this.onEnd?.();
  }

  get end() {
    return this.#end;
  }
}
