/** What travels with a connection to another shard. Plain data: it is copied through a message port. */
import type { ChannelBindingType, Framing, TlsDetails } from '../port.js';
import type { Compressed } from './compressed-input.js';
import type { StreamState } from './framer.js';
import type { Policy } from './host.js';
import type { Addresses, Transport } from './transport.js';

export interface Departure {
  /** For the new owner. */
  readonly state: Uint8Array;
  readonly policy: Policy;
  readonly stream: StreamState;
  /** With the ends of frames, where there are any. */
  readonly unread: readonly { readonly bytes: Uint8Array; readonly isEnd: boolean }[];
  readonly stamp: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly isDeaf: boolean;
  readonly compressed: Compressed;
  readonly hasPeerEnded: boolean;
  readonly shapedRate: number;
  /** Milliseconds left; 0 for none. */
  readonly deadlineMs: number;
}

/** What the new owner may ask about the transport, which stays behind. */
export interface TransportFacts {
  readonly addresses: Addresses;
  readonly tls: TlsDetails | undefined;
  readonly framing: Framing | undefined;
  readonly bindings: Readonly<Partial<Record<ChannelBindingType, Uint8Array>>>;
}

export function factsOf(transport: Transport): TransportFacts {
  const bindings: Partial<Record<ChannelBindingType, Uint8Array>> = {};
  for (const type of ['tls-unique', 'tls-server-end-point', 'tls-exporter'] as const) {
    const data = transport.channelBinding(type);
    if (data) bindings[type] = data;
  }
  return { addresses: transport.addresses, tls: transport.tls, framing: transport.framing, bindings };
}
