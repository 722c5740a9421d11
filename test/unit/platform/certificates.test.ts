/** The server's own certificate, and those in files. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  certificateIdentities,
  coversDomain,
  describeProblem,
  fingerprint,
  type IdentityFiles,
  loadIdentity,
  type OwnIdentity,
  ownIdentity,
} from '../../../src/platform/certificates/index.js';
import { type Clock, systemClock } from '../../../src/platform/clock.js';
import { systemRandom } from '../../../src/platform/random.js';
import { dnsName, testCertificate, testKey } from './certificate-kit.js';

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meerkat-certificates-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function freshFolder(): Promise<string> {
  const path = join(folder, String(count++));
  await mkdir(path);
  return path;
}

async function file(...content: string[]): Promise<string> {
  const path = join(folder, `${count++}.pem`);
  await writeFile(path, content.join('\n'));
  return path;
}

const now = Date.UTC(2026, 0, 1);
const key = testKey();
const otherKey = testKey();
const root = testCertificate({ name: 'Root', key: testKey(), isAuthority: true });
const middle = testCertificate({ name: 'Middle', key: testKey(), issuer: root, isAuthority: true });
const leaf = testCertificate({ name: 'example.com', key, issuer: middle, names: [[dnsName('example.com')]] });
const stranger = testCertificate({ name: 'Stranger', key: otherKey });

function subjects(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block).subject.replace('CN=', ''));
}

async function load(files: IdentityFiles, domains = ['example.com']) {
  const { identity, problems } = await loadIdentity(files, { domains, now });
  return { identity, problems: problems.map((problem) => `${problem.severity} ${describeProblem(problem)}`) };
}

describe('loadIdentity', () => {
  it('takes certificate, chain and key from one file, in any order', async () => {
    const sorted = [leaf.pem, middle.pem, root.pem];
    for (const parts of [
      [...sorted, key.privatePem],
      [key.privatePem, ...sorted],
      [leaf.pem, key.privatePem, middle.pem, root.pem],
    ]) {
      const { identity, problems } = await load({ certfile: await file(...parts) });
      expect(problems).toEqual([]);
      expect(subjects(identity!.certificate)).toEqual(['example.com', 'Middle', 'Root']);
      expect(identity!.leaf.checkPrivateKey(createPrivateKey(identity!.key))).toBe(true);
    }
  });

  it('sorts a chain, and says so', async () => {
    const certfile = await file(root.pem, middle.pem, leaf.pem, key.privatePem);
    const { identity, problems } = await load({ certfile });
    expect(subjects(identity!.certificate)).toEqual(['example.com', 'Middle', 'Root']);
    expect(problems).toEqual([
      `warning ${certfile}: the certificates are not in the order of their chain; they are sent sorted`,
    ]);
  });

  it('leaves out what does not belong to the chain, and says so', async () => {
    const certfile = await file(leaf.pem, middle.pem, stranger.pem, key.privatePem);
    const { identity, problems } = await load({ certfile });
    expect(subjects(identity!.certificate)).toEqual(['example.com', 'Middle']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^warning .*: the certificate that begins in line \d+ does not belong to the chain/);
  });

  it('does not take for an issuer who only has its name', async () => {
    const impostor = testCertificate({ name: 'Middle', key: otherKey, isAuthority: true });
    const { identity } = await load({ certfile: await file(leaf.pem, impostor.pem, key.privatePem) });
    expect(subjects(identity!.certificate)).toEqual(['example.com']);
  });

  it('takes the key from a file of its own', async () => {
    const { identity, problems } = await load({ certfile: await file(leaf.pem), keyfile: await file(key.privatePem) });
    expect(problems).toEqual([]);
    expect(identity?.key).toContain('BEGIN PRIVATE KEY');
  });

  it('takes text between the blocks, and line ends of every kind', async () => {
    const certfile = await file(
      '# our certificate',
      leaf.pem.replace(/\r?\n/g, '\r\n'),
      'Bag Attributes',
      key.privatePem,
    );
    expect((await load({ certfile })).problems).toEqual([]);
  });

  it.each(['pkcs8', 'pkcs1'] as const)('decrypts a key in %s form with its password', async (type) => {
    const privateKey = createPrivateKey(key.privatePem);
    const pem = privateKey.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }).toString();
    const certfile = await file(leaf.pem);
    const keyfile = await file(pem);
    const { identity, problems } = await load({ certfile, keyfile, passphrase: 'secret' });
    expect(problems).toEqual([]);
    expect(identity?.key).toContain('BEGIN PRIVATE KEY');
    expect((await load({ certfile, keyfile, passphrase: 'wrong' })).problems).toEqual([
      `error ${keyfile}: the private key that begins in line 1 cannot be decrypted with the password given`,
    ]);
    expect((await load({ certfile, keyfile })).problems).toEqual([
      `error ${keyfile}: the private key that begins in line 1 is encrypted, and no password is given for it`,
    ]);
  });

  it('takes keys of elliptic curves', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    const certfile = await file(leaf.pem, pem, key.privatePem);
    const { identity, problems } = await load({ certfile });
    expect(problems).toEqual([]);
    expect(identity?.leaf.checkPrivateKey(createPrivateKey(identity.key))).toBe(true);
  });

  it('names the file and the reason for what cannot be used', async () => {
    const certfile = await file(leaf.pem);
    const keyfile = await file(key.privatePem);
    const foreign = await file(otherKey.privatePem);
    const missing = join(folder, 'missing.pem');
    const broken = await file(leaf.pem.replace(/\n[^-\n]+\n/, '\nAAAA\n'), key.privatePem);
    const cut = await file(leaf.pem, key.privatePem.slice(0, 200));
    const empty = await file('');
    const huge = await file('#'.repeat(1024 * 1024 + 1));
    const cases: [IdentityFiles, string[]][] = [
      [{ certfile: missing }, [`${missing}: does not exist`]],
      [{ certfile: folder }, [`${folder}: is a folder`]],
      [{ certfile: huge }, [`${huge}: is larger than 1 MiB`]],
      [{ certfile, keyfile: missing }, [`${missing}: does not exist`]],
      [{ certfile }, [`${certfile}: holds no private key in PEM form`]],
      [{ certfile: keyfile }, [`${keyfile}: holds no certificate in PEM form`]],
      [
        { certfile: empty },
        [`${empty}: holds no certificate in PEM form`, `${empty}: holds no private key in PEM form`],
      ],
      [{ certfile, keyfile: foreign }, [`${foreign}: the private key belongs to no certificate in ${certfile}`]],
      [{ certfile: broken }, [`${broken}: the certificate that begins in line 1 cannot be decoded`]],
    ];
    for (const [files, expected] of cases) {
      const { identity, problems } = await load(files);
      expect(identity).toBeUndefined();
      expect(problems).toEqual(expected.map((text) => `error ${text}`));
    }
    const { problems } = await load({ certfile: cut });
    expect(problems[0]).toMatch(/^error .*: the PRIVATE KEY that begins in line \d+ does not end$/);
  });

  it('warns of a certificate that is out of its time', async () => {
    const certfile = async (from: string, to: string) =>
      file(testCertificate({ name: 'example.com', key, from, to }).pem, key.privatePem);
    const old = await certfile('2020-01-01T00:00:00Z', '2025-06-01T12:00:00Z');
    expect((await load({ certfile: old })).problems).toEqual([
      `warning ${old}: the certificate that begins in line 1 expired on 2025-06-01`,
    ]);
    expect((await load({ certfile: old })).identity).toBeDefined();
    const early = await certfile('2026-05-01T00:00:00Z', '2027-06-01T12:00:00Z');
    expect((await load({ certfile: early })).problems[0]).toContain('is not valid before 2026-05-01');
    const ending = await certfile('2020-01-01T00:00:00Z', '2026-01-10T00:00:00Z');
    expect((await load({ certfile: ending })).problems[0]).toContain('expires on 2026-01-10');
  });

  it('warns of domains that the certificate is not made out to', async () => {
    const certfile = await file(leaf.pem, key.privatePem);
    expect((await load({ certfile }, ['example.com', 'example.net', 'conference.example.com'])).problems).toEqual([
      `warning ${certfile}: the certificate is not made out to example.net, conference.example.com`,
    ]);
  });
});

describe('ownIdentity', () => {
  const at = (ms: number): Clock => ({ ...bound(systemClock), now: () => ms });
  const own = (path: string, domains: string[], ms = now): Promise<OwnIdentity> =>
    ownIdentity({ folder: path, domains, clock: at(ms), random: systemRandom });

  it('makes a certificate for its domains that lasts ten years', async () => {
    const path = await freshFolder();
    const { identity, problems, state, keyfile } = await own(path, ['localhost', 'münchen.de', '127.0.0.1', '[::1]']);
    expect({ problems, state }).toEqual({ problems: [], state: 'made' });
    const { leaf: x509 } = identity!;
    expect(x509.subjectAltName).toContain('DNS:localhost');
    expect(x509.subjectAltName).toContain('DNS:xn--mnchen-3ya.de');
    expect(x509.subjectAltName).toContain('IP Address:127.0.0.1');
    expect(certificateIdentities(x509.raw)?.xmppAddresses).toEqual(['localhost', 'münchen.de', '127.0.0.1', '[::1]']);
    for (const domain of ['localhost', 'münchen.de', '127.0.0.1', '[::1]'])
      expect(coversDomain(x509, domain)).toBe(true);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(Date.parse(x509.validFrom)).toBeLessThan(now);
    expect(new Date(x509.validTo).getUTCFullYear()).toBe(2036);
    expect(fingerprint(x509.raw)).toBe(x509.fingerprint256.toLowerCase());
    expect((await stat(keyfile)).mode & 0o777).toBe(0o600);
    expect(await readdir(path)).toEqual(['self-signed']);
  });

  it('uses the same certificate at the next start', async () => {
    const path = await freshFolder();
    const first = await own(path, ['localhost']);
    const second = await own(path, ['localhost'], now + 86_400_000);
    expect(second.state).toBe('kept');
    expect(second.identity?.certificate).toBe(first.identity?.certificate);
    expect(second.identity?.key).toBe(first.identity?.key);
  });

  it('gives every server another serial number and key', async () => {
    const [a, b] = [await own(await freshFolder(), ['localhost']), await own(await freshFolder(), ['localhost'])];
    expect(a.identity?.leaf.serialNumber).not.toBe(b.identity?.leaf.serialNumber);
    expect(a.identity?.key).not.toBe(b.identity?.key);
  });

  it('makes a new certificate with the same key when a domain is added, or the old one has expired', async () => {
    const path = await freshFolder();
    const first = await own(path, ['localhost']);
    const more = await own(path, ['localhost', 'example.com']);
    expect(more).toMatchObject({ state: 'renewed', problems: [] });
    expect(more.identity?.key).toBe(first.identity?.key);
    const later = await own(path, ['localhost', 'example.com'], Date.UTC(2040, 0, 1));
    expect(later).toMatchObject({ state: 'renewed', problems: [] });
    expect(await readdir(join(path, 'self-signed'))).toEqual(['certificate.pem', 'key.pem']);
  });

  it('leaves a certificate alone that an operator put in its place', async () => {
    const path = await freshFolder();
    const { certfile, keyfile } = await own(path, ['localhost']);
    await writeFile(certfile, leaf.pem);
    await writeFile(keyfile, key.privatePem);
    const again = await own(path, ['localhost']);
    expect(again.state).toBe('kept');
    expect(again.problems.map(describeProblem)).toEqual([`${certfile}: the certificate is not made out to localhost`]);
    expect(await readFile(certfile, 'utf8')).toBe(leaf.pem);
  });

  it.each(['certfile', 'keyfile'] as const)(
    'reports a %s that cannot be read, and never writes over it',
    async (which) => {
      const path = await freshFolder();
      const made = await own(path, ['localhost']);
      await writeFile(made[which], 'garbage');
      const again = await own(path, ['localhost']);
      expect(again.identity).toBeUndefined();
      expect(again.problems[0]).toMatchObject({ severity: 'error', file: made[which] });
      expect(await readFile(made[which], 'utf8')).toBe('garbage');
      await rm(made[which]);
      expect((await own(path, ['localhost'])).problems.map(describeProblem)).toEqual([
        `${made[which]}: does not exist`,
      ]);
    },
  );

  it('warns of a key that other users may read', async () => {
    const path = await freshFolder();
    const { keyfile } = await own(path, ['localhost']);
    await chmod(keyfile, 0o644);
    expect((await own(path, ['localhost'])).problems.map(describeProblem)).toEqual([
      `${keyfile}: other users may read the private key; its mode should be 600`,
    ]);
  });

  it('reports a data directory that is not there', async () => {
    const { identity, problems } = await own(join(folder, 'nowhere'), ['localhost']);
    expect(identity).toBeUndefined();
    expect(problems.map(describeProblem)[0]).toMatch(/nowhere\/self-signed: cannot be written: ENOENT/);
  });

  it('is made once when several processes start at the same time', async () => {
    const path = await freshFolder();
    const all = await Promise.all([1, 2, 3].map(() => own(path, ['localhost'])));
    expect(new Set(all.map(({ identity }) => identity?.certificate)).size).toBe(1);
    expect(all.filter(({ state }) => state === 'made')).toHaveLength(1);
    expect(await readdir(path)).toEqual(['self-signed']);
  });
});

function bound(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    seconds: () => clock.seconds(),
    monotonic: () => clock.monotonic(),
    after: (ms, work) => clock.after(ms, work),
    every: (ms, work) => clock.every(ms, work),
    sleep: (ms) => clock.sleep(ms),
  };
}
