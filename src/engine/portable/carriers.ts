/** The carriers of one shard, and the listeners that they come by: connections whose sockets somebody else owns. */
import type { CarrierFacts, FrameListenOptions } from '../port.js';
import type { Batch } from './batch.js';
import { FrameTransport } from './frame-transport.js';
import type { Policy } from './host.js';
import type { Listeners } from './listeners.js';
import { Slots } from './slots.js';

interface FrameListener {
  readonly options: FrameListenOptions;
  readonly policy: Policy;
  connections: number;
}

export class Carriers {
  readonly #listeners: Listeners;
  readonly #wake: () => void;
  readonly #open = new Map<number, FrameListener>();
  readonly #carriers = new Slots<{ transport: FrameTransport; listener: FrameListener }>();
  readonly #ready = new Set<FrameTransport>();

  /** `wake` has `pump` called before the next batch. */
  constructor(listeners: Listeners, wake: () => void) {
    this.#listeners = listeners;
    this.#wake = wake;
  }

  listen(options: FrameListenOptions): number {
    const listener = this.#listeners.reserve();
    const { limits, maxOutputBytes, maxOutputWrites, maxInputBytes, authenticationDeadlineMs } = options;
    const policy = { limits, maxOutputBytes, maxOutputWrites, maxInputBytes, authenticationDeadlineMs };
    // Frames are never compressed by us.
    this.#open.set(listener, { options, policy: { ...policy, maxDecompressedBytes: 0 }, connections: 0 });
    return listener;
  }

  unlisten(listener: number): void {
    this.#open.delete(listener);
  }

  /** Undefined when that listener is closed, or full. */
  attach(listener: number, facts: CarrierFacts): { transport: FrameTransport; policy: Policy } | undefined {
    const found = this.#open.get(listener);
    if (!found) return undefined;
    const { options, policy } = found;
    if (options.maxConnections > 0 && found.connections >= options.maxConnections) return undefined;
    found.connections += 1;
    const { transport } = this.#carriers.take((slot, generation) => {
      const made = new FrameTransport({ slot, generation }, options.framing, facts, policy, this.#awaken);
      return { transport: made, listener: found };
    });
    return { transport, policy };
  }

  find(slot: number, generation: number): FrameTransport | undefined {
    return this.#carriers.find(slot, generation)?.transport;
  }

  detach(slot: number, generation: number, isOrderly: boolean): void {
    const found = this.#carriers.find(slot, generation);
    if (!found) return;
    this.#carriers.free(slot);
    found.listener.connections -= 1;
    found.transport.detach(isOrderly);
  }

  /** Writes into the batch what owners have to hear. */
  pump(batch: Batch): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const transport of ready) transport.pump(batch);
  }

  readonly #awaken = (transport: FrameTransport): void => {
    this.#ready.add(transport);
    this.#wake();
  };
}
