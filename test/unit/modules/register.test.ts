import { describe, expect, it } from 'vitest';
import { networkPolicy } from '../../../src/modules/register/network.js';
import { passwordEntropy } from '../../../src/modules/register/password-strength.js';

describe('mod_register, ip_access', () => {
  it.each([
    [[], '192.0.2.1', 'allow'],
    [[{ address: '192.0.2.0/24', policy: 'deny' }], '192.0.2.1', 'deny'],
    [[{ address: '192.0.2.0/24', policy: 'deny' }], '192.0.3.1', 'allow'],
    [
      [
        { address: '192.0.2.1', policy: 'allow' },
        { address: '0.0.0.0/0', policy: 'deny' },
      ],
      '192.0.2.1',
      'allow',
    ],
    [
      [
        { address: '192.0.2.1', policy: 'allow' },
        { address: '0.0.0.0/0', policy: 'deny' },
      ],
      '192.0.2.2',
      'deny',
    ],
    [[{ address: '2001:db8::/32', policy: 'deny' }], '2001:db8::7', 'deny'],
    [[{ address: '2001:db8::/32', policy: 'deny' }], '192.0.2.1', 'allow'],
    [[{ address: '192.0.2.0/24', policy: 'allow' }], 'unknown', 'deny'],
  ] as const)('%j says of %s: %s', (rules, ip, expected) => {
    expect(networkPolicy(rules)(ip)).toBe(expected);
  });
});

describe('mod_register, password_strength', () => {
  it.each([
    ['', 0],
    ['a', Math.log2(26)],
    ['aA', 2 * Math.log2(52)],
    ['aA1', 3 * Math.log2(61)],
    ['aA1!', 4 * Math.log2(94)],
    ['aA1!é', 5 * Math.log2(222)],
  ])('%j has %d bits', (password, bits) => {
    expect(passwordEntropy(password)).toBeCloseTo(bits, 10);
  });
});
