/** Contact lists in memory beside a store that is slow, or fails. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, Roster } from '../../../src/modules/roster/roster.js';
import { RosterKeeper } from '../../../src/modules/roster/roster-keeper.js';
import { type RosterStore, rosterStore } from '../../../src/modules/roster/roster-store.js';
import { NO_SUBSCRIPTION } from '../../../src/modules/roster/subscription.js';
import { Jid } from '../../../src/protocol/jid.js';

const owner = Jid.parse('alice@localhost') as Jid;
const bob = Jid.parse('bob@localhost') as Jid;
const nobody = () => false;

function entry(name: string, jid = bob): Entry {
  return { jid, name, groups: [], subscription: { ...NO_SUBSCRIPTION, to: true }, askMessage: '' };
}

/** Each write is done when `next` is called, and fails when that says so. */
function slowStore(): { store: RosterStore; next: (error?: Error) => Promise<void> } {
  const memory = rosterStore.memory();
  const waiting: ((error?: Error) => void)[] = [];
  const turn = () =>
    new Promise<void>((resolve, reject) => waiting.push((error) => (error ? reject(error) : resolve())));
  const store: RosterStore = {
    load: (account) => memory.load(account),
    version: (account) => memory.version(account),
    setVersion: (account, version) => memory.setVersion(account, version),
    put: (account, item) => turn().then(() => memory.put(account, item)),
    delete: (account, jid) => turn().then(() => memory.delete(account, jid)),
    removeAccount: (account) => turn().then(() => memory.removeAccount(account)),
  };
  const next = (error?: Error) => {
    waiting.shift()?.(error);
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { store, next };
}

describe('a change that cannot be stored', () => {
  const broken = new Error('the disk is full');

  it('is taken back', async () => {
    const { store, next } = slowStore();
    const roster = await Roster.load(owner, store);
    const first = roster.put(entry('Bob'));
    expect(roster.entry(bob)?.name).toBe('Bob');
    await next();
    await first;
    const second = roster.put(entry('Robert'));
    const third = roster.delete(bob);
    const outcomes = Promise.allSettled([second, third]);
    expect(roster.entry(bob)).toBeUndefined();
    await next(broken);
    await next(broken);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(roster.entry(bob)?.name).toBe('Bob');
    expect(roster.hasPendingWrites).toBe(false);
  });

  it('does not take back a later one', async () => {
    const { store, next } = slowStore();
    const roster = await Roster.load(owner, store);
    const outcomes = Promise.allSettled([roster.put(entry('Bob')), roster.put(entry('Robert'))]);
    await next(broken);
    await next();
    await outcomes;
    expect(roster.entry(bob)?.name).toBe('Robert');
  });

  it('leaves a version behind that no client has', async () => {
    const { store, next } = slowStore();
    let count = 0;
    const roster = await Roster.load(owner, store, () => `v${++count}`);
    const outcome = Promise.allSettled([roster.put(entry('Bob'))]);
    const told = roster.version();
    await next(broken);
    await outcome;
    expect(roster.version()).not.toBe(told);
    expect(await store.version(owner)).toBe(roster.version());
  });
});

describe('a roster that is asked for', () => {
  it('writes nothing: it may be that of an account that does not exist', async () => {
    const store = rosterStore.memory();
    const roster = await Roster.load(owner, store, () => 'v1');
    expect(await store.version(owner)).toBeUndefined();
    const empty = roster.version();
    await roster.put(entry('Bob'));
    expect(roster.version()).not.toBe(empty);
    expect(await store.version(owner)).toBe(roster.version());
  });

  it('of an account that was just removed is empty before and after that is committed', async () => {
    const { store, next } = slowStore();
    const keeper = new RosterKeeper(store, nobody, undefined);
    const roster = await keeper.load(owner);
    const put = roster.put(entry('Bob'));
    const cleared = roster.clear();
    expect((await keeper.load(owner)).entries()).toEqual([]);
    await next();
    await next();
    await Promise.all([put, cleared]);
    expect((await keeper.load(owner)).entries()).toEqual([]);
    expect(await store.load(owner)).toEqual([]);
  });
});

it('RFC 6121 section 2.6: however a list came about, its version is that of the list, and no other list has it', async () => {
  const change = fc.record({ contact: fc.nat(4), name: fc.constantFrom('', 'a', 'b'), isPending: fc.boolean() });
  const versions = new Map<string, string>();
  const lists = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(change), { maxLength: 8 }), async (changes) => {
      const store = rosterStore.memory();
      const roster = await Roster.load(owner, store);
      for (const each of changes) {
        const jid = Jid.parse(`c${each?.contact ?? 0}@localhost`) as Jid;
        const subscription = { ...NO_SUBSCRIPTION, to: !each?.isPending, pendingIn: each?.isPending ?? false };
        await (each ? roster.put({ ...entry(each.name, jid), subscription }) : roster.delete(jid));
        expect(roster.version()).toBe((await Roster.load(owner, store)).version());
      }
      const list = roster.visible().map((one) => `${one.jid} ${one.name} ${one.subscription.to}`);
      const seen = list.sort().join();
      expect(versions.get(seen) ?? roster.version()).toBe(roster.version());
      expect(lists.get(roster.version()) ?? seen).toBe(seen);
      versions.set(seen, roster.version());
      lists.set(roster.version(), seen);
    }),
  );
});

describe('rosters of accounts that are away', () => {
  const away = (number: number) => Jid.parse(`away${number}@localhost`) as Jid;
  const isOnline = (account: Jid) => account.local.startsWith('online');

  it('are one object each, also beside many that are online', async () => {
    const keeper = new RosterKeeper(rosterStore.memory(), isOnline, undefined, 10);
    for (let i = 0; i < 20; i++) await keeper.load(Jid.parse(`online${i}@localhost`) as Jid);
    const roster = await keeper.load(away(1));
    expect(await keeper.load(away(1))).toBe(roster);
  });

  it('are let go in time', async () => {
    const keeper = new RosterKeeper(rosterStore.memory(), isOnline, undefined, 10);
    for (let i = 0; i < 100; i++) await keeper.load(Jid.parse(`online${i}@localhost`) as Jid);
    for (let i = 0; i < 5_000; i++) await keeper.load(away(i));
    expect(keeper.size).toBeLessThan(200);
    expect(keeper.peek(Jid.parse('online7@localhost') as Jid)).toBeDefined();
  });
});
