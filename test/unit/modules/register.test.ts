import { describe, expect, it } from 'vitest';
import { networkPolicy } from '../../../src/modules/register/network.js';
import { passwordEntropy } from '../../../src/modules/register/password-strength.js';
import { RegistrationPace } from '../../../src/modules/register/registration-pace.js';
import { FakeClock } from '../../support/fake-clock.js';

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

describe('general.registration_timeout', () => {
  it('lets an address register once in that time, and others meanwhile', async () => {
    const clock = new FakeClock();
    const pace = new RegistrationPace(clock, 600);
    expect(pace.admit('192.0.2.1')).toBe(true);
    expect(pace.admit('192.0.2.1')).toBe(false);
    expect(pace.admit('192.0.2.2')).toBe(true);
    await clock.advance(599_000);
    expect(pace.admit('192.0.2.1')).toBe(false);
    await clock.advance(1_000);
    expect(pace.admit('192.0.2.1')).toBe(true);
  });

  it('forgets a registration that did not come about', () => {
    const pace = new RegistrationPace(new FakeClock(), 600);
    pace.admit('192.0.2.1');
    pace.release('192.0.2.1');
    expect(pace.admit('192.0.2.1')).toBe(true);
  });

  it('"infinity" never lets anybody wait', () => {
    const pace = new RegistrationPace(new FakeClock(), 'infinity');
    expect([pace.admit('192.0.2.1'), pace.admit('192.0.2.1')]).toEqual([true, true]);
  });
});
