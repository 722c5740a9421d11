/** Puts addresses that are blocked altogether into a list (XEP-0191 section 5). Pure. */
import { ALL_KINDS, isBlocking, MAX_ORDER, type PrivacyItem } from './privacy-list.js';

/**
 * The items with these addresses blocked, in front of all rules that could let them pass. The other items keep their order, and get other
 * numbers only where there is no room.
 */
export function withBlocked(items: readonly PrivacyItem[], whom: readonly string[]): PrivacyItem[] {
  const before = items.toSorted((one, other) => one.order - other.order);
  const firstRule = before.findIndex((item) => !isBlocking(item));
  const inFront = firstRule === -1 ? before : before.slice(0, firstRule);
  const wanted = new Set(whom);
  const rest = before.slice(inFront.length).filter((item) => !(isBlocking(item) && wanted.has(item.value)));
  for (const { value } of inFront) wanted.delete(value);

  const last = inFront.at(-1)?.order ?? 0;
  const end = rest[0]?.order ?? MAX_ORDER + 1;
  const added = [...wanted].map((value, index) => block(value, last + 1 + index));
  const all = [...inFront, ...added, ...rest];
  return last + added.length < end ? all : all.map((item, index) => ({ ...item, order: index + 1 }));
}

function block(value: string, order: number): PrivacyItem {
  return { order, type: 'jid', value, action: 'block', kinds: ALL_KINDS };
}
