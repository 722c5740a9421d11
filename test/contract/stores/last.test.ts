/** Times of last activity. */
import { expect, it } from 'vitest';
import { lastStore } from '../../../src/modules/last/last-store.js';
import { storeContract } from '../../support/stores.js';

await storeContract(lastStore, ({ store, domain }) => {
  it('remembers the latest time and status of an account', async () => {
    const alice = { local: 'alice', domain: domain() };
    expect(await store().get(alice)).toBeUndefined();
    await store().put(alice, { seconds: 1_700_000_000, status: 'Gone home' });
    await store().put(alice, { seconds: 1_700_000_100, status: '' });
    expect(await store().get(alice)).toEqual({ seconds: 1_700_000_100, status: '' });
    expect(await store().get({ ...alice, local: 'bob' })).toBeUndefined();
  });

  it('forgets an account', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { seconds: 1, status: 'x' });
    await store().delete(alice);
    await store().delete(alice);
    expect(await store().get(alice)).toBeUndefined();
  });

  it('counts the accounts of a domain that were seen after a moment', async () => {
    const at = domain();
    for (const [index, local] of ['alice', 'bob', 'carol'].entries()) {
      await store().put({ local, domain: at }, { seconds: 100 + index, status: '' });
    }
    expect(await store().countSince(at, 99)).toBe(3);
    expect(await store().countSince(at, 101)).toBe(1);
    expect(await store().countSince('nobody.example', 0)).toBe(0);
  });
});
