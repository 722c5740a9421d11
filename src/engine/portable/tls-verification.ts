/** What OpenSSL thinks of a client's certificate. */
import type { TLSSocket } from 'node:tls';
import type { TlsOptions } from '../port.js';

export interface Verification {
  readonly certificate: Uint8Array | undefined;
  readonly verified: boolean;
  readonly selfSigned: boolean;
  readonly error: string | undefined;
}

/** OpenSSL's judgement, which node:tls shows by itself only for sockets of a tls.Server. Fails closed without it. */
export function verification(socket: TLSSocket, verify: TlsOptions['verify']): Verification {
  const certificate = socket.getPeerX509Certificate()?.raw;
  const judged = { certificate, verified: false, selfSigned: false, error: undefined };
  if (!certificate || verify === 'none') return judged;
  const { _handle: handle } = socket as unknown as { _handle?: { verifyError?(): (Error & { code: string }) | null } };
  const error = handle?.verifyError ? handle.verifyError() : new Error('the verification result is not available');
  if (!error) return { ...judged, verified: true };
  const isSelfSigned = 'code' in error && error.code === 'DEPTH_ZERO_SELF_SIGNED_CERT';
  if (verify === 'selfsigned' && isSelfSigned) return { ...judged, selfSigned: true };
  return { ...judged, error: error.message };
}
