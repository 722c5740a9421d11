/** Language tags. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLanguageTag } from '../../../src/protocol/language.js';

describe('isLanguageTag', () => {
  it.each([
    'de',
    'fr',
    'ja',
    'i-enochian',
    'zh-Hant',
    'zh-cmn-Hans-CN',
    'cmn-Hans-CN',
    'zh-yue-HK',
    'sr-Latn-RS',
    'sl-rozaj',
    'sl-rozaj-biske',
    'sl-nedis',
    'de-CH-1901',
    'sl-IT-nedis',
    'hy-Latn-IT-arevela',
    'es-419',
    'de-CH-x-phonebk',
    'az-Arab-x-AZE-derbend',
    'x-whatever',
    'qaa-Qaaa-QM-x-southern',
    'de-Qaaa',
    'en-US-u-islamcal',
    'zh-CN-a-myext-x-private',
    'en-a-myext-b-another',
    'EN-gb-OED',
  ])('RFC 5646 appendix A: %s is well-formed', (tag) => expect(isLanguageTag(tag)).toBe(true));

  it.each(['de-419-DE', 'a-DE', 'ar-a-aaa-b-bbb-a-ccc'])('RFC 5646 appendix A: %s is not', (tag) => {
    expect(isLanguageTag(tag)).toBe(false);
  });

  it.each([
    '',
    'e',
    'en-',
    '-en',
    'en--US',
    'en_US',
    'en US',
    '*',
    'en-x',
    'en-a',
    'englishlanguage',
    'dé',
    'de-1901-1901',
  ])('RFC 5646 section 2.1: %j is not well-formed', (tag) => expect(isLanguageTag(tag)).toBe(false));

  it('RFC 5646 section 4.4.1: a tag longer than 35 bytes is refused', () => {
    const longest = `en-x-${'abcdefgh-'.repeat(3)}abc`;
    expect(longest.length).toBe(35);
    expect(isLanguageTag(longest)).toBe(true);
    expect(isLanguageTag(`${longest}d`)).toBe(false);
    expect(isLanguageTag('a'.repeat(1_000_000))).toBe(false);
  });

  it('RFC 5646 section 2.1.1: takes no notice of case', () => {
    const any = fc.stringMatching(/^[a-zA-Z0-9-]{1,12}$/);
    fc.assert(fc.property(any, (tag) => isLanguageTag(tag) === isLanguageTag(tag.toUpperCase())));
  });
});
