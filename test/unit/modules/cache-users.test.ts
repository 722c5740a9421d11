/** What is known of accounts is right, and goes in time and on every shard. */
import { expect, it } from 'vitest';
import type { AccountMemory, Accounts } from '../../../src/core/accounts/accounts.js';
import type { Scope } from '../../../src/core/module/scope.js';
import modCacheUsers from '../../../src/modules/cache/mod_cache_users.js';
import { SegmentedSet } from '../../../src/modules/cache/segmented-set.js';
import { Jid } from '../../../src/protocol/jid.js';
import { type AccountsKit, accountsKit } from '../../support/accounts-kit.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const alice = Jid.trusted('alice', 'example.org');
const MINUTE = 60_000;

interface Options {
  readonly strategy: 'fifo' | 'lru';
  readonly time_to_live: number | 'infinity';
  readonly number_of_segments: number;
}

/** Shards of one node with the module running, over the same tables. */
function node(shards: number, options: Partial<Options> = {}) {
  const config = { strategy: 'fifo', time_to_live: 2, number_of_segments: 3, ...options } as const;
  const clock = new FakeClock();
  const log = new FakeLog();
  const kit = accountsKit();
  const works: Map<string, (account: string) => void>[] = [];
  const away = new Set<number>();
  const all: Accounts[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const { accounts } = shard === 0 ? kit : accountsKit({}, { users: () => kit.internal });
    const mine = new Map<string, (account: string) => void>();
    works.push(mine);
    all.push(accounts);
    const calls = {
      serve: (name: string, work: (account: string) => void) => {
        mine.set(name, work);
        return () => mine.delete(name);
      },
      ask: async (to: number, name: string, account: string) => {
        if (away.has(to)) throw new Error('the shard does not run');
        works[to]?.get(name)?.(account);
      },
    };
    const services = { clock, calls, shards };
    const every = (ms: number, work: () => void) => void clock.every(ms, work);
    modCacheUsers.start({
      config,
      services,
      accounts,
      log,
      every,
      host: { hostType: 'x' },
      onStop() {},
    } as unknown as Scope<never, never, never>);
  }
  return { ...kit, all, clock, log, away };
}

/** How often the table was asked while `work` ran. */
async function asked({ internal }: AccountsKit, work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const get = internal.get.bind(internal);
  internal.get = (...key) => {
    count++;
    return get(...key);
  };
  await work();
  internal.get = get;
  return count;
}

it('an account that was found is not looked for again; one that was not is', async () => {
  const set = node(1);
  await set.accounts.register(alice, 'secret');
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(1);
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(0);
  expect(await set.accounts.exists(alice)).toBe(true);
  const nobody = Jid.trusted('nobody', 'example.org');
  for (let times = 0; times < 2; times++) expect(await asked(set, () => set.accounts.exists(nobody))).toBe(1);
  await set.accounts.register(nobody, 'secret');
  expect(await set.accounts.exists(nobody)).toBe(true);
});

it('an account that is removed is known to no shard by the time that anything of it goes', async () => {
  const set = node(4);
  await set.accounts.register(alice, 'secret');
  for (const accounts of set.all) expect(await accounts.exists(alice)).toBe(true);
  const known: boolean[] = [];
  await set.all[2]?.remove(alice, () => {
    void Promise.all(set.all.map((accounts) => accounts.exists(alice))).then((found) => known.push(...found));
  });
  for (const accounts of set.all) expect(await accounts.exists(alice)).toBe(false);
  expect(known).toEqual([false, false, false, false]);
});

it('a look-up that an account does not survive is not remembered', async () => {
  const set = node(2);
  await set.accounts.register(alice, 'secret');
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const get = set.internal.get.bind(set.internal);
  set.internal.get = async (...key) => {
    const found = await get(...key);
    await gate;
    return found;
  };
  const late = set.all[1]?.exists(alice);
  set.internal.get = get;
  await set.accounts.remove(alice);
  go();
  expect(await late).toBe(true);
  expect(await set.all[1]?.exists(alice)).toBe(false);
});

it('a shard that does not run keeps nobody from being removed', async () => {
  const set = node(3);
  await set.accounts.register(alice, 'secret');
  set.away.add(1);
  expect(await set.accounts.remove(alice)).toBe('removed');
  expect(set.log.events('warning')).toContain('cache_users.not_forgotten');
});

it('time_to_live, number_of_segments: an account is forgotten with its segment', async () => {
  const set = node(1, { time_to_live: 2, number_of_segments: 3 });
  await set.accounts.register(alice, 'secret');
  await set.accounts.exists(alice);
  await set.clock.advance(5 * MINUTE);
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(0);
  await set.clock.advance(MINUTE);
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(1);
});

it('strategy lru: one that is asked for stays', async () => {
  const set = node(1, { strategy: 'lru', time_to_live: 1, number_of_segments: 2 });
  await set.accounts.register(alice, 'secret');
  await set.accounts.exists(alice);
  for (let minute = 0; minute < 5; minute++) {
    await set.clock.advance(MINUTE);
    expect(await asked(set, () => set.accounts.exists(alice))).toBe(0);
  }
  await set.clock.advance(2 * MINUTE);
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(1);
});

it('time_to_live infinity: nothing is forgotten by itself', async () => {
  const set = node(1, { time_to_live: 'infinity', number_of_segments: 1 });
  await set.accounts.register(alice, 'secret');
  await set.accounts.exists(alice);
  await set.clock.advance(2_000 * MINUTE);
  expect(await asked(set, () => set.accounts.exists(alice))).toBe(0);
});

it('somebody who is connected without an account is not remembered', async () => {
  const set = accountsKit({ methods: ['internal', 'anonymous'] });
  const learnt: string[] = [];
  const memory: AccountMemory = {
    knows: () => false,
    learn:
      ({ local }) =>
      () =>
        void learnt.push(local),
    forget: async () => {},
  };
  set.accounts.remember(memory);
  set.online.add('guest@example.org');
  expect(await set.accounts.exists({ local: 'guest', domain: 'example.org' })).toBe(true);
  expect(learnt).toEqual([]);
});

it('a segment holds what was put in last; a text is in one of them', () => {
  const set = new SegmentedSet(2, 'fifo');
  set.add('a');
  set.rotate();
  set.add('a');
  set.add('b');
  expect(set.size).toBe(2);
  set.rotate();
  expect([set.has('a'), set.has('b')]).toEqual([false, true]);
  set.delete('b');
  expect(set.size).toBe(0);
});
