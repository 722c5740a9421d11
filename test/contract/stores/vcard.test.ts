/** vCards and their search. */
import { expect, it } from 'vitest';
import { type VcardFields, vcardFields, vcardStore } from '../../../src/modules/vcard/vcard-store.js';
import { storeContract } from '../../support/stores.js';

const empty = Object.fromEntries(vcardFields.map((field) => [field, ''])) as unknown as VcardFields;

await storeContract(vcardStore, ({ store, domain }) => {
  it('gives back the vCard that was put last', async () => {
    const alice = { local: 'alice', domain: domain() };
    expect(await store().get(alice)).toBeUndefined();
    await store().put(alice, '<vCard>1</vCard>', empty);
    await store().put(alice, '<vCard>2</vCard>', empty);
    expect(await store().get(alice)).toBe('<vCard>2</vCard>');
  });

  it('finds vCards by whole fields and beginnings, without regard to case', async () => {
    const at = domain();
    const alice: VcardFields = { ...empty, fn: 'Alice Ärmel', email: 'Alice@Example.org', orgunit: 'R&D' };
    const bob: VcardFields = { ...empty, fn: 'Bob Alicson', email: 'bob@example.org' };
    await store().put({ local: 'alice', domain: at }, '<vCard/>', alice);
    await store().put({ local: 'bob', domain: at }, '<vCard/>', bob);
    await store().put({ local: 'alice', domain: domain() }, '<vCard/>', alice);

    const foundAlice = { account: { local: 'alice', domain: at }, fields: alice };
    const foundBob = { account: { local: 'bob', domain: at }, fields: bob };
    const whole = (field: 'fn' | 'email' | 'user', value: string) => [{ field, value, isPrefix: false }];
    const start = (field: 'fn' | 'email' | 'user', value: string) => [{ field, value, isPrefix: true }];
    expect(await store().search(at, whole('email', 'ALICE@example.ORG'))).toEqual([foundAlice]);
    expect(await store().search(at, whole('fn', 'alice'))).toEqual([]);
    expect(await store().search(at, start('fn', 'alice ä'))).toEqual([foundAlice]);
    expect(await store().search(at, whole('user', 'bob'))).toEqual([foundBob]);
    expect(await store().search(at, [...start('fn', 'b'), ...start('email', 'alice')])).toEqual([]);
    expect(await store().search(at, [])).toEqual([foundAlice, foundBob]);
    expect(await store().search(at, [], 1)).toEqual([foundAlice]);
  });

  it('takes patterns of SQL for plain text', async () => {
    const at = domain();
    await store().put({ local: 'alice', domain: at }, '<vCard/>', { ...empty, fn: '100% a_b!c' });
    await store().put({ local: 'bob', domain: at }, '<vCard/>', { ...empty, fn: '100 axbxc' });
    const search = async (value: string) =>
      (await store().search(at, [{ field: 'fn', value, isPrefix: true }])).map(({ account }) => account.local);
    expect(await search('%')).toEqual([]);
    expect(await search('100%')).toEqual(['alice']);
    expect(await search('100% a_b!')).toEqual(['alice']);
  });

  it('finds a vCard by its latest fields only', async () => {
    const at = domain();
    const alice = { local: 'alice', domain: at };
    await store().put(alice, '<vCard/>', { ...empty, fn: 'Old' });
    await store().put(alice, '<vCard/>', { ...empty, fn: 'New' });
    expect(await store().search(at, [{ field: 'fn', value: 'old', isPrefix: false }])).toEqual([]);
    await store().removeAccount(alice);
    expect(await store().search(at, [])).toEqual([]);
    expect(await store().get(alice)).toBeUndefined();
  });
});
