/** What a stream gets to know of a client that came over HTTP. */
import type { CarrierFacts, ChannelBindingType } from '../../engine/port.js';
import type { HttpListener } from '../../platform/config/index.js';
import type { HttpClient } from './handler.js';

const BINDINGS: readonly ChannelBindingType[] = ['tls-unique', 'tls-server-end-point', 'tls-exporter'];

export function carrierFacts(client: HttpClient, { ip_address, port }: HttpListener): CarrierFacts {
  const bindings = client.tls ? BINDINGS.map((type) => [type, client.channelBinding(type)] as const) : [];
  return {
    remoteAddress: client.address,
    remotePort: client.port,
    localAddress: ip_address,
    localPort: port,
    tls: client.tls,
    proxied: undefined,
    bindings: Object.fromEntries(bindings.filter(([, value]) => value !== undefined)),
  };
}
