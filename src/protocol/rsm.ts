/** Long results in pages: Result Set Management (XEP-0059). */
import { type Element, el } from './element.js';

export const RSM_NAMESPACE = 'http://jabber.org/protocol/rsm';

/** Which page is asked for. */
export interface PageRequest {
  /** At most so many items; 0 asks for the count alone. */
  readonly max: number | undefined;
  /** Items that precede this one; empty for the last page (section 2.5). */
  readonly before: string | undefined;
  /** Items that follow this one; empty for the first page. */
  readonly after: string | undefined;
  /** Number of the first item wanted, from 0 (section 2.6); goes before the two above where all are given. */
  readonly index: number | undefined;
}

/** Which page was given. `first` and `last` are there unless the page is empty. */
export interface PageResult {
  readonly first?: string | undefined;
  /** Number of the first item in the whole result, from 0. */
  readonly firstIndex?: number | undefined;
  readonly last?: string | undefined;
  /** Of the whole result; exact or not as the caller has it. */
  readonly count?: number | undefined;
}

/** Reads the `<set/>` in a request. `undefined` when there is none, `'malformed'` when it is not as XEP-0059 has it. */
export function parsePageRequest(parent: Element): PageRequest | 'malformed' | undefined {
  const set = parent.child('set', RSM_NAMESPACE);
  if (!set) return undefined;
  const max = numberIn(set, 'max');
  const index = numberIn(set, 'index');
  if (max === 'malformed' || index === 'malformed') return 'malformed';
  return { max, before: set.childText('before'), after: set.childText('after'), index };
}

export function pageRequest(request: Partial<PageRequest>): Element {
  return el(
    'set',
    { xmlns: RSM_NAMESPACE },
    optional('max', request.max),
    optional('after', request.after),
    optional('before', request.before),
    optional('index', request.index),
  );
}

/** Reads the `<set/>` in an answer. */
export function parsePageResult(parent: Element): PageResult | 'malformed' | undefined {
  const set = parent.child('set', RSM_NAMESPACE);
  if (!set) return undefined;
  const count = numberIn(set, 'count');
  const first = set.child('first');
  const firstIndex = first?.attrs['index'] === undefined ? undefined : parseCount(first.attrs['index']);
  if (count === 'malformed' || firstIndex === 'malformed') return 'malformed';
  return { first: first?.text(), firstIndex, last: set.childText('last'), count };
}

export function pageResult(result: PageResult): Element {
  const index = result.firstIndex === undefined ? undefined : String(result.firstIndex);
  return el(
    'set',
    { xmlns: RSM_NAMESPACE },
    result.first === undefined ? undefined : el('first', { index }, result.first),
    optional('last', result.last),
    optional('count', result.count),
  );
}

function optional(name: string, value: string | number | undefined): Element | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  return text === '' ? el(name) : el(name, {}, text);
}

function numberIn(set: Element, name: string): number | 'malformed' | undefined {
  const text = set.childText(name);
  return text === undefined ? undefined : parseCount(text);
}

/** XEP-0059 section 8: xs:unsignedInt, which may have blanks around it. */
function parseCount(text: string): number | 'malformed' {
  const digits = text.trim();
  if (!/^\+?[0-9]{1,10}$/.test(digits)) return 'malformed';
  const value = Number(digits);
  return value <= 0xffffffff ? value : 'malformed';
}
