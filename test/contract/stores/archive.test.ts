/** Archives of messages. */
import { expect, it } from 'vitest';
import type { AccountKey } from '../../../src/core/storage/index.js';
import { firstIdAt } from '../../../src/modules/mam/archive-id.js';
import {
  type ArchiveOwner,
  type ArchiveStore,
  archiveStore,
  type Behaviour,
  type NewMessage,
} from '../../../src/modules/mam/archive-store.js';
import { storeContract } from '../../support/stores.js';

const BASE = firstIdAt(1_700_000_000_000_000);

function ownerOf(account: AccountKey): ArchiveOwner {
  return { ...account, userId: undefined, writing: 0 };
}

function message(owner: ArchiveOwner, number: number, more: Partial<NewMessage> = {}): NewMessage {
  return {
    ...{ owner, id: BASE + BigInt(number), from: 'bob/phone', remote: 'bob', remoteResource: 'phone', direction: 'I' },
    ...{ message: `<message><body>żółw ${number} 'quoted\\'</body></message>`, searchBody: `żółw ${number}` },
    ...{ originId: `origin-${number}`, isGroupchat: false },
    ...more,
  };
}

function text(stored: string | Uint8Array): string {
  return typeof stored === 'string' ? stored : Buffer.from(stored).toString();
}

async function filled(store: ArchiveStore, domain: string, count: number): Promise<ArchiveOwner & { userId: number }> {
  const owner = ownerOf({ local: 'alice', domain });
  await store.insert(Array.from({ length: count }, (_, index) => message(owner, index)));
  return owner as ArchiveOwner & { userId: number };
}

async function numbers(store: ArchiveStore, userId: number, page: Parameters<ArchiveStore['load']>[1], filter = {}) {
  return (await store.load({ userId, ...filter }, page)).map(({ id }) => Number(id - BASE));
}

await storeContract(archiveStore, ({ store, domain }) => {
  it('gives an archive its number with its first message, and knows its last id', async () => {
    const account = { local: 'alice', domain: domain() };
    expect(await store().find(account)).toBeUndefined();
    const owner = ownerOf(account);
    await store().insert([message(owner, 1), message(owner, 2)]);
    expect(owner.userId).toBeTypeOf('number');
    expect(await store().find(account)).toEqual({ userId: owner.userId, lastId: BASE + 2n });
    await store().insert([message(owner, 3)]);
    expect(await store().find(account)).toEqual({ userId: owner.userId, lastId: BASE + 3n });
    expect(await store().find({ ...account, local: 'bob' })).toBeUndefined();
  });

  it('keeps ids of 64 bits and contents to the letter', async () => {
    const { userId } = await filled(store(), domain(), 3);
    const all = await store().load({ userId }, { limit: 10 });
    expect(all.map(({ id }) => id)).toEqual([BASE, BASE + 1n, BASE + 2n]);
    expect(text(all[1]?.message ?? '')).toBe(`<message><body>żółw 1 'quoted\\'</body></message>`);
    expect(all[1]?.from).toBe('bob/phone');
  });

  it('keeps bytes as bytes', async () => {
    const owner = ownerOf({ local: 'alice', domain: domain() });
    const bytes = Uint8Array.of(131, 0, 39, 92, 255, 128);
    await store().insert([message(owner, 1, { message: bytes })]);
    const [kept] = await store().load({ userId: owner.userId as number }, { limit: 1 });
    expect([...(kept!.message as Uint8Array)]).toEqual([...bytes]);
  });

  it('takes many messages of several archives at once, new and known', async () => {
    const at = domain();
    const alice = await filled(store(), at, 1);
    const bob = ownerOf({ local: 'bob', domain: at });
    const many = Array.from({ length: 200 }, (_, index) => message(index % 3 === 0 ? bob : alice, index + 10));
    await store().insert(many);
    expect(await store().count({ userId: bob.userId as number }, 1_000)).toBe(67);
    expect(await store().count({ userId: alice.userId }, 1_000)).toBe(134);
  });

  it('leaves a message that is there already as it is', async () => {
    const owner = await filled(store(), domain(), 2);
    await store().insert([message(owner, 1, { message: '<other/>' }), message(owner, 2)]);
    expect(await store().count({ userId: owner.userId }, 10)).toBe(3);
    const [, second] = await store().load({ userId: owner.userId }, { limit: 2 });
    expect(text(second?.message ?? '')).toContain('żółw 1');
  });

  it('gives pages from the front, from the end and from the middle', async () => {
    const { userId } = await filled(store(), domain(), 10);
    expect(await numbers(store(), userId, { limit: 3 })).toEqual([0, 1, 2]);
    expect(await numbers(store(), userId, { limit: 3, isFromEnd: true })).toEqual([7, 8, 9]);
    expect(await numbers(store(), userId, { limit: 3, offset: 4 })).toEqual([4, 5, 6]);
    const bounds = { fromId: BASE + 2n, toId: BASE + 5n };
    expect(await numbers(store(), userId, { limit: 9 }, bounds)).toEqual([2, 3, 4, 5]);
    expect(await numbers(store(), userId, { limit: 2, isFromEnd: true }, bounds)).toEqual([4, 5]);
    expect(await numbers(store(), userId, { limit: 0 })).toEqual([]);
  });

  it('filters by the other side, by text and by kind, and counts no further than it is told', async () => {
    const owner = await filled(store(), domain(), 3);
    const { userId } = owner;
    await store().insert([
      message(owner, 5, { remote: 'carol', remoteResource: 'desk', searchBody: 'a cat and a dog' }),
      message(owner, 6, { remote: 'carol', remoteResource: 'pocket', searchBody: 'a dog' }),
      message(owner, 7, { remote: 'room', isGroupchat: true }),
    ]);
    const page = { limit: 9 };
    expect(await numbers(store(), userId, page, { remote: 'carol' })).toEqual([5, 6]);
    expect(await numbers(store(), userId, page, { remote: 'carol', remoteResource: 'desk' })).toEqual([5]);
    expect(await numbers(store(), userId, page, { words: ['dog', 'cat'] })).toEqual([5]);
    expect(await numbers(store(), userId, page, { words: ['żółw'], toId: BASE + 1n })).toEqual([0, 1]);
    expect(await numbers(store(), userId, page, { withoutGroupchat: true, fromId: BASE + 6n })).toEqual([6]);
    expect(await store().count({ userId }, 100)).toBe(6);
    expect(await store().count({ userId }, 4)).toBe(4);
    expect(await store().count({ userId, remote: 'carol' }, 4)).toBe(2);
  });

  it('tells which ids are there, and how far a number of messages reaches', async () => {
    const { userId } = await filled(store(), domain(), 5);
    expect(await store().present(userId, [BASE + 1n, BASE + 9n])).toEqual(new Set([BASE + 1n]));
    expect(await store().idFurther(userId, BASE + 1n, 2)).toBe(BASE + 3n);
    expect(await store().idFurther(userId, BASE + 1n, 50)).toBe(BASE + 4n);
    expect(await store().idFurther(userId, BASE + 5n, 1)).toBeUndefined();
    expect(await store().idFurther(userId, BASE + 3n, 2, true)).toBe(BASE + 1n);
    expect(await store().idFurther(userId, BASE + 3n, 50, true)).toBe(BASE);
    expect(await store().idFurther(userId, BASE - 1n, 1, true)).toBeUndefined();
  });

  it('finds what is taken back only where the same side has sent it, and empties it', async () => {
    const owner = await filled(store(), domain(), 3);
    const { userId } = owner;
    await store().insert([message(owner, 7, { originId: 'origin-1' })]);
    const target = { remote: 'bob', direction: 'I', originId: 'origin-1' } as const;
    const found = await store().findRetracted(userId, target);
    expect(found).toMatchObject({ id: BASE + 7n, originId: 'origin-1' });
    expect(await store().findRetracted(userId, { ...target, direction: 'O' })).toBeUndefined();
    expect(await store().findRetracted(userId, { ...target, remote: 'eve' })).toBeUndefined();
    const byId = { remote: 'bob', direction: 'I', id: BASE + 2n } as const;
    expect(await store().findRetracted(userId, byId)).toMatchObject({ id: BASE + 2n, originId: 'origin-2' });
    await store().replace(userId, BASE + 2n, '<gone/>');
    const [kept] = await store().load({ userId, fromId: BASE + 2n }, { limit: 1 });
    expect(text(kept?.message ?? '')).toBe('<gone/>');
    expect(await store().count({ userId, words: ['2'] }, 9)).toBe(0);
  });

  it('keeps preferences, the new ones in the place of the old ones', async () => {
    const owner = ownerOf({ local: 'alice', domain: domain() });
    const first = new Map<string, Behaviour>([
      ['', 'R'],
      ['a@b.example', 'A'],
      ['c@d.example/x', 'N'],
      ['constructor', 'N'],
    ]);
    await store().setBehaviours(owner, first);
    const userId = owner.userId as number;
    expect(await store().behaviours(userId)).toEqual(first);
    const second = new Map<string, Behaviour>([['', 'N']]);
    await store().setBehaviours(owner, second);
    expect(await store().behaviours(userId)).toEqual(second);
    expect(owner.userId).toBe(userId);
  });

  it('tells the bytes of the newest messages, as they are stored', async () => {
    const { userId } = await filled(store(), domain(), 10);
    const all = await store().sizes(userId, BASE + 100n, 500);
    const [newest] = all;
    const stored = (await store().load({ userId, fromId: newest?.id }, { limit: 1 }))[0]?.message ?? '';
    expect(newest?.bytes).toBe(Buffer.byteLength(stored));
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort((one, other) => (one < other ? 1 : -1)));
    expect(await store().sizes(userId, newest?.id ?? 0n, 2)).toEqual(all.slice(1, 3));
    expect(await store().sizes(userId, 0n, 2)).toEqual([]);
  });

  it('trims the oldest, by age and by number, a few at a time', async () => {
    const { userId } = await filled(store(), domain(), 10);
    expect(await store().trim(userId, { beforeId: BASE + 4n }, 3)).toBe(3);
    expect(await store().trim(userId, { beforeId: BASE + 4n }, 3)).toBe(1);
    expect(await store().trim(userId, { beforeId: BASE + 4n }, 3)).toBe(0);
    expect(await store().trim(userId, { keep: 4 }, 500)).toBe(2);
    expect(await store().trim(userId, { keep: 4 }, 500)).toBe(0);
    expect(await numbers(store(), userId, { limit: 20 })).toEqual([6, 7, 8, 9]);
    expect(await store().trim(userId, { keep: 0 }, 500)).toBe(4);
  });

  it('lists archives, and forgets one', async () => {
    const at = domain();
    const one = await filled(store(), at, 1);
    const other = ownerOf({ local: 'bob', domain: at });
    await store().insert([message(other, 1)]);
    const listed = (await store().archives(one.userId - 1, 1_000)).filter((archive) => archive.domain === at);
    expect(listed.map(({ userId }) => userId)).toEqual([one.userId, other.userId]);
    expect(await store().archives(one.userId - 1, 1)).toHaveLength(1);
    await store().trim(one.userId, { keep: 0 }, 500);
    await store().remove(one.userId);
    expect(await store().find(one)).toBeUndefined();
    expect(await store().find(other)).toBeDefined();
  });
});
