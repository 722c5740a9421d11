/** A filter as it goes to the server: values are octet strings with a length (RFC 4511 section 4.5.1), so nothing in them needs escaping. */
import { type BerWriter, Filter, PresenceFilter, SearchFilter, type SearchFilterValues } from 'ldapts';
import { bytesOf, type Comparison, type LdapFilter, type Octets } from '../../platform/ldap-filter.js';

const OCTET_STRING = 0x04;
const INITIAL = 0x80;
const ANY = 0x81;
const FINAL = 0x82;
const RULE = 0x81;
const TYPE = 0x82;
const MATCH_VALUE = 0x83;
const DN_ATTRIBUTES = 0x84;

const COMPARISONS: Readonly<Record<Comparison, SearchFilterValues>> = {
  '>=': SearchFilter.greaterOrEqual,
  '<=': SearchFilter.lessOrEqual,
  '~=': SearchFilter.approxMatch,
};

export function wireFilter(filter: LdapFilter): Filter {
  switch (filter.is) {
    case 'and':
    case 'or':
      return new WireFilter(filter.is === 'and' ? SearchFilter.and : SearchFilter.or, (writer) => {
        for (const one of filter.of) wireFilter(one).write(writer);
      });
    case 'not':
      return new WireFilter(SearchFilter.not, (writer) => wireFilter(filter.of).write(writer));
    case 'match':
      return matchFilter(filter.attribute, filter.pieces);
    case 'compare':
      return assertion(COMPARISONS[filter.by], filter.attribute, filter.value);
    case 'extensible':
      return new WireFilter(SearchFilter.extensibleMatch, (writer) => {
        if (filter.rule !== '') writer.writeString(filter.rule, RULE);
        if (filter.attribute !== '') writer.writeString(filter.attribute, TYPE);
        writer.writeBuffer(bytesOf(filter.value), MATCH_VALUE);
        if (filter.withDn) writer.writeBoolean(true, DN_ATTRIBUTES);
      });
  }
}

class WireFilter extends Filter {
  readonly type: SearchFilterValues;
  readonly #write: (writer: BerWriter) => void;

  constructor(type: SearchFilterValues, write: (writer: BerWriter) => void) {
    super();
    this.type = type;
    this.#write = write;
  }

  override writeFilter(writer: BerWriter): void {
    this.#write(writer);
  }

  override toString(): string {
    return 'a filter';
  }
}

function assertion(type: SearchFilterValues, attribute: string, value: Octets): Filter {
  return new WireFilter(type, (writer) => {
    writer.writeString(attribute);
    writer.writeBuffer(bytesOf(value), OCTET_STRING);
  });
}

function matchFilter(attribute: string, pieces: readonly Octets[]): Filter {
  const [first = '', ...others] = pieces;
  if (others.length === 0) return assertion(SearchFilter.equalityMatch, attribute, first);
  if (pieces.every((piece) => piece === '')) return new PresenceFilter({ attribute });
  return new WireFilter(SearchFilter.substrings, (writer) => {
    writer.writeString(attribute);
    writer.startSequence();
    for (const [index, piece] of pieces.entries()) {
      if (piece === '') continue;
      const tag = index === 0 ? INITIAL : index === pieces.length - 1 ? FINAL : ANY;
      writer.writeBuffer(bytesOf(piece), tag);
    }
    writer.endSequence();
  });
}
