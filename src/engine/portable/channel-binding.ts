/** Channel binding data of a TLS connection that was accepted here (RFC 5929, RFC 9266). */
import { createHash } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { ChannelBindingType } from '../port.js';
import { signatureHash } from './certificate-hash.js';

export function channelBindingOf(socket: TLSSocket, type: ChannelBindingType): Uint8Array | undefined {
  const isTls13 = socket.getProtocol() === 'TLSv1.3';
  switch (type) {
    case 'tls-exporter':
      // RFC 9266 section 4.2: before TLS 1.3 this is safe with extra conditions that OpenSSL does not show us.
      return isTls13 ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) : undefined;
    case 'tls-unique':
      // RFC 5929 section 3.1: the first Finished message of a full handshake, which is the client's. Not in TLS 1.3 (RFC 9266), and
      // not in a session that was resumed, where it may be another one for the client (RFC 7627 section 1).
      return isTls13 || socket.isSessionReused() ? undefined : socket.getPeerFinished();
    case 'tls-server-end-point':
      return serverEndPoint(socket);
  }
}

/** RFC 5929 section 4.1. */
function serverEndPoint(socket: TLSSocket): Uint8Array | undefined {
  const { raw } = socket.getCertificate() as Partial<PeerCertificate>;
  const hash = raw && signatureHash(raw);
  return hash ? createHash(hash).update(raw).digest() : undefined;
}
