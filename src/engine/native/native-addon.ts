/** The native addon as it looks from TypeScript, and how it is found. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type {
  CarrierName,
  ChannelBindingType,
  ConnectionDetails,
  ConnectionName,
  ConnectOptions,
  EngineCounters,
  EngineOptions,
  FrameListenOptions,
  Framing,
  ListenOptions,
  Proceed,
  TlsClientOptions,
  TlsOptions,
} from '../port.js';

/** Called once per batch; `arena` comes along when it is not the one of the batch before. */
export type NativeBatchHandler = (count: number, arena: ArrayBuffer | undefined) => void;

export interface NativeEngineOptions extends Pick<EngineOptions, 'shard' | 'shards' | 'group' | 'children'> {
  readonly isHidden: boolean;
  /** Names and namespaces that token lists give as their index here. */
  readonly names: readonly string[];
}

/** What is told of a connection with frames; `facts` is what `attach` was given, encoded. */
export interface NativeFrameDetails extends Pick<ConnectionDetails, 'bytesIn' | 'bytesOut' | 'queuedBytes'> {
  readonly framing: Framing;
  readonly facts: Uint8Array;
}

/** With what only listeners choose. */
export type NativeConnectOptions = ConnectOptions &
  Pick<ListenOptions, 'authenticationDeadlineMs' | 'maxConnections' | 'proxy'>;

/** The functions of one engine, unbound. After `stop` they do nothing and return `undefined`. */
export interface NativeHandle {
  readonly words: ArrayBuffer;
  readonly arena: ArrayBuffer;
  readonly tokens: ArrayBuffer;
  readonly canCompress: boolean;
  listen(options: ListenOptions): { listener: number; port: number } | undefined;
  unlisten(listener: number): void;
  setDirectTls(listener: number, context: number): void;
  listenFrames(options: FrameListenOptions): number | undefined;
  attach(listener: number, facts: Uint8Array): CarrierName | undefined;
  feed(slot: number, generation: number, bytes: Uint8Array | ArrayBuffer, isLast: boolean): boolean | undefined;
  sent(slot: number, generation: number, bytes: number): void;
  detach(slot: number, generation: number, isOrderly: boolean): void;
  connect(options: NativeConnectOptions): ConnectionName | undefined;
  show(): void;
  createTlsContext(options: TlsOptions): number | undefined;
  createTlsClientContext(options: TlsClientOptions): number | undefined;
  dropTlsContext(context: number): void;
  setTicketKeys(current: Uint8Array, previous: Uint8Array | undefined): void;
  send(slot: number, generation: number, data: string | Uint8Array): boolean | undefined;
  deliver(slot: number, generation: number, envelope: number): boolean | undefined;
  stamp(slot: number, generation: number, from: string): void;
  proceed(slot: number, generation: number, how: Proceed): void;
  pause(slot: number, generation: number): void;
  resume(slot: number, generation: number): void;
  shape(slot: number, generation: number, bytesPerSecond: number): void;
  authenticated(slot: number, generation: number): void;
  deadline(slot: number, generation: number, ms: number): void;
  startTls(slot: number, generation: number, context: number, serverName: string): boolean | undefined;
  startCompression(slot: number, generation: number, confirmation: string): boolean | undefined;
  channelBinding(slot: number, generation: number, type: ChannelBindingType): Uint8Array | undefined;
  close(slot: number, generation: number): void;
  abort(slot: number, generation: number): void;
  details(slot: number, generation: number): ConnectionDetails | NativeFrameDetails | undefined;
  move(slot: number, generation: number, shard: number, state: Uint8Array): boolean | undefined;
  forward(shard: number, envelope: number): boolean | undefined;
  route(shard: number, stanza: string | Uint8Array): boolean | undefined;
  call(shard: number, message: Uint8Array): boolean | undefined;
  /**
   * Writes the tokens of an element into the shared array: first where the element starts in its bytes, then the list. Returns the
   * length of the list, or a larger array that takes the place of the shared one, or nothing when there is no such element.
   */
  tree(envelope: number): number | ArrayBuffer | undefined;
  /** The same for a text of one's own. */
  parse(xml: Uint8Array): number | ArrayBuffer | undefined;
  counters(): EngineCounters | undefined;
  stop(): void;
  /** To be called when the batch handler is done, before promises run. */
  endBatch(): void;
}

/** The numbers that both sides must agree on. */
export interface NativeLayout {
  readonly WORDS_PER_ENVELOPE: number;
  readonly UNKNOWN_TYPE: number;
  readonly word: Record<string, number>;
  readonly eventKind: Record<string, number>;
  readonly envelopeFlag: Record<string, number>;
  readonly stanzaKind: Record<string, number>;
  readonly stanzaTypes: readonly string[];
  readonly streamFailure: Record<string, number>;
  readonly closeReason: Record<string, number>;
  readonly refusal: Record<string, number>;
  readonly release: Record<string, number>;
}

export interface NativeAddon {
  readonly layout: NativeLayout;
  createEngine(options: NativeEngineOptions, onBatch: NativeBatchHandler): NativeHandle;
}

/** Where node-gyp puts it, seen from src/engine/native as well as from dist/engine/native. */
export const addonFile = fileURLToPath(new URL('../../../build/Release/meerkat.node', import.meta.url));

/** The addon, or why it cannot be used here. Loading it again is cheap. */
export function loadNativeEngine(): NativeAddon | { unavailable: string } {
  if (process.platform !== 'linux') return { unavailable: `it runs on Linux only, and this is ${process.platform}` };
  try {
    return createRequire(import.meta.url)(addonFile) as NativeAddon;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'MODULE_NOT_FOUND') return { unavailable: 'it has not been built' };
    return { unavailable: message };
  }
}
