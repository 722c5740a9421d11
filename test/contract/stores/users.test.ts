/** The table of accounts. */
import { expect, it } from 'vitest';
import { userStore } from '../../../src/core/accounts/user-store.js';
import { storeContract } from '../../support/stores.js';

await storeContract(userStore, ({ store, domain }) => {
  const plain = { password: 'secret', passDetails: undefined };
  const scram = { password: '', passDetails: '==MULTI_SCRAM==,10000,===SHA1===c2FsdA==|a|b' };

  it('gives back what was added, plain or SCRAM', async () => {
    const at = domain();
    expect(await store().add('alice', at, plain)).toBe(true);
    expect(await store().add('bob', at, scram)).toBe(true);
    expect(await store().get('alice', at)).toEqual(plain);
    expect(await store().get('bob', at)).toEqual(scram);
    expect(await store().get('carol', at)).toBeUndefined();
    expect(await store().get('alice', 'elsewhere.example')).toBeUndefined();
  });

  it('keeps the account that exists when another of the same name is added', async () => {
    const at = domain();
    await store().add('alice', at, plain);
    expect(await store().add('alice', at, scram)).toBe(false);
    expect(await store().get('alice', at)).toEqual(plain);
  });

  it('lets one of two simultaneous registrations win', async () => {
    const at = domain();
    const outcomes = await Promise.all([store().add('alice', at, plain), store().add('alice', at, scram)]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  it('changes only accounts that exist', async () => {
    const at = domain();
    await store().add('alice', at, plain);
    expect(await store().update('alice', at, scram)).toBe(true);
    expect(await store().get('alice', at)).toEqual(scram);
    expect(await store().update('bob', at, plain)).toBe(false);
    expect(await store().get('bob', at)).toBeUndefined();
  });

  it('removes an account once', async () => {
    const at = domain();
    await store().add('alice', at, plain);
    expect(await store().delete('alice', at)).toBe(true);
    expect(await store().delete('alice', at)).toBe(false);
    expect(await store().get('alice', at)).toBeUndefined();
  });

  it('lists and counts the accounts of a domain, in pages and in the order of bytes', async () => {
    const at = domain();
    for (const name of ['bob', 'émile', 'alice', 'a-z', '\u{1f600}', '\ufb01', 'a.z'])
      await store().add(name, at, plain);
    await store().add('zoe', domain(), plain);
    const sorted = ['a-z', 'a.z', 'alice', 'bob', 'émile', '\ufb01', '\u{1f600}'];
    expect(await store().count(at)).toBe(7);
    expect(await store().list(at, {})).toEqual(sorted);
    expect(await store().list(at, { limit: 2 })).toEqual(sorted.slice(0, 2));
    expect(await store().list(at, { limit: 2, index: 5 })).toEqual(sorted.slice(5));
    expect(await store().list(at, { index: 6 })).toEqual(sorted.slice(6));
    expect(await store().list(at, { index: 7 })).toEqual([]);
    expect(await store().count('nobody.example')).toBe(0);
  });

  it('takes any text as it is', async () => {
    const at = domain();
    const odd = { password: `'; DROP TABLE users; -- $1 ?1 \\ " \u{1f511}`, passDetails: undefined };
    await store().add("o'neill", at, odd);
    expect(await store().get("o'neill", at)).toEqual(odd);
  });
});
