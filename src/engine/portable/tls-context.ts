/** What TLS connections share: certificates by name, rules for clients, protocol limits. */
import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
  type TLSSocketOptions,
} from 'node:tls';
import {
  EngineError,
  TICKET_SECONDS,
  type TlsClientOptions,
  type TlsIdentity,
  type TlsOptions,
  type TlsVersion,
} from '../port.js';
import { INTEGER, parts, SEQUENCE } from './der.js';
import type { TicketKeys } from './ticket-keys.js';
import { type Verification, verification } from './tls-verification.js';

const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const SWITCHED_OFF: Readonly<Record<TlsVersion, number>> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
};
/** OpenSSL's own default; node:tls would take none when only older ciphers are named. */
const CIPHER_SUITES = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const CIPHERS = 'DEFAULT';

export class TlsContext {
  readonly options: TlsOptions;
  readonly secureEvent = 'secure';
  readonly #default: SecureContext;
  readonly #names = new Map<string, SecureContext>();
  /** Undefined where nothing is resumed. */
  readonly #tickets: TicketKeys | undefined;
  #generation = 0;

  constructor(options: TlsOptions, tickets: TicketKeys) {
    this.options = options;
    // A client that may be asked for a certificate shows it in every handshake, so that it is judged each time.
    if (options.verify === 'none' && tickets.key !== undefined) this.#tickets = tickets;
    const shared = sharedOptions(options, this.#tickets !== undefined);
    this.#default = secureContext(shared, options, 'the default certificate');
    for (const identity of options.names) {
      const context = secureContext(shared, identity, `the certificate for ${identity.name}`);
      this.#names.set(identity.name.toLowerCase(), context);
    }
  }

  /** Begins a handshake; the certificate for `serverName` is shown when the client asks for none that there is. */
  wrap(socket: Socket, serverName: string): TLSSocket {
    const { verify, requireCertificate, alpn } = this.options;
    const options: TLSSocketOptions = {
      isServer: true,
      secureContext: this.choose(serverName),
      requestCert: verify !== 'none',
      // Asks OpenSSL to insist on a certificate; whether it verifies is decided in `judge`.
      rejectUnauthorized: requireCertificate,
      SNICallback: (name, choose) => choose(null, this.choose(name, serverName)),
    };
    if (alpn.length > 0) options.ALPNProtocols = [...alpn];
    return new TLSSocket(socket, options);
  }

  /** What the client has shown; undefined when that is not enough. */
  judge(socket: TLSSocket): Verification | undefined {
    const { verify, requireCertificate, disconnectOnFailure } = this.options;
    const peer = verification(socket, verify);
    const isRefused = peer.certificate && !peer.verified && !peer.selfSigned && disconnectOnFailure;
    return isRefused || (requireCertificate && verify !== 'none' && !peer.certificate) ? undefined : peer;
  }

  /** The certificate for the first of these server names that has one, else the default. */
  choose(...serverNames: string[]): SecureContext {
    this.#useTicketKeys();
    for (const name of serverNames) {
      const found = this.#forName(name);
      if (found) return found;
    }
    return this.#default;
  }

  #useTicketKeys(): void {
    const { key, generation } = this.#tickets ?? {};
    if (key === undefined || generation === undefined || generation === this.#generation) return;
    this.#generation = generation;
    for (const { context } of [this.#default, ...this.#names.values()]) context.setTicketKeys(key);
  }

  /** Exact, then `*.` for its first label. */
  #forName(name: string): SecureContext | undefined {
    const wanted = name.toLowerCase().replace(/\.$/, '');
    const dot = wanted.indexOf('.');
    return this.#names.get(wanted) ?? (dot < 0 ? undefined : this.#names.get(`*${wanted.slice(dot)}`));
  }
}

/** For connections that this side begins. */
export function clientContext(options: TlsClientOptions): SecureContext {
  const server = { preferServerCiphers: false, dhParameters: undefined, names: [], verify: 'none' } as const;
  const { dhparam: _, sessionIdContext: __, ...shared } = sharedOptions({ ...options, ...server }, false);
  if (options.identity) return secureContext(shared, options.identity, "the client's certificate");
  return attempt('bad-ca', 'The TLS options cannot be used', shared);
}

type SharedOptions = Omit<TlsOptions, keyof TlsIdentity | 'requireCertificate' | 'disconnectOnFailure'>;

function sharedOptions(options: SharedOptions, hasTickets: boolean): SecureContextOptions {
  const allowed = VERSIONS.filter((version) => options.versions.includes(version));
  const [minVersion] = allowed;
  const maxVersion = allowed.at(-1);
  if (!minVersion || !maxVersion) throw new EngineError('no-tls-version', 'No version of TLS is allowed.');
  if (options.alpn.some((name) => name === '' || Buffer.byteLength(name) > 255)) {
    throw new EngineError('bad-alpn', 'An ALPN protocol name has between 1 and 255 bytes.');
  }

  let switches = constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_NO_RENEGOTIATION;
  if (!hasTickets) switches |= constants.SSL_OP_NO_TICKET;
  for (const version of VERSIONS) if (!allowed.includes(version)) switches |= SWITCHED_OFF[version];
  if (options.preferServerCiphers) switches |= constants.SSL_OP_CIPHER_SERVER_PREFERENCE;
  const shared: SecureContextOptions = {
    minVersion,
    maxVersion,
    secureOptions: switches,
    ciphers: `${cipherSuites(options)}${options.ciphers ?? CIPHERS}`,
    // An empty list, or node:tls would trust every public authority.
    ca: options.ca === undefined ? [] : [options.ca],
    dhparam: options.dhParameters ?? 'auto',
    sessionIdContext: sessionOwner(options),
    sessionTimeout: TICKET_SECONDS,
  };
  if (options.crls.length > 0) shared.crl = [...options.crls];
  tryOptions(shared, options);
  return shared;
}

/**
 * What a session was made under. A ticket from before any of it changed, or from another listener, is not taken, so that a client
 * meets the certificate and the rules of today.
 */
function sessionOwner({ certificate, names, verify, ca, crls }: SharedOptions & Partial<TlsIdentity>): string {
  const all = [verify, ca, crls, certificate, names.map((each) => [each.name, each.certificate])];
  return createHash('sha256').update(JSON.stringify(all)).digest('base64').slice(0, 32);
}

function cipherSuites(options: SharedOptions): string {
  const suites = options.cipherSuites ?? CIPHER_SUITES;
  const known = suites.split(':').every((suite) => /^TLS_[A-Z0-9_]+$/.test(suite));
  if (!known) throw new EngineError('bad-ciphers', `Not a list of TLS 1.3 cipher suites: '${suites}'.`);
  return `${suites}:`;
}

/** Finds out which option OpenSSL refuses, by giving it one after the other. */
function tryOptions(shared: SecureContextOptions, options: SharedOptions): void {
  const { minVersion, maxVersion, secureOptions, ciphers, ca, dhparam, crl } = shared;
  const ciphersNamed = `'${[options.cipherSuites, options.ciphers].filter((list) => list !== undefined).join(':')}'`;
  attempt('bad-tls-version', 'The TLS versions cannot be used', { minVersion, maxVersion, secureOptions });
  attempt('bad-ciphers', `No cipher is known in ${ciphersNamed}`, { ciphers });
  checkDhParameters(options.dhParameters);
  attempt('bad-dh-parameters', 'The Diffie-Hellman parameters cannot be used', { dhparam });
  attempt('bad-ca', 'The certificates that peers are verified against cannot be read', { ca });
  if (options.ca !== undefined && !/-----BEGIN/.test(options.ca)) {
    throw new EngineError('bad-ca', 'The certificates that peers are verified against cannot be read: no PEM text.');
  }
  if (crl !== undefined) attempt('bad-crl', 'A certificate revocation list cannot be read', { crl });
}

/** node:tls passes over parameters that it cannot read. */
function checkDhParameters(pem: string | undefined): void {
  if (pem === undefined) return;
  const body = /-----BEGIN DH PARAMETERS-----([^-]+)-----END DH PARAMETERS-----/.exec(pem)?.[1];
  const [sequence] = parts(body === undefined ? undefined : Buffer.from(body, 'base64'));
  const numbers = sequence?.tag === SEQUENCE ? parts(sequence.body) : [];
  if (numbers.length >= 2 && numbers.every(({ tag }) => tag === INTEGER)) return;
  throw new EngineError('bad-dh-parameters', 'The Diffie-Hellman parameters cannot be read: no PEM text of them.');
}

/** Undefined options are what node:tls takes for absent ones. */
function attempt(code: string, what: string, options: { [K in keyof SecureContextOptions]?: unknown }): SecureContext {
  try {
    return createSecureContext(options as SecureContextOptions);
  } catch (error) {
    throw new EngineError(code, `${what}: ${reasonOf(error)}.`);
  }
}

function secureContext(shared: SecureContextOptions, identity: TlsIdentity, owner: string): SecureContext {
  const { certificate: cert, key, passphrase } = identity;
  const own = readable('bad-certificate', `Cannot read ${owner}`, () => new X509Certificate(cert));
  const secret = passphrase === undefined ? { key } : { key, passphrase };
  const priv = readable('bad-key', `Cannot read the key of ${owner}`, () => createPrivateKey(secret));
  if (!own.checkPrivateKey(priv)) throw new EngineError('key-mismatch', `The key does not belong to ${owner}.`);
  return attempt('bad-certificate', `Cannot use ${owner}`, { ...shared, cert, ...secret });
}

function readable<T>(code: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new EngineError(code, `${what}: ${reasonOf(error)}.`);
  }
}

function reasonOf(error: unknown): string {
  const { reason, message } = error as Error & { reason?: string };
  return reason ?? message;
}
