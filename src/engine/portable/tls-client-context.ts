/** TLS of connections that this side begins: whom to trust, and what to show. */
import type { Socket } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { TlsClientOptions } from '../port.js';
import { clientContext } from './tls-context.js';
import type { Verification } from './tls-verification.js';

export class TlsClientContext {
  readonly secureEvent = 'secureConnect';
  readonly #options: TlsClientOptions;
  readonly #context: SecureContext;

  constructor(options: TlsClientOptions) {
    this.#options = options;
    this.#context = clientContext(options);
  }

  /** Begins a handshake that asks for `serverName`. */
  wrap(socket: Socket, serverName: string): TLSSocket {
    const { verify, alpn } = this.#options;
    const options: ConnectionOptions = { socket, secureContext: this.#context, rejectUnauthorized: verify === 'peer' };
    // An address is nothing that TLS may ask for (RFC 6066 section 3).
    if (serverName !== '') options.servername = serverName;
    if (alpn.length > 0) options.ALPNProtocols = [...alpn];
    return connect(options);
  }

  /** Undefined for a server that must not be talked to: node:tls ends the handshake itself. */
  judge(socket: TLSSocket): Verification {
    const certificate = socket.getPeerX509Certificate()?.raw;
    const verified = this.#options.verify === 'peer' && socket.authorized;
    return { certificate, verified, selfSigned: false, error: undefined };
  }
}
