import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCtl } from '../../../src/admin/ctl/program.js';
import { renderForPeople } from '../../../src/admin/ctl/render.js';
import { makeDispatcher } from '../../../src/admin/dispatch.js';
import { commands } from '../../../src/admin/registry.js';
import { type ControlSocket, openControlSocket } from '../../../src/admin/socket-server.js';
import { FakeLog } from '../../support/fake-log.js';
import { MemoryAdmin } from '../../support/memory-admin.js';

let dataDir: string;
let context: MemoryAdmin;
let socket: ControlSocket;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));
  context = new MemoryAdmin();
  const log = new FakeLog();
  socket = await openControlSocket({ dataDir, dispatcher: makeDispatcher(commands, context, log), log });
});

afterEach(() => socket.close());

/** Runs the command line as a shell would split it, and collects what it says. */
async function ctl(line: string, { name = 'meerkatctl', env = {} as Record<string, string>, data = dataDir } = {}) {
  let out = '';
  let err = '';
  const args = line.split(' ').filter(Boolean);
  const code = await runCtl(data === '' ? args : ['--data', data, ...args], {
    name,
    version: '1.2.3',
    env,
    commands,
    print: (text) => (out += `${text}\n`),
    printError: (text) => (err += `${text}\n`),
  });
  return { code, out: stripVTControlCharacters(out), err };
}

const register = (username: string) =>
  ctl(`account registerUser --username ${username} --domain localhost --password secret`);

test('a list is given as JSON, or as one text alone', async () => {
  const counter = { name: 'stanzas', type: 'counter', doc: 'Stanzas', labels: ['kind'] } as const;
  for (const kind of ['iq', 'message']) context.metrics.counter(counter, { kind }).add();
  const found = async (name: string) => {
    const { out } = await ctl(`--json metric getMetricsAsDicts --name ${name}`);
    return JSON.parse(out).data.metric.getMetricsAsDicts.map((one: { name: string[] }) => one.name[1]);
  };
  expect(await found('stanzas')).toEqual(['iq', 'message']);
  expect(await found('["stanzas","iq"]')).toEqual(['iq']);
  const broken = await ctl('metric getMetricsAsDicts --name ["stanzas');
  expect(broken.err).toContain('--name: {"text":"[\\"stanzas"} is not a list');
});

describe('meerkatctl for people', () => {
  test('shows objects as fields, lists as lines, and numbers', async () => {
    expect(await register('alice')).toEqual({
      code: 0,
      out: 'jid      alice@localhost\nmessage  Account alice@localhost was made\n',
      err: '',
    });
    await register('bob');
    expect((await ctl('account listUsers --domain localhost')).out).toBe('alice@localhost\nbob@localhost\n');
    expect((await ctl('account listUsers --domain localhost --limit 1')).out).toBe('alice@localhost\n');
    expect((await ctl('account countUsers --domain localhost')).out).toBe('2\n');
    expect((await ctl('account checkUser --user carol@localhost')).out).toContain('exist    no\n');
    expect((await ctl('session listSessions')).out).toBe('none\n');
  });

  test('shows sessions as a table', async () => {
    context.addSession('alice@localhost/phone');
    context.addSession('bob@localhost/x', { ip: '::1', port: 9, priority: undefined });
    expect((await ctl('session listSessions')).out).toBe(
      [
        'user                   connection  ip          port  priority  node   uptime',
        'alice@localhost/phone  c2s_tls     192.0.2.1  50000         5  node1      60',
        'bob@localhost/x        c2s_tls     ::1            9            node1      60',
        '',
      ].join('\n'),
    );
  });

  test('lets no text move the cursor', () => {
    const shown = renderForPeople({ message: 'a\u001b[2Jb\u0007c' });
    expect(stripVTControlCharacters(shown)).toBe('message  a\ufffd[2Jb\ufffdc');
  });

  test('says what went wrong, with MongooseIM’s exit statuses', async () => {
    await register('alice');
    expect(await register('alice')).toEqual({
      code: 1,
      out: '',
      err: 'Account alice@localhost exists already (exists)\n',
    });
    expect(await ctl('account countUsers')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--domain is missing'),
    });
    expect(await ctl('account listUsers --domain localhost --limit many')).toMatchObject({
      code: 1,
      err: expect.stringContaining('whole number'),
    });
    expect(await ctl('account countUsers --domian localhost')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean --domain?'),
    });
    expect(await ctl('account listUser')).toMatchObject({
      code: 1,
      err: 'there is no command of account named listUser; did you mean listUsers?\n',
    });
    expect(await ctl('acount listUsers')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean account?'),
    });
  });

  test('lists categories, commands and arguments', async () => {
    expect(await ctl('', { data: '' })).toMatchObject({ code: 2, out: expect.stringContaining('account') });
    expect(await ctl('--help')).toMatchObject({ code: 0, out: expect.stringContaining('session') });
    expect(await ctl('help account')).toMatchObject({ code: 0, out: expect.stringContaining('registerUser') });
    expect(await ctl('account')).toMatchObject({ code: 0, out: expect.stringContaining('registerUser'), err: '' });
    expect(await ctl('account registerUser --help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--password <String>'),
    });
    expect(await ctl('--version')).toMatchObject({ code: 0, out: '1.2.3\n' });
  });

  test('takes values that begin with a dash', async () => {
    expect((await ctl('account registerUser --username dash --domain localhost --password -V')).code).toBe(0);
    expect((await ctl('account checkPassword --user dash@localhost --password -V')).out).toContain('correct  yes');
  });
});

describe('meerkatctl for programs', () => {
  test('prints what GraphQL would answer', async () => {
    expect(
      JSON.parse((await ctl('--json account registerUser --username alice --domain localhost --password s')).out),
    ).toEqual({
      data: { account: { registerUser: { jid: 'alice@localhost', message: expect.any(String) } } },
    });
    const failed = await ctl('account registerUser --username alice --domain localhost --password s --json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toEqual({
      errors: [
        {
          message: expect.any(String),
          path: ['account', 'registerUser'],
          extensions: { code: 'exists', jid: 'alice@localhost' },
        },
      ],
      data: { account: { registerUser: null } },
    });
  });

  test('called mongooseimctl it prints JSON without being asked', async () => {
    const { out } = await ctl('server getLoglevel', { name: 'mongooseimctl' });
    expect(JSON.parse(out)).toEqual({ data: { server: { getLoglevel: 'WARNING' } } });
  });

  test('status and stop have a short form', async () => {
    expect(JSON.parse((await ctl('--json status')).out)).toMatchObject({
      data: { server: { status: { statusCode: 'RUNNING' } } },
    });
    expect((await ctl('stop')).code).toBe(0);
    expect(context.isStopped).toBe(true);
  });
});

describe('the server', () => {
  test('is found by MEERKAT_DATA', async () => {
    expect(await ctl('status', { data: '', env: { MEERKAT_DATA: dataDir } })).toMatchObject({ code: 0 });
  });

  test('that does not run is said so, with exit status 3', async () => {
    const nowhere = mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));
    expect(await ctl('status', { data: nowhere })).toEqual({
      code: 3,
      out: '',
      err: expect.stringMatching(/^no server runs with the data directory .*npm start/s),
    });
  });

  test('that does not answer is given up on', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));
    const silent = createServer(() => {}).listen(join(dir, 'control.sock'));
    const { code, err } = await ctl('--timeout 0.2 status', { data: dir });
    silent.close();
    expect([code, err]).toEqual([3, 'the server did not answer within 0.2 s\n']);
  });
});

describe('config check', () => {
  test('needs no server, and tells each problem with its place', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));
    const file = join(dir, 'mongooseim.toml');
    writeFileSync(
      file,
      '[general]\n  loglevle = "info"\n  hosts = ["localhost"]\n  default_server_domain = "localhost"\n',
    );
    const bad = await ctl(`config check ${file}`, { data: dir });
    expect(bad).toMatchObject({ code: 1, out: expect.stringContaining(`${file}:2:3: `) });
    expect(bad.out).toContain('loglevel');

    writeFileSync(
      file,
      '[general]\n  loglevel = "info"\n  hosts = ["localhost"]\n  default_server_domain = "localhost"\n',
    );
    expect(await ctl(`config check ${file}`, { data: dir })).toMatchObject({
      code: 0,
      out: expect.stringContaining('would start'),
    });
    const json = JSON.parse((await ctl(`--json config check --file ${file}`, { data: dir })).out);
    expect(json).toMatchObject({ data: { config: { check: { isValid: true, problems: [] } } } });
    expect(await ctl(`config check ${file}.not`, { data: dir })).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be read'),
    });
  });
});
