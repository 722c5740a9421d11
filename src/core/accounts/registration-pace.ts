/** At most one registration per source address within a time (`general.registration_timeout`), for all shards and host types. */
import { isIPv6 } from 'node:net';
import type { Clock } from '../../platform/clock.js';
import type { ShardCalls } from '../shards/shard-calls.js';

/** Where the node's one table of recent registrations is kept. */
const PACE_SHARD = 0;
const ADMIT = 'registration.admit';
const RELEASE = 'registration.release';
/** RFC 6177: what one site has at the least. */
const IPV6_NETWORK_GROUPS = 4;

/** Who holds an address, by a number; none when it is held already. */
type Booking = number | undefined;

/** The table itself. */
export class PaceTable {
  readonly #clock: Clock;
  readonly #waitMs: number;
  /** When each address may register again; in the order of time, because the wait is the same for all. */
  readonly #held = new Map<string, { readonly until: number; readonly booking: number }>();
  #bookings = 0;

  constructor(clock: Clock, waitSeconds: number) {
    this.#clock = clock;
    this.#waitMs = waitSeconds * 1_000;
  }

  /** Books a registration. Undefined when the last one from this address is too recent. */
  admit(ip: string): Booking {
    const now = this.#clock.monotonic();
    for (const [source, { until }] of this.#held) {
      if (until > now) break;
      this.#held.delete(source);
    }
    const source = sourceOf(ip);
    if (this.#held.has(source)) return undefined;
    const booking = ++this.#bookings;
    this.#held.set(source, { until: now + this.#waitMs, booking });
    return booking;
  }

  /** Takes exactly this booking back: the registration did not come about. */
  release(ip: string, booking: number): void {
    const source = sourceOf(ip);
    if (this.#held.get(source)?.booking === booking) this.#held.delete(source);
  }
}

/** The table as every shard reaches it. */
export class RegistrationPace {
  readonly #calls: ShardCalls;
  readonly #isUnlimited: boolean;

  /** To be made once per shard: that of the first one answers the others. */
  constructor(calls: ShardCalls, clock: Clock, waitSeconds: number | 'infinity', isFirstShard: boolean) {
    this.#calls = calls;
    this.#isUnlimited = waitSeconds === 'infinity';
    if (waitSeconds === 'infinity' || !isFirstShard) return;
    const table = new PaceTable(clock, waitSeconds);
    calls.serve(ADMIT, (ip: string) => table.admit(ip));
    calls.serve(RELEASE, ({ ip, booking }: { ip: string; booking: number }) => table.release(ip, booking));
  }

  /** Runs `register` unless the address has registered too recently. Only a success, which is what it says by `true`, counts. */
  async run(ip: string, register: () => Promise<boolean>): Promise<'too-soon' | undefined> {
    if (this.#isUnlimited) return void (await register());
    const booking = await this.#calls.ask<Booking>(PACE_SHARD, ADMIT, ip);
    if (booking === undefined || booking === null) return 'too-soon';
    let isRegistered = false;
    try {
      isRegistered = await register();
    } finally {
      if (!isRegistered) await this.#calls.ask(PACE_SHARD, RELEASE, { ip, booking });
    }
    return undefined;
  }
}

/** Whoever has an IPv6 address has all those of its network: 64 bits count. IPv4 addresses count whole. */
export function sourceOf(ip: string): string {
  const [address = ''] = ip.split('%');
  if (!isIPv6(address)) return address;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (dotted && /^(0*:)*:?(ffff|FFFF):$/.test(dotted[1] as string)) return dotted.slice(2).join('.');
  const [front = '', back] = address.split('::');
  const left = front === '' ? [] : front.split(':');
  const right = back === undefined || back === '' ? [] : back.split(':');
  // Four numbers of an embedded IPv4 address stand for two groups.
  const missing = back === undefined ? 0 : 8 - left.length - right.length - (dotted ? 1 : 0);
  const groups = [...left, ...Array<string>(missing).fill('0'), ...right].slice(0, IPV6_NETWORK_GROUPS);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
