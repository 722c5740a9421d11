/** Offline messages. */
import { expect, it } from 'vitest';
import type { AccountKey } from '../../../src/core/storage/index.js';
import { type OfflineMessage, type OfflineStore, offlineStore } from '../../../src/modules/offline/offline-store.js';
import { storeContract } from '../../support/stores.js';

const NOW = 1_700_000_000_000_000;

function message(number: number, expireUs?: number): OfflineMessage {
  return {
    from: 'bob@elsewhere.example/phone',
    xml: `<message><body>${number}</body></message>`,
    timestampUs: NOW + number,
    expireUs,
  };
}

/** Without their numbers. */
async function contents(store: OfflineStore, account: AccountKey): Promise<OfflineMessage[]> {
  return (await store.load(account)).map(({ id: _, ...message }) => message);
}

await storeContract(offlineStore, ({ store, domain }) => {
  it('has those that came first at the front, until they are removed', async () => {
    const alice = { local: 'alice', domain: domain() };
    const sent = Array.from({ length: 30 }, (_, index) => message(index));
    expect(await Promise.all(sent.map((one) => store().push(alice, one, 100)))).toEqual(sent.map(() => true));
    await store().push({ ...alice, local: 'carol' }, message(99), 100);
    expect(await contents(store(), alice)).toEqual(sent);
    expect(await contents(store(), alice)).toEqual(sent);
    const ids = (await store().load(alice)).map(({ id }) => id);
    await store().remove(alice, ids.slice(0, 29));
    expect(await contents(store(), alice)).toEqual(sent.slice(29));
    expect(await store().count({ ...alice, local: 'carol' })).toBe(1);
  });

  it('removes nothing of another account', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().push(alice, message(1), 100);
    const ids = (await store().load(alice)).map(({ id }) => id);
    await store().remove({ ...alice, local: 'carol' }, ids);
    await store().remove(alice, []);
    expect(await store().count(alice)).toBe(1);
  });

  it('gives pages, single messages and headers, in the order of arrival', async () => {
    const alice = { local: 'alice', domain: domain() };
    for (const number of [1, 2, 3, 4, 5]) await store().push(alice, message(number, number === 2 ? NOW : undefined), 9);
    await store().push({ ...alice, local: 'carol' }, message(9), 9);
    const all = await store().load(alice);
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((one, other) => one - other));
    expect(await store().load(alice, 0, 2)).toEqual(all.slice(0, 2));
    expect(await store().load(alice, ids[1], 2)).toEqual(all.slice(2, 4));
    expect(await store().load(alice, ids[4])).toEqual([]);
    expect(await store().pick(alice, [ids[3] as number, ids[0] as number, 999_999_999_999])).toEqual([all[0], all[3]]);
    expect(await store().pick({ ...alice, local: 'dave' }, ids)).toEqual([]);
    expect(await store().headers(alice)).toEqual(
      all.map(({ id, from, expireUs }) => ({ id, from, expireUs, xml: undefined })),
    );
  });

  it('gives the message with a header whose sender has no resource', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().push(alice, { ...message(1), from: 'bob@elsewhere.example' }, 9);
    expect((await store().headers(alice)).map(({ xml }) => xml)).toEqual([message(1).xml]);
  });

  it('removes what has expired of one account, and says how many', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().push(alice, message(1, NOW), 9);
    await store().push(alice, message(2, NOW + 2), 9);
    await store().push({ ...alice, local: 'carol' }, message(1, NOW), 9);
    expect(await store().removeExpiredOf(alice, NOW + 1)).toBe(1);
    expect(await contents(store(), alice)).toEqual([message(2, NOW + 2)]);
    expect(await store().count({ ...alice, local: 'carol' })).toBe(1);
  });

  it('keeps the order of arrival when the clock has been set back', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().push(alice, message(2), 10);
    await store().push(alice, message(1), 10);
    expect((await store().load(alice)).map(({ timestampUs }) => timestampUs)).toEqual([NOW + 2, NOW + 1]);
  });

  it('refuses what is beyond the limit, also when many come at once', async () => {
    const alice = { local: 'alice', domain: domain() };
    const outcomes = await Promise.all([1, 2, 3, 4].map((number) => store().push(alice, message(number), 3)));
    expect(outcomes).toEqual([true, true, true, false]);
    expect(await store().count(alice)).toBe(3);
    expect(await store().push(alice, message(5), 0)).toBe(false);
    expect(await store().push(alice, message(5), Number.POSITIVE_INFINITY)).toBe(true);
  });

  it('tells when a message expires', async () => {
    const alice = { local: 'alice', domain: domain() };
    const sent = [message(1, NOW), message(2)];
    for (const one of sent) await store().push(alice, one, 10);
    expect(await contents(store(), alice)).toEqual(sent);
  });

  it('removes expired and old messages of a domain, and says how many', async () => {
    const at = domain();
    const alice = { local: 'alice', domain: at };
    const elsewhere = { local: 'alice', domain: domain() };
    await store().push(alice, message(1, NOW), 10);
    await store().push(alice, message(2), 10);
    await store().push(alice, message(3), 10);
    await store().push(elsewhere, message(1, NOW), 10);
    expect(await store().removeExpired(at, NOW)).toBe(1);
    expect(await store().removeExpired(at, NOW)).toBe(0);
    expect(await store().removeOlder(at, NOW + 3)).toBe(1);
    expect(await contents(store(), alice)).toEqual([message(3)]);
    expect(await store().count(elsewhere)).toBe(1);
  });

  it('forgets everything of an account that is removed', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().push(alice, message(1), 10);
    await store().removeAccount(alice);
    expect(await contents(store(), alice)).toEqual([]);
  });
});
