/** A moment after which something is too late; may be put off or lifted. */

export class Deadline {
  readonly #passed: () => void;
  #timer: NodeJS.Timeout | undefined;
  #atMs = 0;

  constructor(passed: () => void) {
    this.#passed = passed;
  }

  /** Milliseconds that are left; 0 when none is set. */
  get leftMs(): number {
    return this.#timer === undefined ? 0 : Math.max(1, this.#atMs - performance.now());
  }

  /** 0 lifts it. */
  set(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ms <= 0) return;
    this.#atMs = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#passed();
    }, ms);
  }
}
