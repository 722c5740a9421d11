/** What all phases of a client stream share: its header, its end, and the errors that lead there (RFC 6120 section 4). */

import type { ServedDomain } from '../../core/hosts/host.js';
import type { StreamFacts } from '../../core/streams/hooks.js';
import type { Connection, ConnectionHandler, StreamHeader } from '../../engine/connection.js';
import { streamFailure } from '../../engine/envelope.js';
import type { ConnectionDetails } from '../../engine/port.js';
import type { Element } from '../../protocol/element.js';
import { StreamError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { isLanguageTag } from '../../protocol/language.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { EXEMPT } from '../limits/address-key.js';
import { errorForFailure } from '../stream/stream-failure.js';
import { FRAMED_END, framedHeader, STREAM_END, streamHeader } from '../stream/stream-text.js';
import type { C2sEntrance, C2sServices } from './c2s-services.js';

/** What a header led to: the domain that it asks for, and its host. */
export type OpenedStream = ServedDomain;

export abstract class C2sStream implements ConnectionHandler {
  readonly connection: Connection;
  readonly services: C2sServices;
  readonly entrance: C2sEntrance;
  /** The language that the client asked for, or the server's. */
  lang: string;
  /** Whether our header of the present stream is out: an error must not come before it. */
  isHeaderSent = false;
  /** What the address of the client is counted under, from the first phase to the last. */
  addressKey: number = EXEMPT;
  #isEnding = false;
  #isClosed = false;

  constructor(connection: Connection, services: C2sServices, entrance: C2sEntrance) {
    this.connection = connection;
    this.services = services;
    this.entrance = entrance;
    this.lang = services.config.general.language;
  }

  abstract streamOpened(header: StreamHeader): void;
  abstract stanza(stanza: Stanza): void;
  abstract nonza(element: Element): void;

  /** True once the connection is gone. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True once our side of the stream has been ended. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Answers a header (RFC 6120 section 4.7). `undefined` when the stream had to be ended. */
  protected answerHeader(header: StreamHeader, expectedDomain?: string): OpenedStream | undefined {
    const { services } = this;
    const asked = header.to === undefined ? undefined : Jid.parse(header.to)?.toString();
    const stream = asked === undefined ? undefined : services.hosts.domain(asked);
    this.lang =
      header.lang !== undefined && isLanguageTag(header.lang) ? header.lang : services.config.general.language;
    this.#sendHeader(stream?.domain, header.from);

    if (header.contentNs !== ns.CLIENT) return this.fail(new StreamError('invalid-namespace', `Expected ${ns.CLIENT}`));
    if (!isSupportedVersion(header.version))
      return this.fail(new StreamError('unsupported-version', 'Expected version 1.0'));
    if (!stream) return this.fail(new StreamError('host-unknown'));
    if (expectedDomain !== undefined && stream.domain !== expectedDomain) {
      return this.fail(new StreamError('host-unknown'));
    }
    return stream;
  }

  protected sendFeatures(features: readonly (Element | string)[]): void {
    const xml = features.map((feature) => (typeof feature === 'string' ? feature : feature.toXml(ns.CLIENT))).join('');
    this.connection.write(`<stream:features>${xml}</stream:features>`);
  }

  /** Ends the stream with an error. Returns `undefined` so that callers can return it. */
  fail(error: StreamError): undefined {
    this.end(error);
    return undefined;
  }

  /** Ends our side, with an error or without; the connection closes behind what is still queued. Idempotent. */
  end(error?: StreamError): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    if (error)
      this.services.log.info('c2s.stream.error', { condition: error.condition, reason: error.text, ip: this.ip });
    if (!this.isHeaderSent) this.#sendHeader(undefined, undefined);
    this.#sendEnd(error?.toXml() ?? '');
    this.connection.close();
    this.ended(error?.condition ?? 'closed');
  }

  /** Our side has been ended. */
  protected ended(_reason: string): void {}

  streamClosed(): void {
    this.end();
  }

  streamFailed(failure: number): void {
    const { hide_service_name } = this.services.config.general;
    if (hide_service_name && !this.isHeaderSent && !isParsedHeader(failure)) {
      this.#isEnding = true;
      this.connection.abort();
      return;
    }
    if (failure === streamFailure.TOO_MUCH_DECOMPRESSED)
      this.services.log.warn('c2s.compression.too_much', { ip: this.ip });
    this.end(errorForFailure(failure));
  }

  /** RFC 6120 section 4.9.3.10 before 4.9.3.24: a stanza's name in another namespace tells what went wrong. */
  protected refuseNonza({ name }: Element): void {
    const isStanza = name === 'message' || name === 'presence' || name === 'iq';
    this.fail(new StreamError(isStanza ? 'invalid-namespace' : 'unsupported-stanza-type'));
  }

  forgedSender(): void {
    this.end(new StreamError('invalid-from'));
  }

  shutDown(): void {
    this.end(new StreamError('system-shutdown'));
  }

  crashed(): void {
    this.end(new StreamError('internal-server-error'));
  }

  timedOut(): void {
    this.end(new StreamError('connection-timeout'));
  }

  secured(): void {}

  drained(): void {}

  closed(_reason: number): void {
    this.#isClosed = true;
    this.services.addresses.leave(this.addressKey);
  }

  get ip(): string {
    return plainAddress(this.peer?.remoteAddress);
  }

  get isSecure(): boolean {
    return this.peer?.tls !== undefined;
  }

  /** Who is at the other end. */
  protected get peer(): ConnectionDetails | undefined {
    return this.connection.details();
  }

  protected facts({ host, domain }: OpenedStream): StreamFacts {
    return { host, domain, ip: this.ip, isSecure: this.isSecure };
  }

  #sendEnd(error: string): void {
    if (!this.connection.framing) this.connection.write(error + STREAM_END);
    else {
      // Each in a frame of its own (RFC 7395 section 3.3.3).
      if (error !== '') this.connection.write(error);
      this.connection.write(FRAMED_END);
    }
  }

  #sendHeader(domain: string | undefined, clientFrom: string | undefined): void {
    const { services } = this;
    this.isHeaderSent = true;
    const header = this.connection.framing ? framedHeader : streamHeader;
    this.connection.write(
      header({
        id: services.random.hex(16),
        from: domain ?? services.config.general.default_server_domain,
        to: clientFrom === undefined ? undefined : Jid.parse(clientFrom)?.bare.toString(),
        lang: this.lang,
        contentNs: ns.CLIENT,
      }),
    );
  }
}

/** An IPv4 client on a dual-stack socket has an IPv4 address (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=[0-9]+\.)/i, '') ?? 'unknown';
}

/** RFC 6120 section 4.7.5: anything from 1.0 on speaks this protocol, a missing version is older; leading zeros say nothing. */
function isSupportedVersion(version: string | undefined): boolean {
  return version !== undefined && /^0*[1-9][0-9]*\.[0-9]+$/.test(version);
}

/** With `hide_service_name`, a header that could be read still gets its error. */
function isParsedHeader(failure: number): boolean {
  return failure === streamFailure.INVALID_NAMESPACE || failure === streamFailure.BAD_NAMESPACE_PREFIX;
}
