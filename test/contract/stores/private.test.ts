/** Private XML storage. */
import { expect, it } from 'vitest';
import { privateStore } from '../../../src/modules/private/private-store.js';
import { storeContract } from '../../support/stores.js';

await storeContract(privateStore, ({ store, domain }) => {
  const bookmarks = { namespace: 'storage:bookmarks', xml: "<storage xmlns='storage:bookmarks'><a/></storage>" };
  const notes = { namespace: 'storage:rosternotes', xml: "<storage xmlns='storage:rosternotes'>ü \u{1f600}</storage>" };

  it('XEP-0049 section 2.2: keeps one element for each namespace', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, [bookmarks, notes]);
    expect(await store().get(alice, notes.namespace)).toBe(notes.xml);
    expect(await store().get(alice, 'storage:other')).toBeUndefined();
    expect(await store().get({ ...alice, local: 'bob' }, notes.namespace)).toBeUndefined();
    expect((await store().all(alice)).toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1))).toEqual([
      bookmarks,
      notes,
    ]);
  });

  it('lets the latest element of a namespace take the place of the one before', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, [bookmarks]);
    await store().put(alice, [
      { ...bookmarks, xml: '<first/>' },
      { ...bookmarks, xml: '<second/>' },
    ]);
    expect(await store().get(alice, bookmarks.namespace)).toBe('<second/>');
  });

  it('tells how many bytes each namespace takes', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, [bookmarks, notes]);
    await store().put({ ...alice, local: 'bob' }, [bookmarks]);
    const sizes = (await store().sizes(alice)).toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
    expect(sizes).toEqual(
      [bookmarks, notes].map(({ namespace, xml }) => ({ namespace, bytes: Buffer.byteLength(xml) })),
    );
  });

  it('takes an empty list and a large element', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, []);
    const xml = `<x>${'y'.repeat(200_000)}</x>`;
    await store().put(alice, [{ namespace: 'large', xml }]);
    expect(await store().get(alice, 'large')).toBe(xml);
  });

  it('forgets everything of an account that is removed', async () => {
    const alice = { local: 'alice', domain: domain() };
    await store().put(alice, [bookmarks, notes]);
    await store().removeAccount(alice);
    expect(await store().all(alice)).toEqual([]);
  });
});
