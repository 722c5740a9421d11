/** The sessions of BOSH in one shard, and the way of requests to those of other shards. */
import type { ShardCalls } from '../../core/shards/shard-calls.js';
import type { Carrier, CarrierOwner } from '../../engine/carrier.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { Element } from '../../protocol/element.js';
import { refusal } from './answer-text.js';
import type { BoshAnswer, BoshExchange, SessionSettings } from './binding.js';
import { BoshClient, type ClientParts } from './client.js';
import { RemoteSessions } from './remote-sessions.js';
import { type Creation, type Incoming, readBody } from './request-body.js';

export interface BoshSessionsParts {
  readonly shard: number;
  readonly shards: number;
  readonly calls: ShardCalls;
  readonly clock: Clock;
  readonly random: Random;
  readonly parse: (xml: Uint8Array) => Element | undefined;
}

/** What a handler allows. */
export interface BoshOptions {
  readonly maxWaitMs: number;
  readonly inactivityMs: number;
  readonly maxPauseMs: number;
  readonly serverAcks: boolean;
  readonly maxBodyBytes: number;
  /** False for a domain whose host type must not use BOSH. */
  readonly serves: (domain: string) => boolean;
}

/** A request of HTTP with its body. */
export interface Posted {
  readonly body: Buffer;
  readonly isSecure: boolean;
  /** All that is left of a request that is held: thousands are. */
  readonly replier: Replier;
  /** Undefined once the server takes nobody any more. */
  attach(owner: CarrierOwner): Carrier | undefined;
}

export interface Replier {
  reply(answer: BoshAnswer, contentType: string): void;
}

/** Tells that the client of a request has gone. */
export type Abandon = () => void;

export const DEFAULT_TYPE = 'text/xml; charset=utf-8';
/** XEP-0124, whose version it is that we speak. */
const VERSION: readonly [number, number] = [1, 11];
const SID_BYTES = 20;
const DEFAULT_WAIT_S = 60;
/** Nobody waits for longer, whatever was said. */
const MOST_WAIT_S = 3_600;
const MOST_HOLD = 5;
const POLLING_MS = 2_000;
/** All times of sessions are as coarse as this: a timer for each would take more memory than what it is for. */
const LOOK_EVERY_MS = 250;

export class BoshSessions {
  readonly #parts: BoshSessionsParts;
  readonly #clients = new Map<string, BoshClient>();
  readonly #clientParts: ClientParts;
  readonly #remote: RemoteSessions;
  #looking: Cancel | undefined;

  constructor(parts: BoshSessionsParts) {
    this.#parts = parts;
    const { clock, parse } = parts;
    this.#clientParts = { clock, parse, gone: (client) => this.#gone(client) };
    this.#remote = new RemoteSessions(parts, (sid) => this.#clients.get(sid));
  }

  get count(): number {
    return this.#clients.size;
  }

  /** Sessions that have not ended, and requests that sessions of other shards have to answer. */
  get open(): number {
    const open = [...this.#clients.values()].filter(({ isOpen }) => isOpen);
    return open.length + this.#remote.waiting;
  }

  /** The answer comes by `reply`, now or later. */
  take(posted: Posted, options: BoshOptions): Abandon {
    const incoming = readBody(posted.body, this.#parts.parse);
    if (!incoming) {
      posted.replier.reply(
        refusal('bad-request', !/\sver\s*=/.test(posted.body.toString('latin1', 0, 1_024))),
        DEFAULT_TYPE,
      );
      return () => {};
    }
    return 'creation' in incoming ? this.#create(incoming.creation, posted, options) : this.#goOn(incoming, posted);
  }

  #create(creation: Creation, posted: Posted, options: BoshOptions): Abandon {
    const refuse = (condition: Parameters<typeof refusal>[0]) => {
      posted.replier.reply(refusal(condition, creation.version === undefined), DEFAULT_TYPE);
      return () => {};
    };
    if (creation.to === undefined) return refuse('improper-addressing');
    if (!options.serves(creation.to)) return refuse('host-unknown');
    const { random, shard } = this.#parts;
    const sid = `${shard}-${random.hex(SID_BYTES)}`;
    const contentType = creation.content ?? DEFAULT_TYPE;
    const client = new BoshClient({ sid, contentType, isSecure: posted.isSecure }, this.#clientParts);
    const carrier = posted.attach(client);
    if (!carrier) return refuse('system-shutdown');
    this.#clients.set(sid, client);
    this.#looking ??= this.#parts.clock.every(LOOK_EVERY_MS, () => this.#look());
    const exchange = new LocalExchange(posted.replier, contentType);
    client.begin(carrier, settingsOf(sid, creation, options), creation.request, exchange);
    return abandon(client, exchange);
  }

  #look(): void {
    for (const client of this.#clients.values()) client.look();
  }

  #gone({ sid }: BoshClient): void {
    this.#clients.delete(sid);
    if (this.#clients.size > 0) return;
    this.#looking?.();
    this.#looking = undefined;
  }

  #goOn({ sid, request }: Extract<Incoming, { sid: string }>, posted: Posted): Abandon {
    const client = this.#clients.get(sid);
    if (!client) return this.#remote.request(sid, request, posted);
    // XEP-0124 section 19.1: what began over TLS goes on over TLS; the session itself must not suffer from such a request.
    if (client.isSecure && !posted.isSecure) {
      posted.replier.reply(refusal('item-not-found', false), DEFAULT_TYPE);
      return () => {};
    }
    const exchange = new LocalExchange(posted.replier, client.contentType);
    client.request(request, exchange);
    return abandon(client, exchange);
  }
}

/** A request whose session lives here. */
class LocalExchange implements BoshExchange {
  readonly #replier: Replier;
  readonly #contentType: string;

  constructor(replier: Replier, contentType: string) {
    this.#replier = replier;
    this.#contentType = contentType;
  }

  answer(answer: BoshAnswer): void {
    this.#replier.reply(answer, this.#contentType);
  }
}

/** Holds on to nothing else, as it is there for as long as the request is held. */
function abandon(client: BoshClient, exchange: BoshExchange): Abandon {
  return () => client.abandoned(exchange);
}

function settingsOf(sid: string, creation: Creation, options: BoshOptions): SessionSettings {
  const { wait = DEFAULT_WAIT_S, hold = 1, version, clientAcks } = creation;
  const { maxWaitMs, inactivityMs, maxPauseMs, serverAcks, maxBodyBytes } = options;
  return {
    sid,
    waitMs: Math.min(wait * 1_000, MOST_WAIT_S * 1_000, maxWaitMs),
    hold: Math.min(hold, MOST_HOLD),
    inactivityMs,
    maxPauseMs,
    pollingMs: POLLING_MS,
    serverAcks,
    clientAcks,
    version: version && lower(version, VERSION).join('.'),
    maxWaitingBytes: 2 * maxBodyBytes,
  };
}

function lower(a: readonly [number, number], b: readonly [number, number]): readonly [number, number] {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? a : b;
}
