/** The port of SASL mechanisms: one exchange of messages that ends with an identity or a failure. */
import type { ChannelBindingType } from '../../engine/port.js';
import type { Jid } from '../../protocol/jid.js';
import type { AuthConfig, PasswordHash } from './config.js';
import type { SaslFailure } from './failure.js';
import type { AccountName, AuthCapabilities } from './method.js';
import type { ScramCredentials } from './scram.js';

/** Who a client turned out to be. */
export interface SaslIdentity {
  /** Bare. */
  readonly jid: Jid;
  /** The method that vouched, as named in `auth.methods`. */
  readonly method: string;
  readonly mechanism: string;
}

export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  /** `data` goes into `<success/>` (RFC 6120 section 6.4.6). */
  | { readonly kind: 'success'; readonly data?: Uint8Array | undefined; readonly identity: SaslIdentity }
  | { readonly kind: 'failure'; readonly failure: SaslFailure };

/** One attempt. Every mechanism of ours waits for the client's first message. After success or failure it is over. */
export interface Exchange {
  step(data: Uint8Array): SaslStep | Promise<SaslStep>;
}

export interface SaslTls {
  /** DER. */
  readonly peerCertificate: Uint8Array | undefined;
  /** The certificate verified against the listener's authorities. */
  readonly verified: boolean;
}

/** The methods that may serve this stream, as mechanisms see them. Calls reject when a method cannot answer. */
export interface AuthMethods {
  readonly capabilities: readonly AuthCapabilities[];
  /** The name of the method that accepted, or undefined. Takes as long for accounts that do not exist. */
  checkPassword(account: AccountName, password: string): Promise<string | undefined>;
  /** Always gives credentials: those of an unknown account match no password. `method` is undefined for these. */
  scramCredentials(
    account: AccountName,
    hash: PasswordHash,
  ): Promise<{ credentials: ScramCredentials; method: string | undefined }>;
  /** The method that lets this account in by certificate alone, or undefined. */
  acceptCertificate(account: AccountName): Promise<string | undefined>;
  /** The method that lets in without credentials, or undefined. */
  readonly anonymous: string | undefined;
}

/** What a mechanism knows of the stream that it serves. */
export interface SaslContext {
  /** The served domain that the stream header named. */
  readonly domain: string;
  readonly config: AuthConfig;
  readonly methods: AuthMethods;
  /** Undefined while the connection is not encrypted. */
  readonly tls: SaslTls | undefined;
  /** TLS is configured on this listener, whether it runs yet or not. */
  readonly tlsAvailable: boolean;
  /** `xml:lang` of the stream. */
  readonly language: string | undefined;
  /** Undefined when this connection does not have that kind. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
  randomBytes(length: number): Uint8Array;
}

/** What a mechanism gets when a client chooses it. */
export interface ExchangeContext extends SaslContext {
  /** Names offered on this stream; RFC 5802 section 6 needs them to detect a downgrade. */
  readonly offered: readonly string[];
}

export interface Mechanism {
  /** As on the wire: `SCRAM-SHA-256-PLUS`. */
  readonly name: string;
  /** Its word in `auth.sasl_mechanisms`: `scram_sha256_plus`. */
  readonly option: string;
  /** `tls`: not before encryption on a listener that has TLS (RFC 6120 section 13.8.3). */
  readonly needs: 'tls' | 'anything';
  /** Proves possession of the TLS channel, so there has to be one with binding data. */
  readonly channelBinding?: boolean;
  /** Whether these methods can serve it. */
  servedBy(capabilities: AuthCapabilities): boolean;
  /** A further condition on the connection, such as a client certificate. */
  fits?(context: SaslContext): boolean;
  start(context: ExchangeContext): Exchange;
}

export function defineMechanism(mechanism: Mechanism): Mechanism {
  return mechanism;
}
