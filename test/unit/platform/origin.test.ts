/** Lists of origins: what a browser sends in `Origin` against what a configuration lists. */
import { describe, expect, it } from 'vitest';
import { OriginList } from '../../../src/platform/origin.js';

const among = (origin: string, listed: readonly string[]) => new OriginList(listed).has(origin);

describe('OriginList', () => {
  it.each([
    ['https://chat.example', 'https://chat.example'],
    ['HTTPS://Chat.Example:443', 'https://chat.example'],
    ['http://chat.example', 'http://chat.example:80'],
    ['app://chat', 'APP://Chat'],
    ['null', 'null'],
    ['file://', 'file://'],
  ])('RFC 6454 section 6.2: %s is %s', (origin, listed) => {
    expect(among(origin, [listed])).toBe(true);
  });

  it.each([
    ['http://chat.example', 'https://chat.example'],
    ['https://chat.example:8443', 'https://chat.example'],
    ['https://evil-chat.example', 'https://chat.example'],
    ['null', 'https://chat.example'],
    ['loopback', 'loopback'],
    ['', 'null'],
  ])('%s is not %s', (origin, listed) => {
    expect(among(origin, [listed])).toBe(false);
  });

  it.each([
    'http://localhost',
    'http://localhost:5280',
    'https://LocalHost:8443',
    'http://chat.localhost:3000',
    'http://127.0.0.1:5280',
    'http://127.1.2.3',
    'http://[::1]:5280',
    'http://[0:0:0:0:0:0:0:1]',
  ])('loopback: %s is a page of this machine', (origin) => {
    expect(among(origin, ['loopback'])).toBe(true);
    expect(among(origin, ['https://chat.example'])).toBe(false);
  });

  it.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://evillocalhost',
    'http://127.0.0.1.evil.example',
    'http://128.0.0.1',
    'http://[::2]',
    'http://192.168.0.1',
    'http://10.0.0.1:5280',
    'file://localhost',
    'file://',
    'null',
    '',
  ])('loopback: "%s" is none', (origin) => {
    expect(among(origin, ['loopback'])).toBe(false);
  });
});
