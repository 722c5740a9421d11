/** The files of `test/compat/config/files`, served: each starts, or is refused with every reason. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Issued, issue } from '../support/engine/certificates.js';
import { dhParameters } from '../support/engine/dh-parameters.js';
import { TestPostgres } from '../support/postgres.js';
import { Actor, authenticate, bind } from '../support/story/actor.js';
import { Ctl } from '../support/story/ctl.js';
import { launch } from '../support/story/launch.js';
import { RawClient } from '../support/story/raw-client.js';
import { startServer, type TestServer } from '../support/story/server.js';
import { revocationList } from '../unit/engine/revocation-list.js';

const postgres = await TestPostgres.start();
const isThere = typeof postgres !== 'string';

let dataDir: string;
let ca: Issued;
let pem: Readonly<Record<string, string>>;
let server: TestServer | undefined;

beforeAll(() => {
  ca = issue({ name: 'Test CA', isAuthority: true });
  const own = issue({ name: 'server.example', issuer: ca });
  const whole = `${own.certificate}${own.key}`;
  pem = {
    'fake_server.pem': own.certificate,
    'fake_key.pem': own.key,
    'cert.pem': own.certificate,
    'key.pem': own.key,
    ...{ 'server.pem': whole, 'one.pem': whole, 'two.pem': whole },
    'ca.pem': ca.certificate,
    'dh_server.pem': dhParameters(),
    'revoked.pem': revocationList(ca, []),
  };
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
});
afterAll(async () => {
  if (isThere) await (postgres as TestPostgres).stop();
});

/** The file with free ports, loopback addresses and the certificates that it names. */
function prepared(name: string): string {
  dataDir = mkdtempSync(join(tmpdir(), 'meerkat-files-'));
  const text = readFileSync(new URL(`../compat/config/files/${name}.toml`, import.meta.url), 'utf8');
  return text
    .replaceAll(/^( *)port = 5\d\d\d$/gm, '$1port = PORT')
    .replaceAll(/"(?:\w+\/)*(\w+\.pem)"/g, (whole, file) => {
      if (!pem[file]) return whole;
      writeFileSync(join(dataDir, file), pem[file]);
      return `"${join(dataDir, file)}"`;
    });
}

async function serve(config: string): Promise<TestServer> {
  server = await startServer({ config, dataDir });
  return server;
}

async function registered(one: TestServer, jid: string, password = 'secret'): Promise<void> {
  const [username, domain] = jid.split('@') as [string, string];
  const words = ['--domain', domain, '--username', username, '--password', password];
  expect(await new Ctl(one.dataDir).run('account registerUser', ...words)).toMatchObject({ code: 0, error: '' });
}

it('small.toml: STARTTLS is demanded, spammers are denied, alice is served', async () => {
  const one = await serve(prepared('small'));
  for (const name of ['alice', 'spammer']) await registered(one, `${name}@chat.example`);
  const outcomes = await Promise.all(
    ['alice', 'spammer'].map(async (username) => {
      const client = await RawClient.connect(one.port);
      const features = await client.open('chat.example');
      expect(features.getChild('starttls')?.getChild('required')).toBeDefined();
      await client.startTls();
      await client.open('chat.example');
      await authenticate(client, { username, domain: 'chat.example', password: 'secret' });
      await client.open('chat.example');
      return bind(client).catch((error: Error) => error.message);
    }),
  );
  expect(outcomes[0]).toMatch(/^alice@chat\.example\//);
  expect(outcomes[1]).toContain('not-allowed');
});

it('just-tls.toml: each listener has its own TLS settings', async () => {
  const one = await serve(prepared('just-tls'));
  const [, second, third] = one.ports as [number, number, number];
  const direct = await RawClient.connect(second, { tls: { servername: 'secure.example' } });
  await direct.open('secure.example');
  expect((direct.socket as unknown as { getCipher(): { name: string } }).getCipher().name).toBe(
    'TLS_AES_128_GCM_SHA256',
  );
  const upgraded = await RawClient.connect(third);
  await upgraded.open('secure.example');
  await upgraded.startTls();
  await upgraded.open('secure.example');
  expect((upgraded.socket as unknown as { getCipher(): { name: string } }).getCipher().name).toBe(
    'TLS_AES_256_GCM_SHA384',
  );
  for (const client of [direct, upgraded]) client.destroy();
});

describe.skipIf(!isThere)(
  isThere ? 'on PostgreSQL' : `on PostgreSQL, not run because it cannot start: ${postgres}`,
  () => {
    it('pgsql.toml: each listener takes its own kind of user', async () => {
      const { port, username, password } = (postgres as TestPostgres).settings();
      await (postgres as TestPostgres).createDatabase('app');
      const config = prepared('pgsql')
        .replace('host = "localhost"', `host = "127.0.0.1"\n    port = ${port}`)
        .replace('username = "app"', `username = "${username}"`)
        .replace('password = "app"', `password = "${password}"`)
        .replace('ip_version = 6', '');
      const one = await serve(config);
      const [users, guests] = one.ports as [number, number];
      await registered(one, 'ann@app.example');
      const [forUsers, forGuests] = await Promise.all([mechanismsOf(users), mechanismsOf(guests)]);
      expect(forUsers).toContain('SCRAM-SHA-256');
      expect(forUsers).not.toContain('ANONYMOUS');
      expect(forGuests).toEqual(['ANONYMOUS']);
      const actor = await Actor.login(users, { username: 'ann', domain: 'app.example', password: 'secret' });
      expect((await actor.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`)).attrs['type']).toBe('result');
      actor.vanish();
    });
  },
);

/** What the start says that it does not serve: `line:column`, and what. */
async function refused(name: string): Promise<{ file: string; reasons: string[] }> {
  const file = new URL(`../compat/config/files/${name}.toml`, import.meta.url).pathname;
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-refused-'));
  const { code, stdout, stderr } = await launch(['--config', file, '--data', join(directory, 'data')]);
  rmSync(directory, { recursive: true });
  const lines = stderr.trimEnd().split('\n');
  expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 1, stdout: '', last: 'Meerkat was not started.' });
  return { file, reasons: lines.slice(0, -1) };
}

it('dynamic-domains.toml and everything.toml are refused with every reason, at its place', async () => {
  for (const { file, reasons } of await Promise.all([refused('dynamic-domains'), refused('everything')])) {
    expect(reasons.length).toBeGreaterThan(1);
    for (const line of reasons) expect(line).toMatch(new RegExp(`^${file}:\\d+:\\d+: .* supported`));
  }
});

it('everything.toml starts with --ignore-unsupported, and the log lists what it does without', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-ignored-'));
  dataDir = directory;
  const config = readFileSync(new URL('../compat/config/files/everything.toml', import.meta.url), 'utf8')
    .replace(/port = (5222|5280)/g, 'port = PORT')
    .replace('loglevel = "warning"', 'loglevel = "notice"')
    .replace('driver = "pgsql"\nhost = "db"\ndatabase = "m"\nusername = "m"\npassword = "m"', 'driver = "sqlite"')
    .replace(/driver = "pgsql"\n(?: +(?:host|database|username|password) = "\w+"\n)+/, 'driver = "sqlite"\n');
  const [{ reasons }] = await Promise.all([
    refused('everything'),
    startServer({ config, dataDir, args: ['--ignore-unsupported'] }).then((one) => {
      server = one;
    }),
  ]);
  expect(server?.output().match(/"what":"config.ignored"/g)).toHaveLength(reasons.length);
  await registered(server as TestServer, 'ann@big.example');
  const actor = await Actor.login((server as TestServer).port, {
    username: 'ann',
    domain: 'big.example',
    password: 'secret',
  });
  actor.vanish();
});

async function mechanismsOf(port: number): Promise<string[]> {
  const client = await RawClient.connect(port);
  const features = await client.open('app.example');
  client.destroy();
  return (features.getChild('mechanisms')?.getChildren('mechanism') ?? []).map((one) => one.getText());
}
