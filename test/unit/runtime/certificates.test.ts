/** Certificate files that are being written: nobody is refused for what is only half there. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Config, loadConfig } from '../../../src/platform/config/index.js';
import { Metrics } from '../../../src/platform/metrics.js';
import { systemRandom } from '../../../src/platform/random.js';
import { Certificates } from '../../../src/runtime/certificates.js';
import { type Issued, issue } from '../../support/engine/certificates.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const certFile = 'cert.pem';
const keyFile = 'key.pem';

let dir: string;
let clock: FakeClock;
let log: FakeLog;
let certificates: Certificates;
/** What the shard was told to use. */
let used: string[];

async function write(file: string, text: string): Promise<void> {
  await writeFile(join(dir, file), text);
}

function fingerprint({ certificate }: Pick<Issued, 'certificate'>): string {
  return new X509Certificate(certificate).fingerprint256;
}

/** Moves the clock on in small steps: files are read in real time. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function begin(first: Issued): Promise<void> {
  await write(certFile, first.certificate);
  await write(keyFile, first.key);
  const text = [
    '[general]\nhosts = ["localhost"]\ndefault_server_domain = "localhost"\n[auth.internal]\n[[listen.c2s]]\nport = 5222',
    `tls.certfile = "${join(dir, certFile)}"\ntls.keyfile = "${join(dir, keyFile)}"`,
  ];
  const { config } = loadConfig({ file: 't.toml', text: text.join('\n') }) as { config: Config };
  const metrics = new Metrics();
  certificates = new Certificates({ config, dataDir: dir, clock, random: systemRandom, log, metrics });
  await certificates.read();
  const shard = {
    async call<Result>(name: string, args: unknown): Promise<Result> {
      const { changes } = args as { changes?: { options: { certificate: string } }[] };
      if (name === 'tls.prepare') used.push(...(changes ?? []).map(({ options }) => fingerprint(options)));
      return undefined as Result;
    },
  };
  await certificates.watch({ running: [shard] });
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'meerkat-certificates-'));
  clock = new FakeClock(Date.now());
  log = new FakeLog();
  used = [];
});

afterEach(async () => {
  await certificates.close();
  await rm(dir, { recursive: true, force: true });
});

it('a half-written certificate gets time to become whole, without a word of refusal', async () => {
  const next = issue({ name: 'localhost' });
  await begin(issue({ name: 'localhost' }));
  await write(certFile, next.certificate.slice(0, 200));
  await pass(600);
  expect(used).toEqual([]);
  await write(certFile, next.certificate);
  await write(keyFile, next.key);
  await pass(2_500);
  expect(used).toEqual([fingerprint(next)]);
  expect(log.events('error')).toEqual([]);
});

it('one that stays half is refused once, and the old one goes on', async () => {
  await begin(issue({ name: 'localhost' }));
  await write(certFile, issue({ name: 'localhost' }).certificate.slice(0, 200));
  await pass(70_000);
  expect(used).toEqual([]);
  expect(log.events('error')).toEqual(['certificate.refused']);
  expect(certificates.tls[0]?.certificate).toContain('END CERTIFICATE');
});

it('a new key that comes late belongs to its certificate all the same', async () => {
  const next = issue({ name: 'localhost' });
  await begin(issue({ name: 'localhost' }));
  await write(certFile, next.certificate);
  await pass(600);
  await write(keyFile, next.key);
  await pass(2_500);
  expect(used).toEqual([fingerprint(next)]);
  expect(log.events('error')).toEqual([]);
});
