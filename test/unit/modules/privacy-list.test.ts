/** What privacy lists say about stanzas, against a naive reading of XEP-0016. */
import { describe, expect, it } from 'vitest';
import { withBlocked } from '../../../src/modules/privacy/blocklist.js';
import {
  ALL_KINDS,
  blockedBy,
  type ItemAction,
  type ItemType,
  isBlocking,
  type Kind,
  kind,
  MAX_ORDER,
  type PrivacyItem,
  PrivacyList,
  type Standing,
  type SubscriptionName,
} from '../../../src/modules/privacy/privacy-list.js';
import { Jid } from '../../../src/protocol/jid.js';
import { fakeRandom } from '../../support/fake-random.js';

const KINDS = Object.values(kind);
const DOMAINS = ['a.example', 'b.example'];
const LOCALS = ['', 'x', 'y'];
const RESOURCES = ['', 'r', 's'];
const GROUPS = ['Friends', 'Foes', 'friends'];
const SUBSCRIPTIONS: readonly SubscriptionName[] = ['none', 'to', 'from', 'both'];
const ADDRESSES = DOMAINS.flatMap((domain) =>
  LOCALS.flatMap((local) => RESOURCES.map((resource) => Jid.trusted(local, domain, resource))),
);

function pick<T>(from: readonly T[], below: (end: number) => number): T {
  return from[below(from.length)] as T;
}

function randomItems(below: (end: number) => number): PrivacyItem[] {
  const orders = [...new Set(Array.from({ length: below(12) }, () => below(30)))];
  return orders.map((order) => {
    const type = pick<ItemType>(['jid', 'jid', 'jid', 'group', 'subscription', 'any'], below);
    const values: Readonly<Record<ItemType, () => string>> = {
      jid: () => pick(ADDRESSES, below).toString(),
      group: () => pick(GROUPS, below),
      subscription: () => pick(SUBSCRIPTIONS, below),
      any: () => '',
    };
    const action = pick<ItemAction>(['allow', 'deny', 'block'], below);
    return { order, type, value: values[type](), action, kinds: below(3) === 0 ? ALL_KINDS : 1 + below(15) };
  });
}

/** XEP-0016 section 2.1, word by word. */
function fits(item: PrivacyItem, of: Kind, other: Jid, standing: Standing): boolean {
  if (item.kinds !== ALL_KINDS && (item.kinds & of) === 0) return false;
  if (item.type === 'any') return true;
  if (item.type === 'group') return standing.groups.includes(item.value);
  if (item.type === 'subscription') return standing.subscription === item.value;
  const wanted = Jid.parse(item.value) as Jid;
  if (wanted.local !== '' && wanted.local !== other.local) return false;
  if (wanted.resource !== '' && wanted.resource !== other.resource) return false;
  return wanted.domain === other.domain;
}

/** XEP-0016 section 2.2: ascending order, the first that fits, else allow. */
function naive(items: readonly PrivacyItem[], of: Kind, other: Jid, standing: Standing): PrivacyItem | undefined {
  return [...items].sort((one, two) => one.order - two.order).find((item) => fits(item, of, other, standing));
}

describe('XEP-0016 section 2.2: evaluation', () => {
  it('equals a naive reading, for lists and stanzas of all sorts', () => {
    const { below } = fakeRandom(16);
    let denials = 0;
    for (let round = 0; round < 1_000; round++) {
      const items = randomItems(below);
      const list = new PrivacyList('list', items);
      for (let stanza = 0; stanza < 10; stanza++) {
        const of = pick(KINDS, below);
        const other = pick(ADDRESSES, below);
        const standing = {
          subscription: pick(SUBSCRIPTIONS, below),
          groups: GROUPS.filter(() => below(2) === 0),
        };
        const expected = naive(items, of, other, standing);
        expect(list.match(of, other, () => standing)).toEqual(expected);
        const denial = list.denial(of, other, () => standing);
        expect(denial).toEqual(expected?.action === 'allow' ? undefined : expected);
        if (denial) denials++;
      }
    }
    expect(denials).toBeGreaterThan(2_000);
  });

  it('asks the roster once at most, and not at all where addresses decide', () => {
    const group = (order: number): PrivacyItem => ({
      order,
      type: 'group',
      value: `group ${order}`,
      action: 'deny',
      kinds: ALL_KINDS,
    });
    const jid: PrivacyItem = { order: 1, type: 'jid', value: 'x@a.example', action: 'allow', kinds: ALL_KINDS };
    const list = new PrivacyList('list', [jid, group(2), group(3)]);
    let asked = 0;
    const standing = (): Standing => {
      asked++;
      return { subscription: 'none', groups: [] };
    };
    expect(list.match(kind.IQ, Jid.trusted('x', 'a.example'), standing)).toEqual(jid);
    expect(asked).toBe(0);
    expect(list.match(kind.IQ, Jid.trusted('y', 'a.example'), standing)).toBeUndefined();
    expect(asked).toBe(1);
    expect(list.needsRoster).toBe(true);
    expect(new PrivacyList('list', [jid]).needsRoster).toBe(false);
  });

  it('costs about the same in a long list of addresses as in a short one', () => {
    const items = Array.from({ length: 20_000 }, (_, order): PrivacyItem => {
      return { order, type: 'jid', value: `user${order}@a.example`, action: 'deny', kinds: ALL_KINDS };
    });
    const list = new PrivacyList('list', items);
    const none = (): Standing => ({ subscription: 'none', groups: [] });
    const stranger = Jid.trusted('nobody', 'b.example', 'r');
    const startedAt = performance.now();
    for (let round = 0; round < 20_000; round++) list.match(kind.MESSAGE, stranger, none);
    // Looking at each item would be 400 million looks.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(list.denial(kind.MESSAGE, Jid.trusted('user19999', 'a.example', 'r'), none)?.order).toBe(19_999);
  });
});

describe('XEP-0191 section 5: blocking in a privacy list', () => {
  const none = (): Standing => ({ subscription: 'both', groups: [] });

  it('blocks whatever stands in the list, keeps all other decisions, and gives unique orders', () => {
    const { below } = fakeRandom(191);
    for (let round = 0; round < 200; round++) {
      const items = randomItems(below);
      const whom = [...new Set(Array.from({ length: 1 + below(3) }, () => pick(ADDRESSES, below).toString()))];
      const after = withBlocked(items, whom);
      const list = new PrivacyList('list', after);
      expect(new Set(after.map(({ order }) => order)).size).toBe(after.length);
      expect(after.every(({ order }) => order >= 0 && order <= MAX_ORDER)).toBe(true);
      for (const text of whom) {
        expect(blockedBy(list).filter((one) => one === text)).toHaveLength(1);
        for (const of of KINDS) expect(list.denial(of, Jid.parse(text) as Jid, none)).toSatisfy(isBlocking);
      }
      const before = new PrivacyList('list', items);
      for (const other of ADDRESSES) {
        const isTouched = whom.some((value) =>
          fits({ order: 0, type: 'jid', value, action: 'block', kinds: ALL_KINDS }, kind.IQ, other, none()),
        );
        if (isTouched) continue;
        for (const of of KINDS) {
          const [was, is] = [before.match(of, other, none), list.match(of, other, none)];
          expect(is && { ...is, order: 0 }).toEqual(was && { ...was, order: 0 });
        }
      }
    }
  });

  it('leaves the numbers of other items alone where there is room', () => {
    const rule: PrivacyItem = { order: 10, type: 'any', value: '', action: 'deny', kinds: kind.IQ };
    const once = withBlocked([rule], ['x@a.example', 'y@a.example']);
    expect(once.map(({ order, value }) => [order, value])).toEqual([
      [1, 'x@a.example'],
      [2, 'y@a.example'],
      [10, ''],
    ]);
    expect(withBlocked(once, ['x@a.example'])).toEqual(once);
    const last: PrivacyItem = { order: MAX_ORDER, type: 'jid', value: 'z@a.example', action: 'deny', kinds: ALL_KINDS };
    expect(withBlocked([last], ['x@a.example']).map(({ order }) => order)).toEqual([1, 2]);
  });
});
