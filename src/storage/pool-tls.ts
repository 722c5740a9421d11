/** TLS to a server that a pool connects to, as its `tls` table wants it. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, type TLSSocket } from 'node:tls';
import { StorageError } from '../core/storage/index.js';
import type { PoolTls } from '../platform/config/types.js';

export interface PoolTlsSettings {
  readonly options: ConnectionOptions;
  /** A certificate that its owner has signed is good enough. */
  readonly mayBeSelfSigned: boolean;
  /** `options` say what is sent as the server's name (SNI), also that nothing is; else it is the host. */
  readonly hasOwnServerName: boolean;
}

const VERSIONS = { tlsv1: 'TLSv1', 'tlsv1.1': 'TLSv1.1', 'tlsv1.2': 'TLSv1.2', 'tlsv1.3': 'TLSv1.3' } as const;
const IN_ORDER = ['tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'] as const;

/** Throws when a file that the table at `place` names cannot be read. */
export function poolTls(place: string, host: string, tls: PoolTls): PoolTlsSettings {
  const read = (option: string, file: string | undefined): Buffer | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (cause) {
      throw new StorageError('failed', `${place}.${option}: ${(cause as Error).message}`, { cause });
    }
  };
  const versions = IN_ORDER.filter((version) => tls.versions.includes(version)).map((version) => VERSIONS[version]);
  const ciphers = [tls.cipher_suites, tls.ciphers].filter((list) => list !== undefined).join(':');
  const name = tls.server_name ?? host;
  const options: ConnectionOptions = {
    ca: read('cacertfile', tls.cacertfile),
    ...(tls.crl_files && { crl: tls.crl_files.map((file) => read('crl_files', file) as Buffer) }),
    cert: read('certfile', tls.certfile),
    key: read('keyfile', tls.keyfile ?? tls.certfile),
    passphrase: tls.password,
    rejectUnauthorized: tls.verify_mode === 'peer',
    minVersion: versions[0],
    maxVersion: versions.at(-1),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(ciphers !== '' && { ciphers }),
    // RFC 6066 section 3: an address is not a name.
    ...(tls.send_server_name && isIP(name) === 0 && { servername: name }),
  };
  return {
    options,
    mayBeSelfSigned: tls.verify_mode === 'selfsigned_peer',
    hasOwnServerName: options.servername !== host,
  };
}

const SELF_SIGNED = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'];

/** Why the certificate of a server that may have signed it itself is refused; undefined when it is good. */
export function refusedCertificate({ authorizationError }: TLSSocket): string | undefined {
  const problem = authorizationError as unknown as string | Error | undefined;
  const code = problem instanceof Error ? ((problem as { code?: string }).code ?? problem.message) : problem;
  return code && !SELF_SIGNED.includes(code) ? code : undefined;
}
