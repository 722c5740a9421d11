/** Search filters: what RFC 4515 writes is read, and what users type never becomes a part of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  fillFilter,
  isAttributeName,
  type LdapFilter,
  octets,
  parseLdapFilter,
  piecesOf,
} from '../../../src/platform/ldap-filter.js';

function match(attribute: string, ...pieces: string[]): LdapFilter {
  return { is: 'match', attribute, pieces };
}

describe('RFC 4515 section 4: the examples', () => {
  it.each<[string, LdapFilter]>([
    ['(cn=Babs Jensen)', match('cn', 'Babs Jensen')],
    ['(!(cn=Tim Howes))', { is: 'not', of: match('cn', 'Tim Howes') }],
    [
      '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
      {
        is: 'and',
        of: [match('objectClass', 'Person'), { is: 'or', of: [match('sn', 'Jensen'), match('cn', 'Babs J', '')] }],
      },
    ],
    ['(o=univ*of*mich*)', match('o', 'univ', 'of', 'mich', '')],
    ['(seeAlso=)', match('seeAlso', '')],
    [
      '(cn:caseExactMatch:=Fred Flintstone)',
      { is: 'extensible', attribute: 'cn', rule: 'caseExactMatch', withDn: false, value: 'Fred Flintstone' },
    ],
    ['(cn:=Betty Rubble)', { is: 'extensible', attribute: 'cn', rule: '', withDn: false, value: 'Betty Rubble' }],
    [
      '(sn:dn:2.4.6.8.10:=Barney Rubble)',
      { is: 'extensible', attribute: 'sn', rule: '2.4.6.8.10', withDn: true, value: 'Barney Rubble' },
    ],
    ['(o:dn:=Ace Industry)', { is: 'extensible', attribute: 'o', rule: '', withDn: true, value: 'Ace Industry' }],
    [
      '(:1.2.3:=Wilma Flintstone)',
      { is: 'extensible', attribute: '', rule: '1.2.3', withDn: false, value: 'Wilma Flintstone' },
    ],
    [
      '(:DN:2.4.6.8.10:=Dino)'.replace('DN', 'dn'),
      { is: 'extensible', attribute: '', rule: '2.4.6.8.10', withDn: true, value: 'Dino' },
    ],
    [
      '(o=Parens R Us \\28for all your parenthetical needs\\29)',
      match('o', 'Parens R Us (for all your parenthetical needs)'),
    ],
    ['(cn=*\\2A*)', match('cn', '', '*', '')],
    ['(filename=C:\\5cMyFile)', match('filename', 'C:\\MyFile')],
    ['(bin=\\00\\00\\00\\04)', match('bin', '\0\0\0\x04')],
    ['(sn=Lu\\c4\\8di\\c4\\87)', match('sn', octets('Lučić'))],
    ['(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)', match('1.3.6.1.4.1.1466.0', '\x04\x02Hi')],
  ])('%s', (text, expected) => expect(parseLdapFilter(text)).toEqual(expected));
});

it.each<[string, LdapFilter]>([
  ['(uid=*)', match('uid', '', '')],
  ['(uid=**a**b*)', match('uid', '', 'a', 'b', '')],
  ['(a>=1)', { is: 'compare', attribute: 'a', by: '>=', value: '1' }],
  ['(a<=1)', { is: 'compare', attribute: 'a', by: '<=', value: '1' }],
  ['(a~=é)', { is: 'compare', attribute: 'a', by: '~=', value: octets('é') }],
  ['(cn;lang-en=x)', match('cn;lang-en', 'x')],
  ['(&)', { is: 'and', of: [] }],
  ['  ( & (a=1)\n   (b= c ) ) '.replace('( &', '(&'), { is: 'and', of: [match('a', '1'), match('b', ' c ')] }],
])('%s is taken', (text, expected) => expect(parseLdapFilter(text)).toEqual(expected));

it.each([
  ['', 'has no "("'],
  ['uid=x', 'has no "("'],
  ['(uid=x', 'has no ")"'],
  ['(uid=x))', 'goes on behind its end'],
  ['(uid=x)(uid=y)', 'goes on behind its end'],
  ['(uid=(x))', 'has no ")"'],
  ['(=x)', 'has no attribute'],
  ['(uid)', 'has no attribute'],
  ['(a b=x)', 'has no attribute'],
  ['(uid=\\2)', 'two hexadecimal digits'],
  ['(uid>=a*)', 'has an asterisk'],
  [`${'(!'.repeat(60)}(a=b)${')'.repeat(60)}`, 'nested too deeply'],
])('%s is refused', (text, problem) =>
  expect(parseLdapFilter(text)).toEqual({ problem: expect.stringContaining(problem) }),
);

it.each([
  ['uid', true],
  ['cn;lang-en', true],
  ['2.5.4.3', true],
  ['', false],
  ['%u', false],
  ['a)(b', false],
  ['a=b', false],
])('whether "%s" is the name of an attribute: %s', (name, isOne) => expect(isAttributeName(name)).toBe(isOne));

describe('placeholders', () => {
  const filter = parseLdapFilter('(&(|(uid=%u)(mail=%u@%d))(!(cn=*%u))(n>=%u)(x:=%d))') as LdapFilter;

  it('are replaced by one value', () => {
    expect(fillFilter(filter, { u: ['ali*ce'], d: ['%u.org'] })).toEqual({
      is: 'and',
      of: [
        { is: 'or', of: [match('uid', 'ali*ce'), match('mail', 'ali*ce@%u.org')] },
        { is: 'not', of: match('cn', '', 'ali*ce') },
        { is: 'compare', attribute: 'n', by: '>=', value: 'ali*ce' },
        { is: 'extensible', attribute: 'x', rule: '', withDn: false, value: '%u.org' },
      ],
    });
  });

  it('are replaced by what stands around an asterisk', () => {
    expect(fillFilter(match('mail', '%u@%d'), { u: ['', ''], d: ['a.org'] })).toEqual(match('mail', '', '@a.org'));
    expect(fillFilter(match('uid', '%u'), { u: ['', 'a', ''], d: [] })).toEqual(match('uid', '', 'a', ''));
    expect(fillFilter(match('uid', 'x%u', ''), { u: ['', ''], d: [] })).toEqual(match('uid', 'x', ''));
  });
});

describe('whatever a user types', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[()*\\&|!=%ud\0a-c]*$/),
    fc.constantFrom('*)(uid=*', 'x)(|(a=*', '\\2a', '%u', '%d', '(', ')', '\\', '*)(&', '\0'),
  );

  it('stays one value where it is the name of an account', () => {
    fc.assert(
      fc.property(anyText, anyText, (name, domain) => {
        const template = parseLdapFilter('(&(|(uid=%u)(mail=%u@%d))(objectClass=person))') as LdapFilter;
        const filled = fillFilter(template, { u: [octets(name)], d: [octets(domain)] });
        expect(filled).toEqual({
          is: 'and',
          of: [
            { is: 'or', of: [match('uid', octets(name)), match('mail', octets(`${name}@${domain}`))] },
            match('objectClass', 'person'),
          ],
        });
      }),
    );
  });

  it('is cut at asterisks and nowhere else where it is searched for, and nothing gets lost', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const pieces = piecesOf(text).map((piece) => bytesOf(piece).toString('utf8'));
        const normal = Buffer.from(text).toString('utf8').replace(/\*+/g, '*');
        expect(pieces.join('*')).toBe(normal);
        expect(pieces.every((piece) => !piece.includes('*'))).toBe(true);
      }),
    );
  });
});
