import { expect, test } from 'vitest';
import { deflateOffer } from '../../../../src/net/http/deflate-offer.js';

test.each([
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate;client_max_window_bits=10; server_no_context_takeover',
  'permessage-deflate; server_max_window_bits="15"',
  'permessage-deflate; server_max_window_bits=10, permessage-deflate',
  'x-other, permessage-deflate',
])('taken: %s', (offer) => {
  expect(deflateOffer(offer)).toBe('permessage-deflate');
});

test.each([
  undefined,
  '',
  'x-other',
  'permessage-deflater',
  'permessage-deflate; server_max_window_bits=10',
  'permessage-deflate; server_max_window_bits',
  'permessage-deflate; client_max_window_bits=7',
  'permessage-deflate; client_no_context_takeover=1',
  'permessage-deflate; nonsense',
  'permessage-deflate; client_max_window_bits; client_max_window_bits',
])('RFC 7692 sections 5.1 and 7.1.2: declined: %s', (offer) => {
  expect(deflateOffer(offer)).toBe('');
});
