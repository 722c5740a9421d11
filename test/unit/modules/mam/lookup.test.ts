/** Searches go through an archive step by step, and find what going through it at once would find. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { archiveStore, type NewMessage } from '../../../../src/modules/mam/archive-store.js';
import { Lookup, type LookupResult } from '../../../../src/modules/mam/lookup.js';
import type { LookupRequest } from '../../../../src/modules/mam/lookup-request.js';
import { Owner } from '../../../../src/modules/mam/owner.js';
import type { ArchiveSettings } from '../../../../src/modules/mam/settings.js';
import { Jid } from '../../../../src/protocol/jid.js';

const ROWS = 9_000;
const FOUND = [3, 4, 1_999, 2_000, 2_001, 4_500, 4_501, 8_999];
const alice = Jid.of('alice', 'localhost') as Jid;
const phone = Jid.of('bob', 'localhost', 'phone') as Jid;

const store = archiveStore.memory();
const owner = new Owner(alice, undefined, 0n, new Map());
const messages = Array.from({ length: ROWS }, (_, index) => ({
  ...{ owner, id: BigInt(index + 1), from: 'bob', remote: 'bob', direction: 'I', message: `${index}` },
  ...{ remoteResource: FOUND.includes(index) ? 'phone' : 'desk', searchBody: FOUND.includes(index) ? 'a turtle' : '' },
  ...{ originId: undefined, isGroupchat: false },
})) as NewMessage[];
// In pieces, because the store looks through what is there.
for (let at = 0; at < ROWS; at += 1_000) await store.insert(messages.slice(at, at + 1_000));

const lookup = new Lookup(store, { db_jid_format: 'mam_jid_mini' } as ArchiveSettings, 10_000);

async function find(request: Partial<LookupRequest>): Promise<[number[], boolean]> {
  const plain = {
    withoutGroupchat: false,
    named: [],
    limit: 3,
    isSimple: false,
    isFlipped: false,
    page: { isLast: false },
  };
  const result = (await lookup.find(owner, { ...plain, ...request })) as LookupResult;
  return [result.messages.map(({ message }) => Number(message)), result.isComplete];
}

const searches = [{ words: ['turtle'] }, { with: phone }] as const;

it('all pages together hold what is found, once and in order, whichever end they begin at', async () => {
  for (const search of searches) {
    const onwards: number[] = [];
    for (let after = 0n, isComplete = false; !isComplete; after = BigInt((onwards.at(-1) ?? 0) + 1)) {
      const [page, isLast] = await find({ ...search, page: { after, isLast: false } });
      onwards.push(...page);
      isComplete = isLast;
    }
    expect(onwards).toEqual(FOUND);
    const backwards: number[] = [];
    for (let isComplete = false; !isComplete; ) {
      const first = backwards[0];
      const page = first === undefined ? { isLast: true } : { before: BigInt(first + 1), isLast: false };
      const [some, isLast] = await find({ ...search, page });
      backwards.unshift(...some);
      isComplete = isLast;
    }
    expect(backwards).toEqual(FOUND);
  }
});

it('bounds, index and limit of a search are those of any other query', async () => {
  const bound = fc.option(fc.bigInt({ min: 0n, max: BigInt(ROWS + 10) }), { nil: undefined });
  const request = fc.record({
    search: fc.constantFrom(...searches),
    fromId: bound,
    toId: bound,
    limit: fc.nat(10),
    page: fc.oneof(
      fc.record({ after: bound, isLast: fc.constant(false) }),
      fc.record({ before: bound, isLast: fc.constant(false) }),
      fc.record({ index: fc.nat(9), isLast: fc.constant(false) }),
      fc.constant({ isLast: true }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ search, ...rest }) => {
      const page = rest.page as LookupRequest['page'];
      const isFromEnd = page.isLast || page.before !== undefined;
      const fits = FOUND.filter((index) => {
        const id = BigInt(index + 1);
        return (
          id >= (rest.fromId ?? 0n) &&
          id <= (rest.toId ?? id) &&
          id > (page.after ?? 0n) &&
          id < (page.before ?? id + 1n)
        );
      });
      const { limit } = rest;
      const skipped = fits.slice(isFromEnd ? 0 : (page.index ?? 0));
      const wanted = isFromEnd ? skipped.slice(Math.max(0, skipped.length - limit)) : skipped.slice(0, limit);
      expect(await find({ ...search, ...rest, page })).toEqual([wanted, skipped.length <= limit]);
    }),
    { numRuns: 60 },
  );
});
