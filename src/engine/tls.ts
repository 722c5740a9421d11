/** TLS as engines are told of it, and as they tell of it. */

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface TlsIdentity {
  /** PEM: own certificate first, then the chain. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly passphrase?: string | undefined;
}

export interface TlsOptions extends TlsIdentity {
  readonly versions: readonly TlsVersion[];
  /** OpenSSL cipher list for TLS 1.2 and below; `undefined` for OpenSSL's default. */
  readonly ciphers: string | undefined;
  /** OpenSSL cipher suites for TLS 1.3; `undefined` for OpenSSL's default. */
  readonly cipherSuites: string | undefined;
  readonly preferServerCiphers: boolean;
  readonly dhParameters: string | undefined;
  /** PEM certificates that client certificates are verified against. */
  readonly ca: string | undefined;
  readonly crls: readonly string[];
  /** `peer` asks for a client certificate; `selfsigned` also takes one that signed itself. */
  readonly verify: 'none' | 'peer' | 'selfsigned';
  /** With `verify`, whether the handshake fails without a certificate. */
  readonly requireCertificate: boolean;
  /** With `verify`, whether a certificate that does not verify ends the handshake. */
  readonly disconnectOnFailure: boolean;
  /** Other certificates, by server name (SNI). */
  readonly names: readonly (TlsIdentity & { readonly name: string })[];
  readonly alpn: readonly string[];
}

/** For connections that this side begins. */
export interface TlsClientOptions {
  /** Shown when the server asks for a certificate. */
  readonly identity: TlsIdentity | undefined;
  readonly versions: readonly TlsVersion[];
  readonly ciphers: string | undefined;
  readonly cipherSuites: string | undefined;
  /** PEM certificates that the server's has to lead to; without them none is good. */
  readonly ca: string | undefined;
  readonly crls: readonly string[];
  /** With `peer`, the handshake fails unless the server shows a good certificate for the name that it is asked for. */
  readonly verify: 'none' | 'peer';
  readonly alpn: readonly string[];
}

export const TICKET_KEY_BYTES = 80;
/** How long a ticket is good for; its key has to be taken for as long. */
export const TICKET_SECONDS = 4 * 60 * 60;

export interface TlsDetails {
  readonly version: TlsVersion;
  readonly cipher: string;
  readonly serverName: string | undefined;
  /** The client's certificate in DER, when it sent one. */
  readonly peerCertificate: Uint8Array | undefined;
  /** True when the client's certificate leads to one of `ca`: the one case in which the names in it are proven. */
  readonly verified: boolean;
  /** True when it was taken though nobody but itself vouches for it (`verify` `selfsigned`). */
  readonly selfSigned: boolean;
  /** OpenSSL's words for why it is neither. */
  readonly verifyError: string | undefined;
}

/** RFC 5929 and RFC 9266. */
export type ChannelBindingType = 'tls-unique' | 'tls-server-end-point' | 'tls-exporter';
