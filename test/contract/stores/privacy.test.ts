/** Privacy lists. */
import { expect, it } from 'vitest';
import { ALL_KINDS, kind, type PrivacyItem } from '../../../src/modules/privacy/privacy-list.js';
import { type KeptList, privacyStore } from '../../../src/modules/privacy/privacy-store.js';
import { storeContract } from '../../support/stores.js';

const items: readonly PrivacyItem[] = [
  { order: 0, type: 'jid', value: 'bob@elsewhere.example/phone', action: 'block', kinds: ALL_KINDS },
  { order: 3, type: 'group', value: "Friends & 'foes'", action: 'allow', kinds: kind.MESSAGE | kind.PRESENCE_OUT },
  { order: 7, type: 'subscription', value: 'none', action: 'deny', kinds: kind.IQ },
  { order: 2_147_483_647, type: 'any', value: '', action: 'deny', kinds: kind.PRESENCE_IN },
];

function normal(list: KeptList | undefined): KeptList | undefined {
  return list && { ...list, items: list.items.toSorted((one, other) => one.order - other.order) };
}

await storeContract(privacyStore, ({ store, domain }) => {
  it('gives back a list as it was put, one account at a time', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { name: 'public', items });
    await store().put({ ...alice, local: 'carol' }, { name: 'public', items: [] });
    expect(normal(await store().list(alice, 'public'))).toEqual({ name: 'public', items });
    expect(await store().list({ ...alice, local: 'carol' }, 'public')).toEqual({ name: 'public', items: [] });
    expect(await store().list(alice, 'Public')).toBeUndefined();
    expect(await store().list({ ...alice, domain: 'nowhere.example' }, 'public')).toBeUndefined();
  });

  it('puts other items in the place of those that were there', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { name: 'public', items });
    await store().put(alice, { name: 'public', items: items.slice(2) });
    expect(normal(await store().list(alice, 'public'))?.items).toEqual(items.slice(2));
    expect((await store().names(alice)).lists).toEqual(['public']);
  });

  it('writes what differs from items that are known', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { name: 'public', items });
    const changed = [{ ...items[0]!, action: 'allow' as const }, items[1]!, { ...items[2]!, order: 8 }];
    await store().put(alice, { name: 'public', items: changed }, { before: items });
    expect(normal(await store().list(alice, 'public'))?.items).toEqual(changed);
  });

  it('knows the default list, and that there is none', async () => {
    const alice = { local: 'alice', domain: domain() };
    expect(await store().defaultList(alice)).toBeUndefined();
    await store().put(alice, { name: 'one', items });
    expect(await store().defaultList(alice)).toBeUndefined();
    await store().put(alice, { name: 'two', items: [] }, { asDefault: true });
    expect(await store().defaultList(alice)).toEqual({ name: 'two', items: [] });
    await store().setDefault(alice, 'one');
    expect(normal(await store().defaultList(alice))).toEqual({ name: 'one', items });
    const names = await store().names(alice);
    expect({ ...names, lists: names.lists.toSorted() }).toEqual({ default: 'one', lists: ['one', 'two'] });
    await store().setDefault(alice, undefined);
    expect(await store().defaultList(alice)).toBeUndefined();
    expect((await store().names(alice)).default).toBeUndefined();
  });

  it('takes a list away with its items, and as the default', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { name: 'one', items }, { asDefault: true });
    await store().put(alice, { name: 'two', items });
    await store().remove(alice, 'two');
    expect(await store().list(alice, 'two')).toBeUndefined();
    expect((await store().defaultList(alice))?.name).toBe('one');
    await store().remove(alice, 'one');
    await store().remove(alice, 'one');
    expect(await store().names(alice)).toEqual({ default: undefined, lists: [] });
    await store().put(alice, { name: 'one', items: [] });
    expect(await store().list(alice, 'one')).toEqual({ name: 'one', items: [] });
  });

  it('forgets an account, and no other', async () => {
    const alice = { local: 'alice', domain: domain() };
    const carol = { ...alice, local: 'carol' };
    for (const account of [alice, carol]) await store().put(account, { name: 'one', items }, { asDefault: true });
    await store().removeAccount(alice);
    await store().removeAccount(alice);
    expect(await store().defaultList(alice)).toBeUndefined();
    expect(await store().names(alice)).toEqual({ default: undefined, lists: [] });
    expect(normal(await store().defaultList(carol))).toEqual({ name: 'one', items });
  });

  it('refuses two items of the same order, and keeps what was there', async () => {
    const alice = { local: 'alice', domain: domain() };
    const twice = [items[0]!, { ...items[1]!, order: 0 }];
    await store().put(alice, { name: 'one', items });
    await expect(store().put(alice, { name: 'one', items: twice })).rejects.toMatchObject({ code: 'constraint' });
    expect(normal(await store().list(alice, 'one'))?.items).toEqual(items);
  });
});
