/** Contact lists. */
import { expect, it } from 'vitest';
import { type RosterItem, rosterStore } from '../../../src/modules/roster/roster-store.js';
import { storeContract } from '../../support/stores.js';

const contact: RosterItem = {
  jid: 'bob@elsewhere.example',
  name: 'Bob',
  groups: ['Friends', 'Work & more'],
  subscription: 'both',
  ask: 'none',
  askMessage: '',
  isApproved: false,
};

function normal(items: RosterItem[]): RosterItem[] {
  const sorted = items.map((item) => ({ ...item, groups: item.groups.toSorted() }));
  return sorted.sort((one, other) => (one.jid < other.jid ? -1 : 1));
}

await storeContract(rosterStore, ({ store, domain }) => {
  it('gives back whole rosters, one account at a time', async () => {
    const alice = { local: 'alice', domain: domain() };
    const carol = { ...alice, local: 'carol' };
    const other = { ...contact, jid: 'dave@elsewhere.example', name: '', groups: [] };
    await store().put(alice, contact);
    await store().put(alice, other);
    await store().put(carol, { ...contact, name: 'Robert' });
    expect(normal(await store().load(alice))).toEqual([contact, other]);
    expect(await store().load({ ...alice, domain: 'nowhere.example' })).toEqual([]);
  });

  it('puts an item in place of the one with the same address, groups included', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, contact);
    const changed: RosterItem = {
      ...contact,
      name: '',
      groups: ['Work & more', 'Family'],
      subscription: 'to',
      ask: 'in',
    };
    await store().put(alice, changed);
    expect(normal(await store().load(alice))).toEqual(normal([changed]));
    await store().put(alice, { ...changed, groups: [] });
    expect(await store().load(alice)).toEqual([{ ...changed, groups: [] }]);
  });

  it('keeps what is approved ahead until it no longer is', async () => {
    const alice = { local: 'alice', domain: domain() };
    const approved: RosterItem = { ...contact, subscription: 'none', isApproved: true };
    await store().put(alice, approved);
    await store().put({ ...alice, local: 'carol' }, contact);
    await store().put(alice, approved);
    expect(normal(await store().load(alice))).toEqual(normal([approved]));
    await store().put(alice, contact);
    expect(normal(await store().load(alice))).toEqual(normal([contact]));
    await store().put(alice, approved);
    await store().delete(alice, contact.jid);
    await store().put(alice, contact);
    expect((await store().load(alice))[0]?.isApproved).toBe(false);
    await store().put(alice, approved);
    await store().removeAccount(alice);
    await store().put(alice, contact);
    expect((await store().load(alice))[0]?.isApproved).toBe(false);
    expect((await store().load({ ...alice, local: 'carol' }))[0]?.isApproved).toBe(false);
  });

  it('keeps a group that is named twice once', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, { ...contact, groups: ['Friends', 'Friends'] });
    expect((await store().load(alice))[0]?.groups).toEqual(['Friends']);
  });

  it('keeps every combination of subscription and open request, with what was asked', async () => {
    const alice = { local: 'alice', domain: domain() };
    const items: RosterItem[] = [];
    for (const subscription of ['none', 'to', 'from', 'both'] as const) {
      for (const ask of ['none', 'out', 'in', 'both'] as const) {
        const askMessage = ask === 'in' || ask === 'both' ? 'Please, 日本語' : '';
        items.push({ ...contact, jid: `${subscription}-${ask}@x.example`, subscription, ask, askMessage });
      }
    }
    await Promise.all(items.map((item) => store().put(alice, item)));
    expect(normal(await store().load(alice))).toEqual(normal(items));
  });

  it('applies changes in the order of the calls', async () => {
    const alice = { local: 'alice', domain: domain() };
    const calls = [
      store().put(alice, contact),
      store().delete(alice, contact.jid),
      store().put(alice, { ...contact, name: 'Last' }),
    ];
    await Promise.all(calls);
    expect((await store().load(alice)).map(({ name }) => name)).toEqual(['Last']);
  });

  it('deletes an item with its groups', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, contact);
    await store().delete(alice, contact.jid);
    await store().delete(alice, 'nobody@x.example');
    expect(await store().load(alice)).toEqual([]);
    await store().put(alice, { ...contact, groups: [] });
    expect((await store().load(alice))[0]?.groups).toEqual([]);
  });

  it('remembers the latest version', async () => {
    const alice = { local: 'alice', domain: domain() };
    expect(await store().version(alice)).toBeUndefined();
    await store().setVersion(alice, 'one');
    await store().setVersion(alice, 'two');
    expect(await store().version(alice)).toBe('two');
  });

  it('forgets everything of an account that is removed, and nothing of others', async () => {
    const alice = { local: 'alice', domain: domain() };
    const carol = { ...alice, local: 'carol' };
    for (const account of [alice, carol]) {
      await store().put(account, contact);
      await store().setVersion(account, 'one');
    }
    await store().removeAccount(alice);
    expect(await store().load(alice)).toEqual([]);
    expect(await store().version(alice)).toBeUndefined();
    expect(normal(await store().load(carol))).toEqual([contact]);
    expect(await store().version(carol)).toBe('one');
  });
});
