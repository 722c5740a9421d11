/** Starts that are refused: each with a sentence for the operator, exit code 1, and nothing of what is there changed. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownConfig } from '../support/story/both-engines.js';
import { launch, type Outcome } from '../support/story/launch.js';
import { ENGINES, freePorts, startServer } from '../support/story/server.js';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const engine = ENGINES[0] as (typeof ENGINES)[number];

let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-refused-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function start(config: string, options: { data?: string; uid?: number } = {}): Promise<Outcome> {
  const [port] = (await freePorts(1)) as [number];
  const file = join(folder, 'mongooseim.toml');
  writeFileSync(file, config.replaceAll('PORT', String(port)));
  return launch(
    ['--config', file, '--data', options.data ?? dataDir],
    options.uid === undefined ? {} : { uid: options.uid },
  );
}

function expectRefusal({ code, stdout, stderr }: Outcome, sentence: string | RegExp): void {
  const lines = stderr.split('\n');
  if (typeof sentence === 'string') expect(lines[0]).toBe(sentence);
  else expect(lines[0]).toMatch(sentence);
  expect(lines.slice(-2)).toEqual(['Meerkat was not started.', '']);
  expect(stderr).not.toMatch(/^ +at /m);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
}

describe.each(ENGINES)('ports [%s]', (kind) => {
  it.each([1, 2])('one that another Meerkat of %i shards listens on is not shared', async (shards) => {
    const other = await startServer({ config: ownConfig({ engine: kind, shards }) });
    try {
      const outcome = await start(ownConfig({ engine: kind, shards }).replaceAll('PORT', String(other.port)));
      expectRefusal(outcome, `Cannot listen on 127.0.0.1 port ${other.port}: another program listens there already.`);
    } finally {
      await other.stop('SIGKILL');
    }
  });

  it('an address that the machine does not have', async () => {
    const config = ownConfig({ engine: kind }).replace('127.0.0.1', '192.0.2.1');
    expectRefusal(
      await start(config),
      /^Cannot listen on 192\.0\.2\.1 port \d+: this machine does not have that address\.$/,
    );
  });
});

describe('data directories', () => {
  const config = ownConfig({ engine });

  it('one that another server uses', async () => {
    const other = await startServer({ config });
    const outcome = await start(config, { data: other.dataDir });
    expectRefusal(outcome, `${other.dataDir}/meerkat.db is in use by another server, process ${other.process.pid}`);
    expect(await other.stop()).toBe(0);
  });

  it('one below a file', async () => {
    writeFileSync(dataDir, '');
    const data = join(dataDir, 'below');
    expectRefusal(await start(config, { data }), new RegExp(`^the data directory ${data} cannot be used: ENOTDIR`));
  });

  it.skipIf(!isRoot)('one that belongs to somebody else', async () => {
    chmodSync(folder, 0o755);
    mkdirSync(dataDir);
    expectRefusal(
      await start(config, { uid: NOBODY }),
      new RegExp(`^the data directory ${dataDir} cannot be used: EPERM`),
    );
  });

  it('one whose path is too long for a socket', async () => {
    const data = join(folder, 'd'.repeat(90));
    expectRefusal(
      await start(config, { data }),
      /control\.sock is too long for the path of a socket \(103 bytes\): choose a shorter/,
    );
  });
});

describe('a damaged database is reported, and left as it is', () => {
  const config = ownConfig({ engine });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    [
      'no database at all',
      () => Buffer.from('to whom it may concern'),
      /is not an SQLite database, or its beginning is damaged: restore it from a backup$/,
    ],
    [
      'pages overwritten',
      (bytes) => bytes.fill(0xa5, 8192, 24576),
      /the database is damaged: restore it from a backup/,
    ],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length / 2), /the database is damaged: restore it from a backup/],
  ])('%s', async (_, damage, sentence) => {
    const server = await startServer({ config, dataDir: made() });
    expect(await server.stop()).toBe(0);
    const file = join(dataDir, 'meerkat.db');
    writeFileSync(file, damage(readFileSync(file)));
    cpSync(file, join(folder, 'copy'));
    expectRefusal(await start(config), sentence);
    expect(readFileSync(file).equals(readFileSync(join(folder, 'copy')))).toBe(true);
  });

  it('a secret that is cut off', async () => {
    made();
    writeFileSync(join(dataDir, 'secret.key'), 'c2hvcnQ=');
    expectRefusal(
      await start(config),
      `${dataDir}/secret.key does not hold 32 bytes in Base64: restore it from a backup, or delete it to get a new one`,
    );
  });
});

describe('certificates are named with what is wrong with them', () => {
  it.each([
    ['not there', undefined, 'does not exist'],
    ['no PEM', 'hello', /./],
  ])('%s', async (_, content, problem) => {
    const file = join(folder, 'cert.pem');
    if (content !== undefined) writeFileSync(file, content);
    const config = ownConfig({ engine, listeners: [`  tls = {certfile = "${file}", verify_mode = "none"}`] });
    const outcome = await start(config);
    expectRefusal(
      outcome,
      new RegExp(`^listen\\.c2s\\[0\\]\\.tls: ${file}: ${problem === 'does not exist' ? problem : '.+'}$`),
    );
  });
});

function made(): string {
  mkdirSync(dataDir, { mode: 0o700 });
  return dataDir;
}
