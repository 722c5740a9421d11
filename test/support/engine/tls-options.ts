/** TLS options as the tests vary them. */
import type { TlsIdentity, TlsOptions } from '../../../src/engine/port.js';

export function tlsOptions(identity: TlsIdentity, options: Partial<TlsOptions> = {}): TlsOptions {
  return {
    ...identity,
    versions: ['TLSv1.2', 'TLSv1.3'],
    ciphers: undefined,
    cipherSuites: undefined,
    preferServerCiphers: true,
    dhParameters: undefined,
    ca: undefined,
    crls: [],
    verify: 'none',
    requireCertificate: false,
    disconnectOnFailure: true,
    names: [],
    alpn: [],
    ...options,
  };
}
