/** One page out of a list that is there as a whole (XEP-0059). */
import type { PageRequest, PageResult } from '../../protocol/rsm.js';

export interface Page<T> {
  readonly items: readonly T[];
  readonly result: PageResult;
}

/** `undefined` when the page hangs on an item that is not in the list (XEP-0059 section 2.2: item-not-found). */
export function pageOf<T>(all: readonly T[], request: PageRequest, idOf: (item: T) => string): Page<T> | undefined {
  const range = rangeOf(all, request, idOf);
  if (!range) return undefined;
  const items = all.slice(...range);
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return { items, result: { count: all.length } };
  return { items, result: { first: idOf(first), firstIndex: range[0], last: idOf(last), count: all.length } };
}

/** First index, and the one past the last. */
function rangeOf<T>(
  all: readonly T[],
  { max = all.length, index, after, before }: PageRequest,
  idOf: (item: T) => string,
): [number, number] | undefined {
  if (index !== undefined) return [index, index + max];
  if (before !== undefined) {
    const end = before === '' ? all.length : all.findIndex((item) => idOf(item) === before);
    return end < 0 ? undefined : [Math.max(0, end - max), end];
  }
  if (after === undefined || after === '') return [0, max];
  const start = all.findIndex((item) => idOf(item) === after) + 1;
  return start === 0 ? undefined : [start, start + max];
}
