/** Result Set Management. */
import { describe, expect, it } from 'vitest';
import { type Element, el } from '../../../src/protocol/element.js';
import {
  pageRequest,
  pageResult,
  parsePageRequest,
  parsePageResult,
  RSM_NAMESPACE,
} from '../../../src/protocol/rsm.js';

function query(...content: Element[]): Element {
  return el('query', { xmlns: 'jabber:iq:search' }, el('set', { xmlns: RSM_NAMESPACE }, ...content));
}

const nothing = { max: undefined, before: undefined, after: undefined, index: undefined };

describe('parsePageRequest', () => {
  it('XEP-0059 section 2.1: a limit', () => {
    expect(parsePageRequest(query(el('max', {}, '10')))).toEqual({ ...nothing, max: 10 });
  });

  it('XEP-0059 section 2.2: the page after an item', () => {
    const request = query(el('max', {}, '10'), el('after', {}, 'peterpan@neverland.lit'));
    expect(parsePageRequest(request)).toEqual({ ...nothing, max: 10, after: 'peterpan@neverland.lit' });
  });

  it('XEP-0059 section 2.3: the page before an item', () => {
    expect(parsePageRequest(query(el('before', {}, 'a')))).toEqual({ ...nothing, before: 'a' });
  });

  it('XEP-0059 section 2.5: an empty before asks for the last page', () => {
    expect(parsePageRequest(query(el('before')))).toEqual({ ...nothing, before: '' });
  });

  it('XEP-0059 section 2.6: a page by its index', () => {
    expect(parsePageRequest(query(el('max', {}, '10'), el('index', {}, '371')))).toEqual({
      ...nothing,
      max: 10,
      index: 371,
    });
  });

  it('XEP-0059 section 2.7: a maximum of zero asks for the count', () => {
    expect(parsePageRequest(query(el('max', {}, '0')))).toEqual({ ...nothing, max: 0 });
  });

  it('is undefined where nothing was asked', () => {
    expect(parsePageRequest(el('query', { xmlns: 'jabber:iq:search' }))).toBeUndefined();
    expect(parsePageRequest(el('query', {}, el('set', { xmlns: 'urn:other' })))).toBeUndefined();
  });

  it.each(['', '-1', '1.5', 'ten', '0x10', '4294967296', '99999999999999999999', '1e3'])(
    'XEP-0059 section 8: a number that is %j is malformed',
    (text) => {
      expect(parsePageRequest(query(el('max', {}, text)))).toBe('malformed');
      expect(parsePageRequest(query(el('index', {}, text)))).toBe('malformed');
    },
  );

  it('XEP-0059 section 8: takes blanks around a number', () => {
    expect(parsePageRequest(query(el('max', {}, ' 10\n')))).toEqual({ ...nothing, max: 10 });
  });

  it('reads what pageRequest wrote', () => {
    for (const request of [
      { ...nothing, max: 0 },
      { ...nothing, before: '' },
      { ...nothing, max: 5, after: 'x' },
      { ...nothing, max: 5, index: 3 },
    ]) {
      expect(parsePageRequest(el('query', { xmlns: 'jabber:iq:search' }, pageRequest(request)))).toEqual(request);
    }
  });
});

describe('pageResult', () => {
  it('XEP-0059 section 2.2: the first item with its index, the last, the count', () => {
    const set = pageResult({ first: 'a', firstIndex: 0, last: 'b', count: 800 });
    expect(set.toXml()).toBe(
      `<set xmlns='${RSM_NAMESPACE}'><first index='0'>a</first><last>b</last><count>800</count></set>`,
    );
  });

  it('XEP-0059 section 2.2: an empty page has neither first nor last', () => {
    expect(pageResult({ count: 790 }).toXml()).toBe(`<set xmlns='${RSM_NAMESPACE}'><count>790</count></set>`);
  });

  it('is read back as it was written', () => {
    for (const result of [
      { first: 'a', firstIndex: 10, last: 'b', count: 800 },
      { first: 'a', firstIndex: undefined, last: 'b', count: undefined },
      { first: undefined, firstIndex: undefined, last: undefined, count: 0 },
    ]) {
      expect(parsePageResult(el('query', { xmlns: 'x' }, pageResult(result)))).toEqual(result);
    }
  });

  it('is malformed with a count that is no number', () => {
    expect(parsePageResult(query(el('count', {}, 'many')))).toBe('malformed');
    expect(parsePageResult(query(el('first', { index: '-1' }, 'a')))).toBe('malformed');
  });
});
