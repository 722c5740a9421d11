/** The native engine behind the port: C++ on this thread's event loop. */
import { decode, encode } from '../../platform/codec.js';
import type { Element } from '../../protocol/element.js';
import { eventKind, WORDS_PER_ENVELOPE } from '../envelope.js';
import { frameHeader } from '../frame-header.js';
import {
  type CarrierFacts,
  type CarrierName,
  type ChannelBindingType,
  type ConnectionDetails,
  type ConnectionName,
  type ConnectOptions,
  type EngineCounters,
  EngineError,
  type EngineOptions,
  type EnginePort,
  type FrameListenOptions,
  type ListenOptions,
  type Proceed,
  type TlsClientOptions,
  type TlsOptions,
} from '../port.js';
import type { NativeAddon, NativeHandle } from './native-addon.js';
import { TokenDecoder, tokenNames } from './token-decoder.js';

export { loadNativeEngine, type NativeAddon } from './native-addon.js';

const NOTHING: EngineCounters = {
  connections: 0,
  accepted: 0,
  bytesIn: 0,
  bytesOut: 0,
  refused: 0,
  memoryBytes: 0,
  decompressionsRefused: 0,
};

export function createNativeEngine(addon: NativeAddon, options: EngineOptions): EnginePort {
  return new NativeEngine(addon, options);
}

class NativeEngine implements EnginePort {
  readonly kind = 'native';
  readonly canCompress: boolean;
  readonly words: Uint32Array;
  /** Another one after a batch whose elements do not fit into the usual one. */
  arena: Buffer;
  readonly #native: NativeHandle;
  readonly #decoder = new TokenDecoder();
  #tokens: Uint32Array;

  constructor(addon: NativeAddon, options: EngineOptions) {
    const { shard, shards, group, children, onBatch, isHidden = false } = options;
    const native = translated(() =>
      addon.createEngine({ shard, shards, group, children, isHidden, names: tokenNames }, (count, arena) => {
        if (arena !== undefined) this.arena = Buffer.from(arena);
        try {
          onBatch(count);
        } finally {
          native.endBatch();
        }
      }),
    );
    this.#native = native;
    this.canCompress = native.canCompress;
    this.words = new Uint32Array(native.words);
    this.arena = Buffer.from(native.arena);
    this.#tokens = new Uint32Array(native.tokens);
  }

  listen(options: ListenOptions): { listener: number; port: number } {
    return translated(() => running(this.#native.listen(options)));
  }

  unlisten(listener: number): void {
    this.#native.unlisten(listener);
  }

  setDirectTls(listener: number, context: number): void {
    translated(() => this.#native.setDirectTls(listener, context));
  }

  listenFrames(options: FrameListenOptions): number {
    return translated(() => running(this.#native.listenFrames(options)));
  }

  attach(listener: number, facts: CarrierFacts): CarrierName | undefined {
    return this.#native.attach(listener, encode(facts));
  }

  feed(slot: number, generation: number, bytes: Uint8Array | ArrayBuffer, isLast: boolean): boolean {
    return this.#native.feed(slot, generation, bytes, isLast) === true;
  }

  sent(slot: number, generation: number, bytes: number): void {
    this.#native.sent(slot, generation, bytes);
  }

  detach(slot: number, generation: number, isOrderly: boolean): void {
    this.#native.detach(slot, generation, isOrderly);
  }

  connect(options: ConnectOptions): ConnectionName {
    const unlimited = { authenticationDeadlineMs: 0, maxConnections: 0, proxy: undefined };
    return translated(() => running(this.#native.connect({ ...options, ...unlimited })));
  }

  createTlsContext(options: TlsOptions): number {
    return translated(() => running(this.#native.createTlsContext(options)));
  }

  createTlsClientContext(options: TlsClientOptions): number {
    return translated(() => running(this.#native.createTlsClientContext(options)));
  }

  dropTlsContext(context: number): void {
    this.#native.dropTlsContext(context);
  }

  setTicketKeys(current: Uint8Array, previous: Uint8Array | undefined): void {
    translated(() => this.#native.setTicketKeys(current, previous));
  }

  send(slot: number, generation: number, data: string | Uint8Array): boolean {
    return this.#native.send(slot, generation, data) === true;
  }

  deliver(slot: number, generation: number, envelope: number): boolean {
    return this.#native.deliver(slot, generation, envelope) === true;
  }

  stamp(slot: number, generation: number, from: string): void {
    this.#native.stamp(slot, generation, from);
  }

  proceed(slot: number, generation: number, how: Proceed): void {
    this.#native.proceed(slot, generation, how);
  }

  pause(slot: number, generation: number): void {
    this.#native.pause(slot, generation);
  }

  resume(slot: number, generation: number): void {
    this.#native.resume(slot, generation);
  }

  shape(slot: number, generation: number, bytesPerSecond: number): void {
    this.#native.shape(slot, generation, bytesPerSecond);
  }

  authenticated(slot: number, generation: number): void {
    this.#native.authenticated(slot, generation);
  }

  deadline(slot: number, generation: number, ms: number): void {
    this.#native.deadline(slot, generation, ms);
  }

  startTls(slot: number, generation: number, context: number, serverName: string): boolean {
    return translated(() => this.#native.startTls(slot, generation, context, serverName)) === true;
  }

  startCompression(slot: number, generation: number, confirmation: string): boolean {
    return this.#native.startCompression(slot, generation, confirmation) === true;
  }

  channelBinding(slot: number, generation: number, type: ChannelBindingType): Uint8Array | undefined {
    const binding = this.#native.channelBinding(slot, generation, type);
    if (binding) return binding;
    const told = this.#native.details(slot, generation);
    return told && 'facts' in told ? (decode(told.facts) as CarrierFacts).bindings[type] : undefined;
  }

  close(slot: number, generation: number): void {
    this.#native.close(slot, generation);
  }

  abort(slot: number, generation: number): void {
    this.#native.abort(slot, generation);
  }

  details(slot: number, generation: number): ConnectionDetails | undefined {
    const told = this.#native.details(slot, generation);
    if (!told || !('facts' in told)) return told;
    const { bindings: _, ...facts } = decode(told.facts) as CarrierFacts;
    const { framing, bytesIn, bytesOut, queuedBytes } = told;
    return { ...facts, framing, bytesIn, bytesOut, queuedBytes };
  }

  move(slot: number, generation: number, shard: number, state: Uint8Array): boolean {
    return this.#native.move(slot, generation, shard, state) === true;
  }

  forward(shard: number, envelope: number): boolean {
    return this.#native.forward(shard, envelope) === true;
  }

  route(shard: number, stanza: string | Uint8Array): boolean {
    return translated(() => this.#native.route(shard, stanza)) === true;
  }

  show(): void {
    this.#native.show();
  }

  call(shard: number, message: Uint8Array): boolean {
    return this.#native.call(shard, message) === true;
  }

  /** Shards find one another by the group's name, without ports. */
  link(): void {}

  tree(envelope: number): Element {
    const tree = this.#decode(this.#native.tree(envelope), this.arena);
    if (tree === undefined) throw new EngineError('no-element', `The running batch has no element ${envelope}.`);
    const kind = (this.words[envelope * WORDS_PER_ENVELOPE] as number) & 0xff;
    return kind === eventKind.STREAM_OPENED ? frameHeader(tree) : tree;
  }

  parse(xml: string | Uint8Array): Element | undefined {
    const bytes = typeof xml === 'string' ? Buffer.from(xml) : Buffer.from(xml.buffer, xml.byteOffset, xml.byteLength);
    return this.#decode(this.#native.parse(bytes), bytes);
  }

  counters(): EngineCounters {
    return this.#native.counters() ?? NOTHING;
  }

  stop(): void {
    this.#native.stop();
  }

  #decode(written: number | ArrayBuffer | undefined, bytes: Buffer): Element | undefined {
    if (written === undefined) return undefined;
    if (typeof written !== 'number') this.#tokens = new Uint32Array(written);
    return this.#decoder.decode(this.#tokens, 1, bytes, this.#tokens[0] as number);
  }
}

/** What the native side throws has a code and a sentence already. */
function translated<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new EngineError(code, message);
  }
}

function running<T>(value: T | undefined): T {
  if (value === undefined) throw new EngineError('stopped', 'The engine was stopped.');
  return value;
}
