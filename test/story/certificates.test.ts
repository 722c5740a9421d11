/** Certificates that change while the server runs: noticed, judged, and used without an end to any stream. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Issued, issue } from '../support/engine/certificates.js';
import { type Engine, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { eventually } from '../support/story/eventually.js';
import { RawClient } from '../support/story/raw-client.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const STARTTLS = 0;
const DIRECT = 1;
const LOCALHOST = 'listen.c2s[0].tls';
const NAMED = 'general.domain_certfile[0]';

for (const engine of ENGINES) {
  describe(`certificates [${engine}]`, () => stories(engine));
}

/** Each of them has to change its certificate. */
const SHARDS = 4;

function stories(engine: Engine): void {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
  let server: TestServer;
  let ctl: Ctl;

  beforeAll(async () => {
    put(issue({ name: 'localhost' }));
    putNamed(issue({ name: 'other.example' }));
    const files = `certfile = "${join(folder, 'cert.pem')}", keyfile = "${join(folder, 'key.pem')}", verify_mode = "none"`;
    server = await startServer({
      config: ownConfig({
        engine,
        shards: SHARDS,
        hosts: ['localhost', 'other.example'],
        general: `  domain_certfile = [{domain = "other.example", certfile = "${join(folder, 'named.pem')}"}]`,
        listeners: ['starttls', 'tls'].map((mode) => `tls = {mode = "${mode}", ${files}}`),
      }),
    });
    ctl = new Ctl(server.dataDir);
  });
  beforeEach(async () => {
    put(issue({ name: 'localhost' }));
    putNamed(issue({ name: 'other.example' }));
    const rows = await reload();
    expect(rows.map(({ state }) => state)).toEqual(['in use', 'in use', 'in use']);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string): void {
    const file = join(folder, name);
    rmSync(file, { force: true });
    writeFileSync(file, text);
  }

  function put({ certificate, key }: Issued): void {
    write('cert.pem', certificate);
    write('key.pem', key);
  }

  function putNamed({ certificate, key }: Issued): void {
    write('named.pem', certificate + key);
  }

  async function reload(): Promise<Row[]> {
    return (await ctl.json('server reloadCertificates')).result;
  }

  async function rows(): Promise<Row[]> {
    return (await ctl.json('server certificates')).result;
  }

  async function connect(listener: number, servername = '', domain = 'localhost'): Promise<RawClient> {
    const port = server.ports[listener] as number;
    if (listener === DIRECT) return RawClient.connect(port, { tls: { servername } });
    const client = await RawClient.connect(port);
    await client.open(domain);
    await client.startTls({ servername });
    return client;
  }

  async function shown(listener: number, servername?: string, domain?: string): Promise<string> {
    const client = await connect(listener, servername, domain);
    const seen = fingerprintOf(client);
    client.destroy();
    return seen;
  }

  /** So many connections that each shard has some. */
  async function shownOften(listener: number, servername?: string, domain?: string): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: SHARDS * 4 }, () => shown(listener, servername, domain)));
    return [...new Set(all)];
  }

  async function refused(reason: string, place = LOCALHOST): Promise<void> {
    const found = (await reload()).find((row) => row.place === place && row.state === 'refused');
    expect(found?.reason).toContain(reason);
  }

  it.each([
    ['STARTTLS', STARTTLS],
    ['direct TLS', DIRECT],
  ])('a file that changes is noticed: new connections get it by %s, and open streams go on', async (_, listener) => {
    const before = await connect(listener);
    await before.open();
    const old = fingerprintOf(before);
    const next = issue({ name: 'localhost' });
    put(next);
    await until(async () => (await shown(listener)) !== old);
    expect(await shownOften(listener)).toEqual([fingerprint(next)]);
    before.send('<iq type="get" id="still"><query xmlns="jabber:iq:register"/></iq>');
    const answer = await before.next((element) => element.attrs['id'] === 'still');
    expect(answer.attrs['type']).toBe('result');
    expect(fingerprintOf(before)).toBe(old);
    before.destroy();
  });

  it('domain_certfile: the name in SNI, and the domain that the stream asks for, choose it after a change too', async () => {
    const next = issue({ name: 'other.example' });
    putNamed(next);
    await reload();
    expect(await shownOften(STARTTLS, 'other.example')).toEqual([fingerprint(next)]);
    expect(await shownOften(STARTTLS, '', 'other.example')).toEqual([fingerprint(next)]);
    expect(await shownOften(DIRECT, 'other.example')).toEqual([fingerprint(next)]);
    expect(await shownOften(DIRECT, 'localhost')).not.toContain(fingerprint(next));
  });

  it('a symbolic link that is turned to another folder, as Kubernetes does it, is noticed', async () => {
    const before = await shown(STARTTLS);
    const secrets = issue({ name: 'localhost' });
    const later = issue({ name: 'localhost' });
    for (const [version, { certificate, key }] of [['1', secrets] as const, ['2', later] as const]) {
      mkdirSync(join(folder, version), { recursive: true });
      writeFileSync(join(folder, version, 'cert.pem'), certificate);
      writeFileSync(join(folder, version, 'key.pem'), key);
    }
    turn('1');
    for (const name of ['cert.pem', 'key.pem']) {
      unlinkSync(join(folder, name));
      symlinkSync(join('..data', name), join(folder, name));
    }
    await until(async () => (await shown(STARTTLS)) === fingerprint(secrets));
    turn('2');
    await until(async () => (await shown(STARTTLS)) === fingerprint(later));
    expect([before, fingerprint(secrets)]).not.toContain(await shown(STARTTLS));
  });

  function turn(version: string): void {
    symlinkSync(version, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
  }

  it('a key that is written a moment after its certificate is waited for', async () => {
    const { certificate, key } = issue({ name: 'localhost' });
    const counted = await refusals();
    write('cert.pem', certificate);
    await new Promise((resolve) => setTimeout(resolve, 500));
    write('key.pem', key);
    await until(async () => (await shown(DIRECT)) === fingerprint({ certificate }));
    expect(await refusals()).toBe(counted);
  });

  it.each([
    ['a file that is gone', () => rmSync(join(folder, 'cert.pem')), 'does not exist'],
    ['half a certificate', () => write('cert.pem', issue({ name: 'x' }).certificate.slice(0, 500)), 'does not end'],
    ['a key of another', () => write('key.pem', issue({ name: 'localhost' }).key), 'belongs to no certificate'],
    ['one that has expired', () => put(issue({ name: 'localhost', from: -9, to: -2 })), 'expired on'],
    ['one that is not valid yet', () => put(issue({ name: 'localhost', from: 2, to: 9 })), 'is not valid before'],
  ])('%s is refused and counted, and the old one stays', async (_, damage, reason) => {
    const before = await shown(STARTTLS);
    const counted = await refusals();
    damage();
    await refused(reason);
    await refused(reason);
    expect(await shownOften(STARTTLS)).toEqual([before]);
    expect(await shownOften(DIRECT)).toEqual([before]);
    expect(await refusals()).toBe(counted + 2);
    expect((await rows()).filter(({ state }) => state === 'in use')).toHaveLength(3);
  });

  it('a bad certificate for one name does not hold the others up', async () => {
    const before = await shown(STARTTLS, 'other.example');
    const next = issue({ name: 'localhost' });
    put(next);
    write('named.pem', 'nothing');
    await refused('holds no certificate', NAMED);
    expect(await shownOften(STARTTLS, 'localhost')).toEqual([fingerprint(next)]);
    expect(await shownOften(STARTTLS, 'other.example')).toEqual([before]);
  });

  it('certificates in the wrong order are sent in the right one', async () => {
    const authority = issue({ name: 'authority', isAuthority: true });
    const own = issue({ name: 'localhost', issuer: authority });
    put({ certificate: authority.certificate + own.certificate, key: own.key });
    await reload();
    const client = await connect(DIRECT);
    const peer = (client.socket as TLSSocket).getPeerCertificate(true);
    expect(peer.subject.CN).toBe('localhost');
    expect(peer.issuerCertificate?.subject.CN).toBe('authority');
    client.destroy();
  });

  it('a refusal is logged once, with the file, the subject and what was expected, and never with the key', async () => {
    const { certificate, key } = issue({ name: 'stranger', from: -9, to: -2 });
    put({ certificate, key });
    await reload();
    await reload();
    const told = () => server.output().split('CN=stranger').length - 1;
    await eventually(() => told() >= 2);
    await ctl.json('server status');
    // One for each listener that has these files.
    expect(told()).toBe(2);
    expect(server.output()).toContain('certificate.refused');
    expect(server.output()).toContain(join(folder, 'cert.pem'));
    expect(server.output()).toContain('a valid certificate for localhost, other.example');
    expect(server.output()).not.toContain('PRIVATE KEY');
  });

  it('server certificates: names, issuer, end and fingerprint of each', async () => {
    const client = await connect(STARTTLS);
    const peer = (client.socket as TLSSocket).getPeerCertificate();
    client.destroy();
    const row = (await rows()).find(({ place }) => place === LOCALHOST);
    expect(row).toMatchObject({
      domains: 'localhost, other.example',
      subject: 'CN=localhost',
      issuer: 'CN=localhost',
      names: 'DNS:localhost',
      fingerprint: peer.fingerprint256,
      file: join(folder, 'cert.pem'),
      daysLeft: 0,
    });
    expect(Date.parse(row?.notAfter ?? '')).toBe(Date.parse(peer.valid_to));
    expect((await ctl.run('server certificates')).out).toContain(peer.fingerprint256);
  });

  it('metric getMetricsAsDicts: the seconds that each certificate has left', async () => {
    const { result } = await ctl.json('metric getMetricsAsDicts --name tls_certificate_expiry');
    expect(result.map(({ name }: { name: string[] }) => name[1])).toEqual([NAMED, LOCALHOST, 'listen.c2s[1].tls']);
    for (const { dict } of result) {
      expect(dict[0].value).toBeGreaterThan(86_000);
      expect(dict[0].value).toBeLessThanOrEqual(86_400);
    }
  });

  async function refusals(): Promise<number> {
    const { result } = await ctl.json('metric getMetricsAsDicts --name tls_certificate_reloads_refused');
    return result.reduce((sum: number, { dict }: { dict: { value: number }[] }) => sum + (dict[0]?.value ?? 0), 0);
  }
}

interface Row {
  readonly place: string;
  readonly state: string;
  readonly reason: string | null;
  readonly notAfter: string;
}

function fingerprintOf(client: RawClient): string {
  return (client.socket as TLSSocket).getPeerCertificate().fingerprint256;
}

function fingerprint({ certificate }: Pick<Issued, 'certificate'>): string {
  return new X509Certificate(certificate).fingerprint256;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it has not come about in 10 seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
