/** One client of BOSH: carries between its session and its stream, and keeps the time for it. */
import type { Carrier, CarrierOwner } from '../../engine/carrier.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import { type Element, escapeXml } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { BoshExchange, BoshRequest, BoshStream, Condition, SessionSettings, StreamOpening } from './binding.js';
import { BoshSession } from './session.js';

export interface ClientParts {
  readonly clock: Clock;
  readonly parse: (xml: Uint8Array) => Element | undefined;
  /** The Content-Type of all answers. */
  readonly contentType: string;
  /** The session was asked for over TLS, so all of it has to be. */
  readonly isSecure: boolean;
  /** The last call. */
  readonly gone: (client: BoshClient) => void;
}

const CLOSE = Buffer.from(`<close xmlns='${ns.FRAMING}'/>`);
const OPEN_TAG = `<open xmlns='${ns.FRAMING}'`;
const CLOSE_TAG = `<close xmlns='${ns.FRAMING}'`;
const ERROR_TAG = '<stream:error';

export class BoshClient implements CarrierOwner, BoshStream {
  readonly sid: string;
  readonly #parts: ClientParts;
  #carrier: Carrier | undefined;
  #session: BoshSession | undefined;
  #condition: Condition | undefined;
  #isSettling = false;
  #wakeAt = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};

  constructor(sid: string, parts: ClientParts) {
    this.sid = sid;
    this.#parts = parts;
  }

  get contentType(): string {
    return this.#parts.contentType;
  }

  get isSecure(): boolean {
    return this.#parts.isSecure;
  }

  /** To be called before anything else. */
  begin(carrier: Carrier, settings: SessionSettings, first: BoshRequest, exchange: BoshExchange): void {
    this.#carrier = carrier;
    this.#session = new BoshSession(settings, this, first, exchange, this.#now());
    this.#session.begin(this.#now());
    this.#plan();
  }

  request(request: BoshRequest, exchange: BoshExchange): void {
    this.#session?.request(request, exchange, this.#now());
    this.#plan();
  }

  abandoned(exchange: BoshExchange): void {
    this.#session?.abandoned(exchange, this.#now());
    this.#plan();
  }

  open({ to, from, lang, version }: StreamOpening): boolean {
    const attributes = { to, from, version, 'xml:lang': lang };
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

  leave(isOrderly: boolean): void {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    carrier?.detach(isOrderly);
  }

  frame(bytes: Buffer): void {
    const tag = bytes.toString('latin1', 0, OPEN_TAG.length + 1);
    if (tag.startsWith(OPEN_TAG)) this.#opened(bytes);
    else if (tag.startsWith(CLOSE_TAG)) this.#session?.closed(this.#condition);
    else if (tag.startsWith(ERROR_TAG)) this.#failed(bytes);
    else this.#session?.said(Buffer.from(bytes));
    this.#settleSoon();
  }

  readOn(): void {
    this.#session?.readOn(this.#now());
    this.#plan();
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
      this.#plan();
    });
  }

  #plan(): void {
    const session = this.#session;
    if (!session) return;
    const now = this.#now();
    if (session.isGone(now)) return this.#end();
    // A timer that comes too early looks again, which is cheaper than a new one with each request.
    if (session.wakeAt >= this.#wakeAt) return;
    this.#cancel();
    this.#wakeAt = session.wakeAt;
    this.#cancel = this.#parts.clock.after(session.wakeAt - now, () => this.#tick());
  }

  #tick(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#session?.tick(this.#now());
    this.#plan();
  }

  #end(): void {
    this.#cancel();
    this.leave(false);
    this.#session = undefined;
    this.#parts.gone(this);
  }

  #now(): number {
    return this.#parts.clock.monotonic();
  }
}
