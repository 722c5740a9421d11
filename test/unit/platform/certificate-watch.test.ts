/** What is known of certificates over time: changes of their files, refusals, and how soon they end. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CertificateLedger,
  type CertificateRow,
  ExpiryWarnings,
  type PartReading,
  WatchedFiles,
} from '../../../src/platform/certificates/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const DAY = 86_400_000;
let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'meerkat-watch-'));
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function folder(): Promise<string> {
  const path = join(root, String(count++));
  await mkdir(path);
  return path;
}

describe('watched files', () => {
  it('are looked at every half minute though no folder tells of a change', async () => {
    const clock = new FakeClock();
    let stirs = 0;
    const files = new WatchedFiles([join(root, 'no-such-folder', 'a.pem')], clock, () => stirs++);
    await files.start();
    await clock.advance(29_999);
    expect(stirs).toBe(0);
    await clock.advance(30_001);
    expect(stirs).toBe(2);
    files.close();
    expect(clock.pending).toBe(0);
  });

  it('have another digest when they are written, vanish, and come back as before', async () => {
    const path = join(await folder(), 'a.pem');
    const files = new WatchedFiles([path], new FakeClock(), () => {});
    await writeFile(path, 'one');
    const one = await files.digest();
    expect(await files.digest()).toBe(one);
    await writeFile(path, 'two');
    const two = await files.digest();
    await rm(path);
    const none = await files.digest();
    expect(new Set([one, two, none]).size).toBe(3);
    await writeFile(path, 'one');
    expect(await files.digest()).toBe(one);
  });

  it('have another digest when a symbolic link above them leads elsewhere', async () => {
    const base = await folder();
    for (const name of ['old', 'new']) {
      await mkdir(join(base, name));
      await writeFile(join(base, name, 'a.pem'), name);
    }
    await symlink('old', join(base, 'live'));
    const files = new WatchedFiles([join(base, 'live', 'a.pem')], new FakeClock(), () => {});
    const before = await files.digest();
    await symlink('new', join(base, 'next'));
    await rename(join(base, 'next'), join(base, 'live'));
    expect(await files.digest()).not.toBe(before);
  });
});

const used: CertificateRow = {
  place: 'listen.c2s[0].tls',
  domains: ['example.org'],
  file: 'a.pem',
  subject: 'CN=example.org',
  names: undefined,
  issuer: undefined,
  notBefore: 0,
  notAfter: 100 * DAY,
  fingerprint: 'AA',
  state: 'in use',
  reason: undefined,
  since: 0,
};

describe('expiry warnings', () => {
  it('are given 30, 14, 7 and 1 days before the end and at the end, once each', () => {
    const warnings = new ExpiryWarnings();
    const days: number[] = [];
    for (let hour = 0; hour <= 24 * 103; hour++) {
      if (warnings.due([used], (hour * DAY) / 24).length > 0) days.push(100 - hour / 24);
    }
    expect(days).toEqual([30, 14, 7, 1, 0]);
  });

  it('are one, and not five, for a certificate that has expired already', () => {
    const warnings = new ExpiryWarnings();
    expect(warnings.due([used], 101 * DAY)).toHaveLength(1);
    expect(warnings.due([used], 102 * DAY)).toHaveLength(0);
  });

  it('begin anew with another certificate, and leave out refused ones', () => {
    const warnings = new ExpiryWarnings();
    expect(warnings.due([used], 90 * DAY)).toHaveLength(1);
    expect(warnings.due([{ ...used, fingerprint: 'BB' }], 90 * DAY)).toHaveLength(1);
    expect(warnings.due([{ ...used, fingerprint: 'CC', state: 'refused' }], 90 * DAY)).toHaveLength(0);
  });
});

function reading(value: string | undefined, errors: string[] = []): PartReading<string> {
  return { place: 'listen.c2s[0].tls', file: 'a.pem', domains: ['example.org'], value, errors };
}

describe('the ledger', () => {
  it('stands in with what was in use, and tells of a refusal once', () => {
    const ledger = new CertificateLedger();
    const first = ledger.begin();
    expect(first.take(reading('one'))).toBe('one');
    expect(ledger.settle(first, 1)).toEqual([]);
    const told = [2, 3].map((now) => {
      const pass = ledger.begin();
      expect(pass.take(reading(undefined, ['the key does not match']))).toBe('one');
      return ledger.settle(pass, now);
    });
    expect(told[0]).toMatchObject([{ reason: 'the key does not match', since: 2 }]);
    expect(told[1]).toEqual([]);
  });

  it('tells of it again after a good one in between, and shows it only while it lasts', () => {
    const ledger = new CertificateLedger();
    const settle = (one: PartReading<string>, now: number) => {
      const pass = ledger.begin();
      pass.take(one);
      return ledger.settle(pass, now);
    };
    settle(reading('one'), 1);
    expect(settle(reading(undefined, ['bad']), 2)).toHaveLength(1);
    expect(ledger.rows()).toMatchObject([{ state: 'refused', reason: 'bad' }]);
    settle(reading('two'), 3);
    expect(ledger.rows()).toEqual([]);
    expect(settle(reading(undefined, ['bad']), 4)).toHaveLength(1);
  });

  it('refuses what is new, and nothing else, when it cannot be brought to use', () => {
    const ledger = new CertificateLedger();
    const first = ledger.begin();
    first.take(reading('one'));
    first.take({ ...reading('same'), place: 'listen.c2s[1].tls' });
    ledger.settle(first, 1);
    const pass = ledger.begin();
    pass.take(reading('two'));
    pass.take({ ...reading('same'), place: 'listen.c2s[1].tls' });
    const refused = ledger.refuse(pass, 'no shard takes it', 2);
    expect(refused.map(({ place }) => place)).toEqual(['listen.c2s[0].tls']);
    expect(ledger.begin().take(reading(undefined, ['bad']))).toBe('one');
  });
});
