import { describe, expect, it } from 'vitest';
import { type ForwardedField, TrustedProxies } from '../../../../src/net/http/forwarded.js';

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'];

function client(peer: string, fields: Record<string, string>, field: ForwardedField = 'x-forwarded-for') {
  return new TrustedProxies(TRUSTED, field).client(peer, (name) => fields[name]);
}

describe('X-Forwarded-For', () => {
  it('is not read from those who are not trusted', () => {
    expect(client('192.0.2.1', { 'x-forwarded-for': '198.51.100.1' }).address).toBe('192.0.2.1');
    expect(new TrustedProxies([], 'x-forwarded-for').client('10.0.0.1', () => '198.51.100.1').address).toBe('10.0.0.1');
  });

  it('gives the last address that is no trusted proxy, for what is before it may be made up', () => {
    const fields = { 'x-forwarded-for': '203.0.113.9, 198.51.100.1, 10.1.1.1', 'x-forwarded-proto': 'https' };
    expect(client('127.0.0.1', fields)).toEqual({
      address: '198.51.100.1',
      scheme: 'https',
      isForwarded: true,
    });
  });

  it('ends at what is no address', () => {
    expect(client('127.0.0.1', { 'x-forwarded-for': '198.51.100.1, unknown' }).address).toBe('127.0.0.1');
  });

  it('is not mixed with Forwarded, which the client may have sent', () => {
    expect(client('127.0.0.1', { forwarded: 'for=198.51.100.1' }).address).toBe('127.0.0.1');
  });
});

describe('RFC 7239: Forwarded', () => {
  it.each([
    ['for=198.51.100.1;proto=https;by=10.0.0.1', { address: '198.51.100.1', scheme: 'https' }],
    ['For="[2001:db8::1]:4711";Proto=http', { address: '2001:db8::1', scheme: 'http' }],
    ['for=203.0.113.9, for="198.51.100.1:80"', { address: '198.51.100.1', scheme: undefined }],
    ['for=198.51.100.1, for=10.2.2.2;proto=https', { address: '198.51.100.1', scheme: 'https' }],
    ['for="_hidden, for=203.0.113.9"', { address: '127.0.0.1', scheme: undefined }],
    ['for=_hidden', { address: '127.0.0.1', scheme: undefined }],
    ['', { address: '127.0.0.1', scheme: undefined }],
  ])('%s', (forwarded, expected) => {
    const isForwarded = forwarded !== '';
    expect(client('127.0.0.1', { forwarded }, 'forwarded')).toEqual({ ...expected, isForwarded });
  });
});
