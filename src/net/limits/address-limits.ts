/** What one source address may have and do: connections, connections without a user, failed logins (XEP-0205 section 2). */
import { BlockList, isIP } from 'node:net';
import type { Clock } from '../../platform/clock.js';
import type { AddressLimitOptions, Limit } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import { EXEMPT, seededHash, sourceOf } from './address-key.js';
import { AddressCounts, type AddressMemory, counted, FailedLogins, KnownPairs } from './address-memory.js';

/** An attack is worth an entry now and then, not one for each connection. */
const LOG_EVERY_MS = 1_000;

export interface AddressLimitsParts {
  readonly memory: AddressMemory;
  readonly shard: number;
  /** Keeps attackers from choosing addresses that are counted together. */
  readonly secret: Uint8Array;
  readonly options: AddressLimitOptions;
  readonly clock: Clock;
  readonly log: Logger;
}

export type AddressLimit = 'connections_per_address' | 'unauthenticated_per_address' | 'failed_logins_per_address';

export class AddressLimits {
  readonly #parts: AddressLimitsParts;
  readonly #counts: AddressCounts;
  readonly #failures: FailedLogins | undefined;
  readonly #known: KnownPairs;
  readonly #exempt: BlockList;
  readonly #seeds: readonly [number, number, number];
  #loggedMs = Number.NEGATIVE_INFINITY;
  #unlogged = 0;
  /** Connections and logins that were refused, ever. */
  refused = 0;

  constructor(parts: AddressLimitsParts) {
    this.#parts = parts;
    const { memory, shard, secret, options } = parts;
    this.#counts = new AddressCounts(memory, shard);
    const { failed_logins_per_address: most, failed_logins_period: seconds } = options;
    this.#failures = most === 'infinity' ? undefined : new FailedLogins(memory, most, seconds * 1_000);
    this.#known = new KnownPairs(memory);
    this.#exempt = networks(options.exempt_addresses);
    const seeds = new DataView(secret.buffer, secret.byteOffset, secret.byteLength);
    this.#seeds = [seeds.getInt32(0), seeds.getInt32(4), seeds.getInt32(8)];
  }

  /** The key of an address; `EXEMPT`, for which nothing is counted, or what is not an address at all. */
  key(address: string): number {
    const version = isIP(address);
    if (version === 0 || this.#exempt.check(address, version === 4 ? 'ipv4' : 'ipv6')) return EXEMPT;
    return seededHash(sourceOf(address), this.#seeds[0]) || 1;
  }

  /** A connection came, from outside or from another shard. */
  enter(key: number): void {
    if (key !== EXEMPT) this.#counts.add(counted.CONNECTIONS, key, 1);
  }

  leave(key: number): void {
    if (key !== EXEMPT) this.#counts.add(counted.CONNECTIONS, key, -1);
  }

  beginLogin(key: number): void {
    if (key !== EXEMPT) this.#counts.add(counted.UNAUTHENTICATED, key, 1);
  }

  endLogin(key: number): void {
    if (key !== EXEMPT) this.#counts.add(counted.UNAUTHENTICATED, key, -1);
  }

  /** The limit that a connection which has just been counted is over. */
  exceeded(key: number): AddressLimit | undefined {
    if (key === EXEMPT) return undefined;
    const { connections_per_address, unauthenticated_per_address } = this.#parts.options;
    if (this.#isOver(counted.CONNECTIONS, key, connections_per_address)) return 'connections_per_address';
    if (this.#isOver(counted.UNAUTHENTICATED, key, unauthenticated_per_address)) return 'unauthenticated_per_address';
    return undefined;
  }

  failed(key: number): void {
    if (key !== EXEMPT) this.#failures?.add(key, this.#parts.clock.now());
  }

  /** True while an address has failed too often: the outcome of a login must not show then. */
  isLocked(key: number): boolean {
    return key !== EXEMPT && this.#failures?.isFull(key, this.#parts.clock.now()) === true;
  }

  /** Whoever has logged in from an address is let in again, however many others fail from there. */
  remember(key: number, account: string): void {
    if (key !== EXEMPT) this.#known.add(this.#pair(key, account, 1), this.#pair(key, account, 2));
  }

  knows(key: number, account: string): boolean {
    return this.#known.has(this.#pair(key, account, 1), this.#pair(key, account, 2));
  }

  /** Counts a refusal, and tells of it at most once a second. */
  refuse(limit: AddressLimit, ip: string): void {
    this.refused++;
    this.#unlogged++;
    const now = this.#parts.clock.monotonic();
    if (now - this.#loggedMs < LOG_EVERY_MS) return;
    this.#parts.log.warn('c2s.address.refused', { limit, ip, count: this.#unlogged });
    this.#loggedMs = now;
    this.#unlogged = 0;
  }

  #isOver(kind: (typeof counted)[keyof typeof counted], key: number, limit: Limit): boolean {
    return limit !== 'infinity' && this.#counts.count(kind, key) > limit;
  }

  #pair(key: number, account: string, seed: 1 | 2): number {
    return seededHash(`${key} ${account}`, this.#seeds[seed] as number);
  }
}

function networks(list: readonly string[]): BlockList {
  const found = new BlockList();
  for (const text of list) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    found.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return found;
}
