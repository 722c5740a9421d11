/** SASLprep, and the profile that MongooseIM uses in its place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourcePrep, saslPrep } from '../../../src/protocol/saslprep.js';

describe('saslPrep', () => {
  it.each([
    ['1: a soft hyphen is mapped to nothing', 'I\u00adX', 'IX'],
    ['2: there is nothing to do', 'user', 'user'],
    ['3: case is preserved', 'USER', 'USER'],
    ['4: the output is NFKC, of Latin-1', '\u00aa', 'a'],
    ['5: the output is NFKC', '\u2168', 'IX'],
    ['6: a control character is prohibited', '\u0007', undefined],
    ['7: the check of direction fails', '\u0627\u0031', undefined],
  ])('RFC 4013 section 3, example %s', (_title, input, output) => expect(saslPrep(input)).toBe(output));

  it.each([
    ['\u00a0', ' '],
    ['\u1680', ' '],
    ['\u2003', ' '],
    ['\u200b', ' '],
    ['\u3000', ' '],
  ])('RFC 4013 section 2.1: %j is mapped to a space', (input, output) => {
    expect(saslPrep(`a${input}b`)).toBe(`a${output}b`);
  });

  it.each(['\u007f', '\u0000', '\u2028', '\ue000', '\ufffe', '\ufffd', '\u2ff0', '\u200e', '\u{e0041}', '\ud800'])(
    'RFC 4013 section 2.3: %j is prohibited',
    (input) => expect(saslPrep(`a${input}b`)).toBeUndefined(),
  );

  it('RFC 3454 section 6: text from right to left has such letters at both ends and none of the other direction', () => {
    expect(saslPrep('\u05d01\u05d0')).toBe('\u05d01\u05d0');
    expect(saslPrep('\u05d0')).toBe('\u05d0');
    expect(saslPrep('1\u05d0')).toBeUndefined();
    expect(saslPrep('\u05d0a\u05d0')).toBeUndefined();
  });

  it('RFC 3454 section 7: what Unicode 3.2 did not know stays as it is', () => {
    expect(saslPrep('pass😀word')).toBe('pass😀word');
    // U+1F132 decomposes to C in newer versions of Unicode, and would make passwords differ between clients.
    expect(saslPrep('\u{1f132}')).toBe('\u{1f132}');
  });

  it('RFC 3454 section 4: what was decomposed around an unknown character is composed on both sides', () => {
    expect(saslPrep('e\u0301😀e\u0301')).toBe('é😀é');
    expect(saslPrep('e😀\u0301')).toBe('e😀\u0301');
  });

  it('leaves the empty text and printable ASCII alone', () => {
    expect(saslPrep('')).toBe('');
    fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => saslPrep(text) === text));
  });

  it('never throws, and is idempotent', () => {
    const any = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(any, (text) => {
        const once = saslPrep(text);
        return once === undefined || saslPrep(once) === once;
      }),
      { numRuns: 5000 },
    );
  });
});

describe('resourcePrep', () => {
  it('gives what SASLprep gives for letters and common spaces', () => {
    for (const text of ['I\u00adX', '\u2168', 'a\u00a0b', 'a\u3000b', 'Пароль', '\u05d01\u05d0']) {
      expect(resourcePrep(text)).toBe(saslPrep(text));
    }
  });

  it('RFC 6122 appendix B.3: U+200B is mapped to nothing', () => expect(resourcePrep('a\u200bb')).toBe('ab'));

  it('RFC 6122 appendix B.5: U+1680 is prohibited', () => expect(resourcePrep('a\u1680b')).toBeUndefined());

  it('RFC 6122 appendix B.5: control characters are prohibited', () => expect(resourcePrep('a\u0007')).toBeUndefined());
});
