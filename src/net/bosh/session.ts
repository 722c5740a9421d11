/**
 * One session of BOSH (XEP-0124): brings what requests carry to its stream, in their order, and answers them with what the stream says.
 * It knows neither sockets nor timers: whoever holds it calls `tick` at `wakeAt`.
 */
import { AnswerMemory, again } from './answer-memory.js';
import {
  answer,
  type BodyAttributes,
  creationAttributes,
  recoverable,
  refusal,
  type StreamFacts,
} from './answer-text.js';
import type { BoshExchange, BoshRequest, BoshStream, Condition, SessionSettings } from './binding.js';
import { type Asked, Haste } from './haste.js';
import { isSameKey, KeySequence } from './key-sequence.js';
import { comesBack, hasAnswerOf, missed, Progress } from './progress.js';
import { begun, isExtra, type Received, sizeOf, withOneMore, withoutPayload } from './received.js';

/** More waits for the next answer; one element may be larger. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** Once more than this is no accident any longer (XEP-0124 section 14.3). */
const MOST_REPEATS = 20;
/** How long the stream may take to begin, and to end. */
const OPENING_MS = 10_000;
const ENDING_MS = 5_000;
/** How long the last answers of a session that is over are kept, in case they got lost. */
const LINGERING_MS = 30_000;
const NONE: readonly Received[] = [];

export class BoshSession {
  readonly #settings: SessionSettings;
  readonly #stream: BoshStream;
  /** Undefined until the client begins with one. */
  #keys: KeySequence | undefined;
  readonly #haste = new Haste();
  readonly #memory = new AnswerMemory();
  readonly #progress = new Progress();
  readonly #requests: number;
  /** The next request in order. */
  #expected: number;
  /** Requests that wait for one in front of them. */
  #early: Map<number, Received> | undefined;
  /** Requests in order that have no answer yet. */
  #pending: Received[] = [];
  /** Requests whose payload the stream does not have yet. */
  #inputs: Received[] = [];
  #waitingBytes = 0;
  #isReadable = true;
  #output: Uint8Array[] = [];
  #facts: StreamFacts | undefined;
  #hasBegun = false;
  /** All requests are sent back, for a pause. */
  #isReturning = false;
  #inactivityMs: number;
  #quietSince: number;
  /** When the client ended the session. */
  #endingSince: number | undefined;
  /** The stream has ended. */
  #isClosed = false;
  #condition: Condition | undefined;
  #isOver = false;
  #overUntil = 0;

  /** `first` asked for the session. */
  constructor(settings: SessionSettings, stream: BoshStream, first: BoshRequest, exchange: BoshExchange, now: number) {
    const { hold, inactivityMs } = settings;
    this.#settings = settings;
    this.#stream = stream;
    this.#requests = hold + 1;
    this.#keys = first.newKey === undefined ? undefined : new KeySequence(first.newKey);
    this.#inactivityMs = inactivityMs;
    this.#quietSince = now;
    this.#expected = first.rid + 1;
    const received = begun(first, exchange, now);
    this.#pending = [received];
    this.#await(received);
  }

  /** Nothing is left to be said or repeated. */
  isGone(now: number): boolean {
    return this.#isOver && now >= this.#overUntil;
  }

  /** When to call `tick`, at the latest. */
  get wakeAt(): number {
    if (this.#isOver) return this.#overUntil;
    const oldest = this.#pending[0];
    const end = oldest ? this.#deadline(oldest) : this.#quietSince + this.#inactivityMs;
    return this.#isReadable && !this.#isClosed ? Math.min(end, this.#progress.tellAt) : end;
  }

  /** What waits here, for its bounds. */
  get held(): { requests: number; answers: number; bytes: number } {
    return {
      requests: this.#pending.length + this.#earlyRequests.length,
      answers: this.#memory.size,
      bytes: this.#waitingBytes,
    };
  }

  get #earlyRequests(): readonly Received[] {
    return this.#early ? [...this.#early.values()] : NONE;
  }

  /** Requests in order that have no answer. */
  get heldInOrder(): number {
    return this.#pending.length;
  }

  /** To be called once, behind the constructor. */
  begin(now: number): void {
    this.#settle(now);
  }

  request(request: BoshRequest, exchange: BoshExchange, now: number): void {
    this.#quietSince = now;
    const { rid } = request;
    if (rid < this.#expected) return this.#repeated(request, exchange, now);
    if (this.#isOver || this.#endingSince !== undefined) return exchange.answer(this.#refusal('item-not-found'));
    const window = this.#requests + (isExtra(request) ? 1 : 0);
    if (rid >= this.#expected + window) return this.#fail('item-not-found', exchange);
    const known = this.#early?.get(rid);
    if (known) {
      if (!this.#again(known, request, exchange, now)) return;
    } else {
      const received = begun(request, exchange, now);
      this.#early ??= new Map();
      this.#early.set(rid, received);
      this.#waitingBytes += sizeOf(received);
      if (this.#waitingBytes > this.#settings.maxWaitingBytes) return this.#fail('policy-violation');
    }
    this.#takeInOrder(now);
    this.#settle(now);
  }

  /** The client of this request has gone. */
  abandoned(exchange: BoshExchange, now: number): void {
    for (const received of [...this.#pending, ...this.#earlyRequests]) {
      if (received.exchange === exchange) received.exchange = undefined;
    }
    this.#settle(now);
  }

  opened(facts: StreamFacts): void {
    if (!this.#hasBegun) this.#facts ??= facts;
  }

  /** The next frame is the first that the stream counts. */
  count(): void {
    this.#progress.count();
  }

  /** A frame, of whole elements, that the stream says; to be followed by `settle`. */
  said(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#progress.said();
    this.#output = withOneMore(this.#output, bytes);
  }

  /** The stream ends, with this condition or in peace; to be followed by `settle`. */
  closed(condition: Condition | undefined): void {
    if (!this.#isClosed) this.#condition = condition;
    this.#isClosed = true;
  }

  /** There is room in the stream again. */
  readOn(now: number): void {
    this.#isReadable = true;
    this.#settle(now);
  }

  settle(now: number): void {
    this.#settle(now);
  }

  tick(now: number): void {
    if (!this.#isOver && this.#pending.length === 0 && now >= this.#quietSince + this.#inactivityMs) {
      return this.#end(refusal('item-not-found', this.#isLegacy), false);
    }
    this.#settle(now);
  }

  get #isLegacy(): boolean {
    return this.#settings.version === undefined;
  }

  #refusal(condition: Condition) {
    return refusal(condition, this.#isLegacy);
  }

  #takeInOrder(now: number): void {
    for (;;) {
      const next = this.#early?.get(this.#expected);
      if (!next || this.#isOver || this.#endingSince !== undefined) return;
      this.#early?.delete(this.#expected);
      if (this.#early?.size === 0) this.#early = undefined;
      this.#expected++;
      this.#waitingBytes -= sizeOf(next);
      this.#take(next, now);
    }
  }

  #take(received: Received, now: number): void {
    const { request } = received;
    this.#pending = withOneMore(this.#pending, received);
    if (request.newKey !== undefined) this.#keys ??= new KeySequence(undefined);
    if (this.#keys?.accept(request.key, request.newKey) === false) return this.#fail('item-not-found');
    const isEmpty = request.payload.length === 0 && !request.restart;
    const asked = { isEmpty, isExtra: isExtra(request), unanswered: this.#pending.length };
    if (this.#isHasty(asked, now)) return this.#fail('policy-violation');
    const isAlone = this.#pending.length === 1 && this.#early === undefined;
    const asker = { requests: this.#requests, clientAcks: this.#settings.clientAcks, isAlone, isEmpty };
    received.report = missed(request, asker, this.#memory, now);
    this.#progress.had(this.#memory.framesUpTo(hasAnswerOf(request, asker)));
    if (request.ack !== undefined) this.#memory.acknowledged(request.ack);
    this.#inactivityMs = this.#settings.inactivityMs;
    if (request.pauseMs !== undefined) {
      if (request.pauseMs > this.#settings.maxPauseMs) return this.#fail('policy-violation');
      this.#isReturning = true;
      this.#inactivityMs = request.pauseMs;
    }
    if (request.isTerminating) this.#endingSince = now;
    if (isEmpty && !request.isTerminating) received.isFed = true;
    else this.#await(received);
  }

  #isHasty(asked: Asked, now: number): boolean {
    const { hold, waitMs, pollingMs } = this.#settings;
    const isPolling = hold === 0 || waitMs === 0;
    return this.#haste.asked(asked, { isPolling, requests: this.#requests, pollingMs: pollingMs / 2 }, now);
  }

  #await(received: Received): void {
    this.#inputs = withOneMore(this.#inputs, received);
    this.#waitingBytes += sizeOf(received);
    if (this.#waitingBytes > this.#settings.maxWaitingBytes) this.#fail('policy-violation');
  }

  #feed(now: number): void {
    while (this.#isReadable && !this.#isClosed) {
      const received = this.#inputs.shift();
      this.#tell(now, received?.request.isTerminating === true);
      if (!received) return;
      this.#waitingBytes -= sizeOf(received);
      received.isFed = true;
      const { restart, payload, isTerminating } = received.request;
      if (this.#inputs.length === 0) this.#inputs = [];
      // XEP-0206 section 5: what comes along with a restart is ignored.
      if (restart) this.#isReadable = this.#stream.open(restart);
      else if (payload.length > 0) this.#isReadable = this.#stream.feed(payload);
      if (isTerminating) this.#stream.close();
      if (payload.length > 0) received.request = withoutPayload(received.request);
    }
  }

  #tell(now: number, isLast: boolean): void {
    const frames = this.#progress.toTell(now, isLast);
    if (frames !== undefined) this.#stream.delivered(frames);
  }

  #repeated(request: BoshRequest, exchange: BoshExchange, now: number): void {
    const pending = this.#pending.find((one) => one.request.rid === request.rid);
    if (pending) {
      if (this.#again(pending, request, exchange, now)) this.#settle(now);
      return;
    }
    const known = this.#memory.find(request.rid);
    if (!known || !isSameKey(request.key, known.key)) {
      if (this.#isOver) exchange.answer(this.#refusal('item-not-found'));
      else this.#fail('item-not-found', exchange);
    } else if (++known.repeats > MOST_REPEATS) this.#fail('policy-violation', exchange);
    else exchange.answer(again(known));
  }

  /** XEP-0124 section 14.3: who sends a request once more gets the answer. False when that ended the session. */
  #again(received: Received, { key }: BoshRequest, exchange: BoshExchange, now: number): boolean {
    const isSame = isSameKey(key, received.request.key);
    if (!isSame || ++received.repeats > MOST_REPEATS) {
      this.#fail(isSame ? 'policy-violation' : 'item-not-found', exchange);
      return false;
    }
    received.exchange?.answer(recoverable);
    received.exchange = exchange;
    received.at = now;
    return true;
  }

  #settle(now: number): void {
    if (this.#isOver) return;
    this.#feed(now);
    for (;;) {
      const oldest = this.#pending[0];
      if (!oldest) break;
      if (this.#endingSince !== undefined) {
        if (this.#isClosed || now >= this.#endingSince + ENDING_MS) this.#finish(now);
        return;
      }
      if (this.#isClosed && oldest.exchange) return this.#finish(now);
      if (!this.#isDue(oldest, now)) return;
      this.#answer(oldest, now);
    }
    this.#isReturning = false;
  }

  #deadline(received: Received): number {
    if (this.#endingSince !== undefined) return this.#endingSince + ENDING_MS;
    return received.at + Math.max(this.#settings.waitMs, this.#hasBegun ? 0 : OPENING_MS);
  }

  #isDue(oldest: Received, now: number): boolean {
    if (now >= this.#deadline(oldest) || this.#isClosed) return true;
    if (!oldest.isFed) return false;
    // Nobody would read the answer, but it can be asked for once more.
    if (this.#isReturning || !oldest.exchange || this.#output.length > 0) return true;
    if (!this.#hasBegun && this.#pending.length === 1) return false;
    return this.#pending.length + this.#earlyRequests.length > this.#settings.hold || oldest.report !== undefined;
  }

  #answer(oldest: Received, now: number, attributes: BodyAttributes = {}, mostBytes = MAX_ANSWER_BYTES): void {
    this.#pending.shift();
    const { request, exchange, report } = oldest;
    const mayCarry = (exchange && request.pauseMs === undefined) || mostBytes === Number.POSITIVE_INFINITY;
    const parts = mayCarry ? this.#takeOutput(mostBytes) : [];
    const reply = answer(
      {
        ...(this.#hasBegun ? this.#ack(request.rid) : creationAttributes(this.#settings, this.#facts, request.rid)),
        ...(report && { report: report.rid, time: report.ms }),
        ...attributes,
      },
      parts,
    );
    this.#hasBegun = true;
    this.#facts = undefined;
    if (parts.length > 0) this.#haste.told();
    this.#quietSince = now;
    const frames = this.#progress.sentBefore(this.#output.length);
    this.#memory.add({ rid: request.rid, key: request.key, at: now, frames }, reply, this.#requests + 1);
    exchange?.answer(reply);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > 0) this.#stream.sent(bytes);
  }

  /** XEP-0124 section 9.1. */
  #ack(rid: number): BodyAttributes {
    const highest = this.#expected - 1;
    return this.#settings.serverAcks && highest !== rid ? { ack: highest } : {};
  }

  #takeOutput(mostBytes: number): Uint8Array[] {
    let bytes = 0;
    let count = 0;
    for (const part of this.#output) {
      bytes += part.length;
      if (count > 0 && bytes > mostBytes) break;
      count++;
    }
    const taken = this.#output;
    this.#output = taken.slice(count);
    return taken.slice(0, count);
  }

  /**
   * The oldest request is told of the end, with all that is left and does not find another way by now; the others get nothing (XEP-0124
   * section 13).
   */
  #finish(now: number): void {
    const [oldest, ...others] = this.#pending;
    if (!oldest) return;
    if (this.#progress.isCounting) this.#output = this.#output.filter((frame) => !comesBack(frame));
    this.#answer(oldest, now, { type: 'terminate', condition: this.#condition }, Number.POSITIVE_INFINITY);
    for (const other of others) this.#answer(other, now);
    this.#end(this.#refusal('item-not-found'), true);
    this.#overUntil = now + Math.min(LINGERING_MS, this.#settings.inactivityMs);
  }

  /** The client, or somebody in its name, broke the rules. */
  #fail(condition: Condition, exchange?: BoshExchange): void {
    const reply = this.#refusal(condition);
    exchange?.answer(reply);
    this.#end(reply, false);
  }

  #end(reply: ReturnType<typeof refusal>, isOrderly: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { exchange } of [...this.#pending, ...this.#earlyRequests]) exchange?.answer(reply);
    this.#pending = [];
    this.#inputs = [];
    this.#early = undefined;
    this.#output = [];
    this.#waitingBytes = 0;
    if (this.#isReadable && !this.#isClosed) this.#tell(this.#quietSince, true);
    this.#stream.leave(isOrderly);
  }
}
