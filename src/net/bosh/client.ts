/** One client of BOSH: carries between its session and its stream. */
import type { Carrier, CarrierOwner } from '../../engine/carrier.js';
import type { Clock } from '../../platform/clock.js';
import { type Element, escapeXml } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { COUNT_TAG, delivered } from '../stream/delivered-text.js';
import type { BoshExchange, BoshRequest, BoshStream, Condition, SessionSettings, StreamOpening } from './binding.js';
import { BoshSession } from './session.js';

/** What all clients of a shard share. */
export interface ClientParts {
  readonly clock: Clock;
  readonly parse: (xml: Uint8Array) => Element | undefined;
  /** The last call. */
  readonly gone: (client: BoshClient) => void;
}

export interface ClientFacts {
  readonly sid: string;
  /** The Content-Type of all answers. */
  readonly contentType: string;
  /** The session was asked for over TLS, so all of it has to be. */
  readonly isSecure: boolean;
}

/** So long may a stream on another shard take to read what it is told. */
const READING_MS = 5_000;
const CLOSE = Buffer.from(`<close xmlns='${ns.FRAMING}'/>`);
const OPEN_TAG = `<open xmlns='${ns.FRAMING}'`;
const CLOSE_TAG = `<close xmlns='${ns.FRAMING}'`;
const ERROR_TAG = '<stream:error';

export class BoshClient implements CarrierOwner, BoshStream, ClientFacts {
  readonly sid: string;
  readonly contentType: string;
  readonly isSecure: boolean;
  readonly #parts: ClientParts;
  #carrier: Carrier | undefined;
  #session: BoshSession | undefined;
  #condition: Condition | undefined;
  #isSettling = false;
  /** When the stream was told something last. */
  #toldAt = -READING_MS;
  /** Of the first stream, for a restart that does not name them. */
  #domain = '';
  #lang: string | undefined;

  constructor({ sid, contentType, isSecure }: ClientFacts, parts: ClientParts) {
    this.sid = sid;
    this.contentType = contentType;
    this.isSecure = isSecure;
    this.#parts = parts;
  }

  /** Its stream is there. */
  get isOpen(): boolean {
    return this.#carrier !== undefined;
  }

  /** To be called before anything else. */
  begin(carrier: Carrier, settings: SessionSettings, first: BoshRequest, exchange: BoshExchange): void {
    this.#carrier = carrier;
    this.#domain = first.restart?.to ?? '';
    this.#lang = first.restart?.lang;
    this.#session = new BoshSession(settings, this, first, exchange, this.#now());
    this.#session.begin(this.#now());
    this.#leaveWhenGone();
  }

  request(request: BoshRequest, exchange: BoshExchange): void {
    this.#session?.request(request, exchange, this.#now());
    this.#leaveWhenGone();
  }

  abandoned(exchange: BoshExchange): void {
    this.#session?.abandoned(exchange, this.#now());
    this.#leaveWhenGone();
  }

  /** Does what it is time for; to be called now and then. */
  look(): void {
    const now = this.#now();
    if (!this.#session || this.#session.wakeAt > now) return;
    this.#session.tick(now);
    this.#leaveWhenGone();
  }

  open({ to, from, lang, version }: StreamOpening): boolean {
    // XEP-0206 section 5: a restart should have them both, and need not.
    const attributes = { to: to || this.#domain, from, version, 'xml:lang': lang ?? this.#lang };
    const fields = Object.entries(attributes).map(([name, value]) =>
      value === undefined ? '' : ` ${name}='${escapeXml(value)}'`,
    );
    return this.feed(Buffer.from(`${OPEN_TAG}${fields.join('')}/>`));
  }

  feed(payload: Uint8Array): boolean {
    return this.#carrier?.feed(payload, true) ?? true;
  }

  close(): boolean {
    return this.feed(CLOSE);
  }

  sent(bytes: number): void {
    this.#carrier?.sent(bytes);
  }

  delivered(frames: number): void {
    this.#toldAt = this.#now();
    this.#carrier?.feed(Buffer.from(delivered(frames)), true);
  }

  leave(isOrderly: boolean): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    // Of a carrier that breaks nothing more is read, also not what came just before.
    carrier?.detach(isOrderly || this.#now() < this.#toldAt + READING_MS);
  }

  frame(frame: Uint8Array): boolean {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    const tag = bytes.toString('latin1', 0, OPEN_TAG.length + 1);
    if (tag.startsWith(OPEN_TAG)) this.#opened(bytes);
    else if (tag.startsWith(CLOSE_TAG)) this.#session?.closed(this.#condition);
    else if (tag.startsWith(ERROR_TAG)) this.#failed(bytes);
    else if (tag.startsWith(COUNT_TAG)) this.#count(bytes);
    else this.#session?.said(Buffer.from(bytes));
    this.#settleSoon();
    return false;
  }

  readOn(): void {
    this.#session?.readOn(this.#now());
    this.#leaveWhenGone();
  }

  released(isDone: boolean): void {
    this.#carrier = undefined;
    this.#session?.closed(this.#condition ?? (isDone ? undefined : 'remote-connection-failed'));
    this.#settleSoon();
  }

  #opened(bytes: Buffer): void {
    const { id, from } = this.#parts.parse(bytes)?.attrs ?? {};
    this.#session?.opened({ id, from });
    this.sent(bytes.length);
  }

  #count(bytes: Buffer): void {
    this.#session?.count();
    this.sent(bytes.length);
  }

  /** XEP-0206 section 6; a domain that is not served has a condition of its own. */
  #failed(bytes: Buffer): void {
    if (bytes.includes('<host-unknown ')) {
      this.#condition = 'host-unknown';
      return;
    }
    this.#condition = 'remote-stream-error';
    this.#session?.said(Buffer.from(bytes));
  }

  /** Once all is there that the stream says in this turn, so that it goes into one answer. */
  #settleSoon(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    queueMicrotask(() => {
      this.#isSettling = false;
      this.#session?.settle(this.#now());
      this.#leaveWhenGone();
    });
  }

  #leaveWhenGone(): void {
    if (!this.#session?.isGone(this.#now())) return;
    this.leave(false);
    this.#session = undefined;
    this.#parts.gone(this);
  }

  /** In whole milliseconds, which take no memory of their own. */
  #now(): number {
    return Math.floor(this.#parts.clock.monotonic());
  }
}
