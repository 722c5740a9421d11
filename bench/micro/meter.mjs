/** What a step is measured with: CPU time of the process, or instructions and bytes of the heap under callgrind. */
import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';

/** Adds up CPU time between `begin` and `end`. */
export class CpuMeter {
  operations = 0;
  microseconds = 0;
  #before;

  begin() {
    this.#before = process.cpuUsage();
  }

  end(operations) {
    const { user, system } = process.cpuUsage(this.#before);
    this.operations += operations;
    this.microseconds += user + system;
  }

  /** Nanoseconds of an operation since the last time. */
  take() {
    const each = (this.microseconds * 1_000) / this.operations;
    this.operations = 0;
    this.microseconds = 0;
    return each;
  }
}

/** Makes a dump of callgrind for what this thread does between each `begin` and `end`. */
export class CountingMeter {
  /** Of the step at hand, one for each dump. */
  windows = [];
  #addon;
  #name = '';
  #heapBefore = 0;
  #heapOfNothing = 0;

  /** `file` is that of `meterAddon`. */
  constructor(file) {
    this.#addon = createRequire(import.meta.url)(file);
    if (!this.#addon.isCounting()) throw new Error('instructions can be counted under callgrind alone');
  }

  /** Until then the program runs several times as fast. */
  start() {
    this.#addon.startInstrumentation();
    for (let i = 0; i < 3; i++) {
      this.begin();
      this.end(1);
    }
    this.#heapOfNothing = this.windows.at(-1).bytes;
  }

  name(name) {
    this.#name = name;
    this.windows = [];
  }

  begin() {
    this.#heapBefore = getHeapStatistics().used_heap_size;
    this.#addon.toggle();
  }

  end(operations) {
    this.#addon.toggle();
    const bytes = getHeapStatistics().used_heap_size - this.#heapBefore - this.#heapOfNothing;
    this.#addon.dump(this.#name);
    this.windows.push({ operations, bytes: bytes / operations });
  }
}

const REFERENCE_TURNS = 400_000;
const REFERENCE_PLACES = 16_384;
const places = new Uint32Array(REFERENCE_PLACES).fill(1);

/**
 * Nanoseconds of a turn of a loop that never changes. What all steps are compared with, as every machine and every moment has its own
 * speed: arithmetic, branches, and memory that a cache holds.
 */
export function reference() {
  const before = process.cpuUsage();
  let state = 88_172_645;
  for (let i = 0; i < REFERENCE_TURNS; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const place = (state >>> 0) % REFERENCE_PLACES;
    if (state & 64) places[place] += state;
    else places[place] ^= i;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / REFERENCE_TURNS;
}
