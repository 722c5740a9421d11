/** What carries the bytes of a connection: a socket of this shard, or one that another shard holds. */
import type { ChannelBindingType, ConnectionDetails, Framing, TlsDetails } from '../port.js';
import type { AnyContext } from './tls-contexts.js';

export type Addresses = Pick<
  ConnectionDetails,
  'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort' | 'proxied'
>;

/** Calls never come from within a call to the transport. */
export interface TransportEvents {
  /** A connection of our own stands. */
  connected(): void;
  /** `isBloated`: decompressed, and grown more than text does. `isEnd`: a frame ends with these bytes. */
  received(bytes: Uint8Array, isBloated?: boolean, isEnd?: boolean): void;
  /** What comes cannot be decompressed: a `streamFailure`. Nothing more will be received. */
  failed(failure: number): void;
  secured(): void;
  /** The peer sends no more. */
  ended(): void;
  /** The last call after `finish`: everything is with the kernel. */
  finished(): void;
  /** The last call otherwise: a `closeReason`. */
  gone(reason: number): void;
}

export interface Transport {
  /** Who is told; may change hands. */
  events: TransportEvents;
  readonly addresses: Addresses;
  readonly tls: TlsDetails | undefined;
  /** Each write is a frame, and input comes in frames; undefined for a stream of bytes. */
  readonly framing: Framing | undefined;
  readonly isHandshaking: boolean;
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
  /** Starts reading, or stops; a little more may come after that. `waiting`: bytes that are held unread. */
  read(isWanted: boolean, waiting?: number): void;
  /** `written` is called when the kernel has the bytes. */
  write(bytes: Uint8Array, written: () => void): void;
  /** Bytes that the kernel has not taken. */
  readonly unsentBytes: number;
  /** Begins a handshake behind what was written. False, and nothing changes, where that cannot be done. */
  startTls(context: AnyContext, serverName: string): boolean;
  /** Whether `startCompression` may be called. */
  readonly mayCompress: boolean;
  /** Compresses both directions, behind what was written. */
  startCompression(): void;
  /** Writes what is left and ends. What the peer still sends is dropped for a while: a reset would overtake our last bytes. */
  finish(): void;
  /** At once, dropping what is left; no call to `events` follows. */
  destroy(): void;
}

/** For what nobody wants to know any more, or yet. */
export const UNHEARD: TransportEvents = {
  connected() {},
  received() {},
  failed() {},
  secured() {},
  ended() {},
  finished() {},
  gone() {},
};
