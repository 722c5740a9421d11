/** The client's view of TLS channel bindings: RFC 5929 and RFC 9266. */
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { RawClient } from './raw-client.js';

export type BindingType = 'tls-unique' | 'tls-server-end-point' | 'tls-exporter';

/** Certificates in these tests are signed with SHA-256. */
export function channelBinding(client: RawClient, type: BindingType): Uint8Array {
  const socket = client.socket as TLSSocket;
  switch (type) {
    case 'tls-unique':
      // The first Finished message of a full handshake is the client's.
      return socket.getFinished() as Buffer;
    case 'tls-server-end-point':
      return createHash('sha256').update(socket.getPeerCertificate().raw).digest();
    case 'tls-exporter':
      return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }
}
