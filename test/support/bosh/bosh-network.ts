/** A client of BOSH and a bad network between it and a session: what the client sends and hears is told apart from what gets there. */
import type { BoshAnswer, BoshExchange, BoshRequest, SessionSettings } from '../../../src/net/bosh/binding.js';
import { BoshSession } from '../../../src/net/bosh/session.js';

export const settings: SessionSettings = {
  sid: 'sid',
  waitMs: 60_000,
  hold: 1,
  inactivityMs: 30_000,
  maxPauseMs: 120_000,
  pollingMs: 2_000,
  serverAcks: false,
  clientAcks: false,
  version: '1.11',
  maxWaitingBytes: 100_000,
};

export function bosh(
  rid: number,
  more: Partial<Omit<BoshRequest, 'payload'>> & { payload?: string } = {},
): BoshRequest {
  return {
    rid,
    isTerminating: false,
    pauseMs: undefined,
    restart: undefined,
    ack: undefined,
    key: undefined,
    newKey: undefined,
    ...more,
    payload: Buffer.from(more.payload ?? ''),
  };
}

export class Exchange implements BoshExchange {
  answers: BoshAnswer[] = [];
  onAnswer: () => void = () => {};

  answer(answer: BoshAnswer): void {
    this.answers.push(answer);
    this.onAnswer();
  }

  get text(): string | undefined {
    const [first] = this.answers;
    return first && Buffer.from(first.body).toString();
  }
}

/** A session whose stream keeps what it is fed. */
export class Bench {
  readonly fed: string[] = [];
  readonly left: boolean[] = [];
  /** What the stream was told that the client has. */
  delivered = 0;
  readonly clientAcks: boolean;
  sentBytes = 0;
  isReadable = true;
  now = 0;
  readonly session: BoshSession;
  readonly first = new Exchange();

  constructor(given: Partial<SessionSettings> = {}, first: Partial<BoshRequest> = {}) {
    this.clientAcks = given.clientAcks ?? settings.clientAcks;
    const restart = { to: 'localhost', from: undefined, lang: undefined, version: '1.0' };
    const opening = { ...bosh(100, { restart }), ...first };
    this.session = new BoshSession({ ...settings, ...given }, this.#stream(), opening, this.first, 0);
    this.session.begin(0);
  }

  send(rid: number, more: Parameters<typeof bosh>[1] = {}): Exchange {
    const exchange = new Exchange();
    this.session.request(bosh(rid, more), exchange, this.now);
    return exchange;
  }

  say(...parts: string[]): void {
    for (const part of parts) this.session.said(Buffer.from(part));
    this.session.settle(this.now);
  }

  /** Stands at each moment that the session asks for. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.session.wakeAt <= end && !this.session.isGone(this.now)) {
      this.now = Math.max(this.now, this.session.wakeAt);
      this.session.tick(this.now);
    }
    this.now = end;
  }

  open(): void {
    this.session.opened({ id: 'stream', from: 'localhost' });
    this.say('<features/>');
  }

  #stream() {
    const take = (text: string) => {
      this.fed.push(text);
      return this.isReadable;
    };
    return {
      open: () => take('open'),
      feed: (payload: Uint8Array) => take(Buffer.from(payload).toString()),
      close: () => take('close'),
      sent: (bytes: number) => {
        this.sentBytes += bytes;
      },
      delivered: (frames: number) => {
        if (this.fed.includes('close')) throw new Error('told behind the end');
        this.delivered = frames;
      },
      leave: (isOrderly: boolean) => void this.left.push(isOrderly),
    };
  }
}

const STANZA = /<message n="\d+"\/>/g;

interface Outstanding {
  readonly request: BoshRequest;
  /** The latest one that was sent; undefined once the client knows that it is broken. */
  exchange: Exchange | undefined;
  sentTimes: number;
}

/** What not every client and stream does. */
export interface Manner {
  /** The stream counts its frames. */
  readonly isCounted?: boolean;
  /** Requests without stanzas come only when no other is without an answer (XEP-0124 section 10). */
  readonly pollsAlone?: boolean;
}

/** Follows the rules of XEP-0124; what it does, and what becomes of it on the way, is chosen from outside by numbers. */
export class LossyClient {
  readonly bench: Bench;
  readonly #manner: Manner;
  readonly sent: string[] = [];
  readonly said: string[] = [];
  readonly heard: string[] = [];
  /** Those of `said` that are in an answer, whether it came or not. */
  readonly answered = new Set<string>();
  /** The numbers of requests that were sent once, in the order in which they were answered. */
  readonly answeredOrder: number[] = [];
  readonly #requests: number;
  readonly #outstanding = new Map<number, Outstanding>();
  /** Answers that wait for those in front of them. */
  readonly #answers = new Map<number, string>();
  readonly #underWay: { rid: number; exchange: Exchange }[] = [];
  readonly #comingBack: { rid: number; exchange: Exchange; text: string }[] = [];
  readonly #atServer = new Map<Exchange, number>();
  #next = 101;
  #heardUpTo = 100;
  #hasEnded = false;

  constructor(hold: number, given: Partial<SessionSettings> = {}, manner: Manner = {}) {
    this.bench = new Bench({ hold, inactivityMs: Number.POSITIVE_INFINITY, pollingMs: 0, ...given });
    this.#manner = manner;
    this.bench.open();
    if (manner.isCounted) this.bench.session.count();
    this.#requests = hold + 1;
  }

  readonly steps: readonly ((choice: number) => void)[] = [
    (choice) => this.send(choice % 3),
    (choice) => this.#arrive(choice),
    (choice) => this.#arrive(choice),
    (choice) => this.say(choice % 4),
    (choice) => this.#hear(choice),
    (choice) => this.#hear(choice),
    (choice) => this.#loseRequest(choice),
    (choice) => this.#loseAnswer(choice),
    (choice) => this.#breakOff(choice),
    (choice) => this.#sendAgain(choice),
    (choice) => this.bench.pass((choice % 90) * 1_000),
    () => this.#block(),
    () => this.#unblock(),
  ];

  /** One more request, with so many stanzas, when one more may be on its way. */
  send(stanzas: number): void {
    if (this.#next - this.#heardUpTo > this.#requests) return;
    if (this.#manner.pollsAlone && stanzas === 0 && this.#next - this.#heardUpTo > 1) return;
    const rid = this.#next++;
    const texts = Array.from({ length: stanzas }, (_, index) => `<a n="${this.sent.length + index}"/>`);
    this.sent.push(...texts);
    this.#request(bosh(rid, { payload: texts.join(''), ack: this.#ack(rid) }));
  }

  /** Ends the session in order; the request gets there. */
  terminate(): void {
    const rid = this.#next++;
    this.#request(bosh(rid, { isTerminating: true, ack: this.#ack(rid) }));
    while (this.#underWay.length > 0) this.#arrive(0);
  }

  /** Section 9.2: all answers up to this one have come; nothing is said when none is missing. */
  #ack(rid: number): number | undefined {
    return this.bench.clientAcks && this.#heardUpTo < rid - 1 ? this.#heardUpTo : undefined;
  }

  #request(request: BoshRequest): void {
    const outstanding = { request, exchange: undefined, sentTimes: 0 };
    this.#outstanding.set(request.rid, outstanding);
    this.#post(request.rid, outstanding);
  }

  /** The network gets well: everything arrives, and what was lost is sent once more, until nothing is left. */
  recover(): void {
    this.#unblock();
    for (let round = 0; round < 200 && !this.#hasEnded; round++) {
      this.#exchange();
      if (this.#underWay.length > 0) continue;
      if (
        this.heard.length === this.said.length &&
        this.bench.fed.length > 0 &&
        this.#fedStanzas() === this.sent.length
      ) {
        return;
      }
      this.send(0);
    }
  }

  /** Waits for all answers, and then asks on. */
  askOn(): void {
    for (let round = 0; round < 200 && this.#outstanding.size > 0; round++) {
      this.bench.pass(60_000);
      this.#exchange();
    }
    this.send(0);
    this.#exchange();
  }

  /** Everything arrives, and what was lost is sent once more. */
  #exchange(): void {
    while (this.#underWay.length > 0) this.#arrive(0);
    while (this.#comingBack.length > 0) this.#hear(0);
    for (const [rid, one] of this.#outstanding) if (!one.exchange) this.#post(rid, one);
  }

  fedStanzas(): string[] {
    return this.bench.fed.filter((text) => text !== 'open').flatMap((text) => text.match(/<a n="\d+"\/>/g) ?? []);
  }

  #fedStanzas(): number {
    return this.fedStanzas().length;
  }

  #post(rid: number, outstanding: Outstanding): void {
    const exchange = new Exchange();
    outstanding.exchange = exchange;
    outstanding.sentTimes++;
    exchange.onAnswer = () => {
      const text = exchange.text as string;
      this.#atServer.delete(exchange);
      for (const stanza of text.match(STANZA) ?? []) this.answered.add(stanza);
      if (outstanding.sentTimes === 1) this.answeredOrder.push(rid);
      this.#comingBack.push({ rid, exchange, text });
    };
    this.#underWay.push({ rid, exchange });
  }

  #arrive(choice: number): void {
    const [coming] = this.#underWay.splice(choice % (this.#underWay.length || 1), 1);
    if (!coming) return;
    const { request } = this.#outstanding.get(coming.rid) ?? {};
    // The client had its answer meanwhile, by an exchange that was sent later.
    if (!request) return;
    this.#atServer.set(coming.exchange, coming.rid);
    this.bench.session.request(request, coming.exchange, this.bench.now);
  }

  say(stanzas: number): void {
    const texts = Array.from({ length: stanzas }, (_, index) => `<message n="${this.said.length + index}"/>`);
    this.said.push(...texts);
    this.bench.say(...texts);
  }

  #hear(choice: number): void {
    const [coming] = this.#comingBack.splice(choice % (this.#comingBack.length || 1), 1);
    if (!coming || this.#hasEnded || !this.#outstanding.has(coming.rid)) return;
    if (coming.text.includes("type='error'")) return this.#broken(coming.rid, coming.exchange);
    this.#outstanding.delete(coming.rid);
    this.#answers.set(coming.rid, coming.text);
    for (let text = this.#answers.get(this.#heardUpTo + 1); text !== undefined; ) {
      this.#answers.delete(++this.#heardUpTo);
      this.heard.push(...(text.match(STANZA) ?? []));
      if (text.includes("type='terminate'")) {
        this.#hasEnded = true;
        this.heard.push(text);
        return;
      }
      text = this.#answers.get(this.#heardUpTo + 1);
    }
  }

  #loseRequest(choice: number): void {
    const [lost] = this.#underWay.splice(choice % (this.#underWay.length || 1), 1);
    if (lost) this.#broken(lost.rid, lost.exchange);
  }

  #loseAnswer(choice: number): void {
    const [lost] = this.#comingBack.splice(choice % (this.#comingBack.length || 1), 1);
    if (lost) this.#broken(lost.rid, lost.exchange);
  }

  /** The connection of a request that is held breaks, which both sides notice. */
  #breakOff(choice: number): void {
    const held = [...this.#atServer][choice % (this.#atServer.size || 1)];
    if (!held) return;
    const [exchange, rid] = held;
    exchange.onAnswer = () => {};
    this.#atServer.delete(exchange);
    this.bench.session.abandoned(exchange, this.bench.now);
    this.#broken(rid, exchange);
  }

  #broken(rid: number, exchange: Exchange): void {
    const outstanding = this.#outstanding.get(rid);
    if (outstanding?.exchange === exchange) outstanding.exchange = undefined;
  }

  /** Whether it is known to be lost or not. */
  #sendAgain(choice: number): void {
    const one = [...this.#outstanding][choice % (this.#outstanding.size || 1)];
    if (one && one[1].sentTimes < 10) this.#post(...one);
  }

  #block(): void {
    this.bench.isReadable = false;
  }

  #unblock(): void {
    this.bench.isReadable = true;
    this.bench.session.readOn(this.bench.now);
  }
}
