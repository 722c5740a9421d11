/** PRECIS classes and profiles, the tables behind them, and Punycode. */
import { domainToUnicode } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainToAscii } from '../../../src/protocol/jid/domain.js';
import { prepareDomain } from '../../../src/protocol/jid/prepare.js';
import { decodePunycode, encodePunycode } from '../../../src/protocol/jid/punycode.js';
import { inFreeformClass, inIdentifierClass, inLabel } from '../../../src/protocol/precis/derived.js';
import { codePoints, opaqueString, usernameCaseMapped } from '../../../src/protocol/precis/profiles.js';
import { RunTable } from '../../../src/protocol/precis/runs.js';
import { derivedRuns } from '../../../src/protocol/precis/tables.js';
import { mapWidth } from '../../../src/protocol/precis/width.js';

describe('classes', () => {
  it.each([
    ['ASCII7', 'aZ09!~', 'valid', 'valid'],
    ['letters, digits and marks', 'éжאक漢ー१\u0301\u0903', 'valid', 'valid'],
    ['the space', ' ', 'invalid', 'valid'],
    ['other spaces, symbols, punctuation, other letters', '\u00a0\u2003€♚😀—«ǅⅣ²ªﬁ', 'invalid', 'valid'],
    ['characters in context', '\u200c\u200d·͵׳״・٠۰', 'context', 'context'],
    ['controls, ignorable and old Hangul', '\0\u007f\u00ad\ufeff\ufe0f\u115f\u1100\ua960\ud7b0', 'invalid', 'invalid'],
    ['exceptions that are disallowed', 'ـߺ〮〱〻', 'invalid', 'invalid'],
    ['exceptions that are valid', 'ßς۽۾་〇', 'valid', 'valid'],
    [
      'private use, surrogates, noncharacters, unassigned',
      '\ue000\ud800\ufdd0\uffff\u0378\u{10ffff}',
      'invalid',
      'invalid',
    ],
  ])('RFC 8264 section 8: %s', (_title, characters, identifier, freeform) => {
    for (const codePoint of codePoints(characters)) {
      expect([codePoint.toString(16), inIdentifierClass(codePoint), inFreeformClass(codePoint)]).toEqual([
        codePoint.toString(16),
        identifier,
        freeform,
      ]);
    }
  });

  it('RFC 5892 section 3: labels hold what does not change by folding', () => {
    for (const codePoint of codePoints('aéжאक漢ßςᎠ09-')) expect(inLabel(codePoint)).toBe('valid');
    for (const codePoint of codePoints('AÉЖꭰ!_~\u20d0♚ſ')) expect(inLabel(codePoint)).toBe('invalid');
  });

  it('know every character that the Unicode of Node knows', (context) => {
    if (process.versions.unicode !== '17.0') context.skip('the tables are of another version than Node');
    const table = new RunTable(derivedRuns);
    for (let codePoint = 0; codePoint <= 0x3ffff; codePoint++) {
      const isUnassigned = /[^\P{Cn}\p{Noncharacter_Code_Point}]/u.test(String.fromCodePoint(codePoint));
      if ((table.at(codePoint) === 'U') !== isUnassigned) expect.fail(`U+${codePoint.toString(16)}`);
    }
  });
});

describe('mapWidth', () => {
  it('RFC 8264 section 5.2.1: by one step of decomposition', () => {
    expect(mapWidth('Ａ～ｱﾞ￥￩')).toBe('A~ア\u3099¥←');
    expect(mapWidth('\uffe3\uffa0\uffa1\uffdc\u3000')).toBe('\u00af\u3164\u3131\u3163 ');
    expect(mapWidth('aé漢')).toBe('aé漢');
  });
});

describe('profiles', () => {
  it.each([
    ['juliet@example.com', 'juliet@example.com'],
    ['fussball', 'fussball'],
    ['fußball', 'fußball'],
    ['π', 'π'],
    ['Σ', 'σ'],
    ['σ', 'σ'],
    ['ς', 'ς'],
  ])('RFC 8265 section 3.5: %j is a user name', (text, result) => expect(usernameCaseMapped(text)).toBe(result));

  it.each(['foo bar', '', 'henry\u2163', '♚'])('RFC 8265 section 3.5: %j is no user name', (text) => {
    expect(usernameCaseMapped(text)).toBeUndefined();
  });

  it.each([
    ['correct horse battery staple', 'correct horse battery staple'],
    ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
    ['πßå', 'πßå'],
    ['Jack of ♦s', 'Jack of ♦s'],
    ['foo\u1680bar', 'foo bar'],
  ])('RFC 8265 section 4.3: %j is a password', (text, result) => expect(opaqueString(text)).toBe(result));

  it.each(['', 'my cat is a \u0009by'])('RFC 8265 section 4.3: %j is no password', (text) => {
    expect(opaqueString(text)).toBeUndefined();
  });
});

describe('Punycode', () => {
  it.each([
    ['Arabic', 'ليهمابتكلموشعربي؟', 'egbpdaj6bu4bxfgehfvwxn'],
    ['Chinese, simplified', '他们为什么不说中文', 'ihqwcrb4cv8a8dqg056pqjye'],
    ['Chinese, traditional', '他們爲什麽不說中文', 'ihqwctvzc91f659drss3x8bo0yb'],
    ['Czech', 'pročprostěnemluvíčesky', 'proprostnemluvesky-uyb24dma41a'],
    ['Hebrew', 'למההםפשוטלאמדבריםעברית', '4dbcagdahymbxekheh6e0a7fei0b'],
    ['Hindi', 'यहलोगहिन्दीक्योंनहींबोलसकतेहैं', 'i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd'],
    ['Japanese', 'なぜみんな日本語を話してくれないのか', 'n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa'],
    ['Russian', 'почемужеонинеговорятпорусски', 'b1abfaaepdrnnbgefbadotcwatmq2g4l'],
    ['Vietnamese', 'tạisaohọkhôngthểchỉnóitiếngviệt', 'tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g'],
  ])('RFC 3492 section 7.1: %s', (_language, text, encoded) => {
    expect(encodePunycode(codePoints(text))).toBe(encoded);
    expect(decodePunycode(encoded)).toEqual(codePoints(text));
  });

  it('is undefined for what encodes nothing', () => {
    for (const text of ['é', 'a-é', '99999999', 'zzzzzzzzzzzzzzzzzzzz', 'a-9'])
      expect(decodePunycode(text)).toBeUndefined();
  });

  it('decodes what it encoded', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, (value) => {
        const label = codePoints(value);
        return String.fromCodePoint(...(decodePunycode(encodePunycode(label)) ?? [])) === value;
      }),
      { numRuns: 2000 },
    );
  });
});

describe('domainToAscii', () => {
  it('gives what the resolver of Node takes for the same name', () => {
    for (const domain of ['example.com', 'münchen.de', 'пример.рф', '例え.テスト', 'faß.de', 'βόλος.com']) {
      expect(domainToUnicode(domainToAscii(domain))).toBe(domain);
    }
  });

  it('is undone by the preparation of domains', () => {
    const letters = fc.array(fc.constantFrom(...'abzéßςж漢かאب09-'), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(letters, (parts) => {
        const domain = prepareDomain(`${parts.join('')}.com`);
        return domain === undefined || prepareDomain(domainToAscii(domain)) === domain;
      }),
      { numRuns: 3000 },
    );
  });
});
