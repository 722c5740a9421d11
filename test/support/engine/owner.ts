/** The owner of sockets that are none: feeds frames to a shard, and writes down what it is told to send. */
import { eventKind } from '../../../src/engine/envelope.js';
import type { CarrierFacts, CarrierName, FrameListenOptions } from '../../../src/engine/port.js';
import { LISTEN, type Shard, type Told } from './harness.js';

export const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
export const CLOSE = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

export const FACTS: CarrierFacts = {
  remoteAddress: '192.0.2.7',
  remotePort: 40_000,
  localAddress: '192.0.2.1',
  localPort: 5443,
  tls: undefined,
  proxied: undefined,
  bindings: {},
};

export const FRAMES: FrameListenOptions = {
  framing: 'websocket',
  limits: LISTEN.limits,
  maxOutputBytes: LISTEN.maxOutputBytes,
  maxOutputWrites: 0,
  maxInputBytes: 100_000,
  authenticationDeadlineMs: 0,
  maxConnections: 0,
};

export class Owner {
  readonly shard: Shard;
  readonly name: CarrierName;

  constructor(shard: Shard, name: CarrierName) {
    this.shard = shard;
    this.name = name;
  }

  /** A connection of a new listener with these options. */
  static attach(shard: Shard, options: Partial<FrameListenOptions> = {}, facts: Partial<CarrierFacts> = {}): Owner {
    const listener = shard.engine.listenFrames({ ...FRAMES, ...options });
    const name = shard.engine.attach(listener, { ...FACTS, ...facts });
    if (!name) throw new Error('not attached');
    return new Owner(shard, name);
  }

  feed(text: string | Uint8Array, isLast = true): boolean {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    return this.shard.engine.feed(this.name.slot, this.name.generation, bytes, isLast);
  }

  sent(bytes: number): void {
    this.shard.engine.sent(this.name.slot, this.name.generation, bytes);
  }

  detach(isOrderly = true): void {
    this.shard.engine.detach(this.name.slot, this.name.generation, isOrderly);
  }

  /** What was told of our carrier. */
  heard(kind: number): Told[] {
    const { slot, generation } = this.name;
    return this.shard.told.filter((told) => told.kind === kind && told.slot === slot && told.generation === generation);
  }

  get frames(): string[] {
    return this.heard(eventKind.FRAME).map((told) => told.text);
  }

  async receives(...frames: readonly string[]): Promise<void> {
    await this.shard.until(() => this.frames.length >= frames.length);
    if (JSON.stringify(this.frames) !== JSON.stringify(frames)) {
      throw new Error(`received ${JSON.stringify(this.frames)}, not ${JSON.stringify(frames)}`);
    }
  }
}
