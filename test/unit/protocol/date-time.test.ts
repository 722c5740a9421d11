/** Dates and times of XEP-0082. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDateTime, formatOffset, parseDateTime } from '../../../src/protocol/date-time.js';

const instants = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59Z') });

describe('parseDateTime', () => {
  it.each([
    ['1969-07-21T02:56:15Z', Date.UTC(1969, 6, 21, 2, 56, 15)],
    ['1969-07-20T21:56:15-05:00', Date.UTC(1969, 6, 21, 2, 56, 15)],
    ['2002-09-10T23:41:07.5Z', Date.UTC(2002, 8, 10, 23, 41, 7, 500)],
    ['2002-09-10T23:41:07.123456789Z', Date.UTC(2002, 8, 10, 23, 41, 7, 123)],
    ['2002-09-11T13:41:07+14:00', Date.UTC(2002, 8, 10, 23, 41, 7)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['0099-01-01T00:00:00Z', new Date('0099-01-01T00:00:00Z').getTime()],
  ])('XEP-0082 section 3.2: %s', (text, ms) => expect(parseDateTime(text)).toBe(ms));

  it.each([
    '',
    '2002-09-10',
    '2002-09-10T23:41:07',
    '2002-09-10 23:41:07Z',
    '2002-09-10t23:41:07z',
    '2002-9-10T23:41:07Z',
    '20020910T23:41:07Z',
    '2002-09-10T23:41Z',
    '2002-09-10T24:00:00Z',
    '2002-09-10T23:60:00Z',
    '2002-09-10T23:41:60Z',
    '2002-09-10T23:41:07.Z',
    '2002-09-10T23:41:07,5Z',
    '2002-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2002-13-01T00:00:00Z',
    '2002-00-01T00:00:00Z',
    '2002-01-00T00:00:00Z',
    '2002-04-31T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '12002-01-01T00:00:00Z',
    '-2002-01-01T00:00:00Z',
    '2002-09-10T23:41:07+0500',
    '2002-09-10T23:41:07+05',
    '2002-09-10T23:41:07+14:01',
    '2002-09-10T23:41:07+05:60',
    ' 2002-09-10T23:41:07Z',
    '2002-09-10T23:41:07Z\n',
    '٢٠٠٢-09-10T23:41:07Z',
  ])('XEP-0082 section 3.2: refuses %j', (text) => expect(parseDateTime(text)).toBeUndefined());

  it('reads back every instant that was written', () => {
    fc.assert(fc.property(instants, (ms) => parseDateTime(formatDateTime(ms, true)) === ms));
    fc.assert(fc.property(instants, (ms) => parseDateTime(formatDateTime(ms)) === Math.floor(ms / 1000) * 1000));
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => [typeof parseDateTime(text)].length === 1));
  });
});

describe('formats', () => {
  const ms = Date.UTC(2002, 8, 10, 23, 8, 25, 60);

  it('XEP-0082 section 3.2: in UTC, with fractions when asked', () => {
    expect(formatDateTime(ms)).toBe('2002-09-10T23:08:25Z');
    expect(formatDateTime(ms, true)).toBe('2002-09-10T23:08:25.060Z');
  });

  it('XEP-0202 section 2: offsets', () => {
    expect([0, 60, -330, 845].map(formatOffset)).toEqual(['Z', '+01:00', '-05:30', '+14:05']);
  });
});
