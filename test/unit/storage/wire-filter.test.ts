/** Filters as they go to the server, beside those of somebody else. */
import fc from 'fast-check';
import { BerReader, BerWriter, EqualityFilter, type Filter, FilterParser, SubstringFilter } from 'ldapts';
import { describe, expect, it } from 'vitest';
import { type LdapFilter, octets, parseLdapFilter, piecesOf } from '../../../src/platform/ldap-filter.js';
import { wireFilter } from '../../../src/storage/ldap/wire-filter.js';

function bytes(filter: Filter): Buffer {
  const writer = new BerWriter();
  filter.write(writer);
  return writer.buffer;
}

function read(filter: LdapFilter): Filter {
  return FilterParser.parse(new BerReader(bytes(wireFilter(filter))));
}

it.each([
  '(uid=alice)',
  '(&(uid=alice)(|(mail=a*)(mail=*b)(mail=*c*d*))(!(sn=*)))',
  '(a>=1)',
  '(a<=1)',
  '(a~=x)',
  '(cn:dn:2.4.6.8.10:=Dino)',
  '(cn:=Betty)',
])('%s is the same bytes as with another writer', (text) => {
  const filter = parseLdapFilter(text) as LdapFilter;
  expect(bytes(wireFilter(filter))).toEqual(bytes(FilterParser.parseString(text)));
});

describe('whatever a user types', () => {
  // What is no Unicode text cannot come in by XML.
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[()*\\&|!=%ud\0a-c]*$/),
    fc.constantFrom('*)(uid=*', 'x)(|(a=*', '\\2a', '(', ')', '\\', '\0'),
  );

  it('arrives as the one value that is compared', () => {
    fc.assert(
      fc.property(text, (value) => {
        const filter = read({ is: 'match', attribute: 'uid', pieces: [octets(value)] });
        expect(filter).toBeInstanceOf(EqualityFilter);
        expect((filter as EqualityFilter).value).toBe(value);
      }),
    );
  });

  it('arrives as parts of one value that is searched for', () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(value.replaceAll('*', '') !== '' && value.includes('*'));
        const filter = read({ is: 'match', attribute: 'uid', pieces: piecesOf(value) }) as SubstringFilter;
        expect(filter).toBeInstanceOf(SubstringFilter);
        expect([filter.initial, ...filter.any, filter.final].join('*')).toBe(value.replace(/\*+/g, '*'));
      }),
    );
  });
});
