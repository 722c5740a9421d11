/** The first start of a server without a file of its own, and those that follow. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultText } from '../../src/platform/config/default-text.js';
import { authenticate, bind, register } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { bodyText } from '../support/story/raw-bosh.js';
import { RawClient } from '../support/story/raw-client.js';
import { RawWebSocket } from '../support/story/raw-websocket.js';
import { freePorts, MAIN } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  stop(): Promise<number | null>;
}

let folder: string;
let dataDir: string;
let port: number;
let httpPort: number;

beforeAll(async () => {
  // A name that a shell would take apart.
  folder = mkdtempSync(join(tmpdir(), "it's a new "));
  dataDir = join(folder, 'data');
  [port, httpPort] = (await freePorts(2)) as [number, number];
  // What is served without a file, but on a port that is free here.
  writeFileSync(
    join(folder, 'mongooseim.toml'),
    defaultText.replace('port = 5222', `port = ${port}`).replace('port = 5280', `port = ${httpPort}`),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, '--config', join(folder, 'mongooseim.toml'), '--data', dataDir], {
    cwd: folder,
  });
  const run = { stdout: '', stderr: '' };
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      run.stderr += data;
    });
    child.stdout.on('data', (data: Buffer) => {
      run.stdout += data;
      if (run.stdout.includes('Stop  ')) resolve();
    });
    void ended.then(() => reject(new Error(`it ended: ${run.stderr}`)));
  });
  return Object.assign(run, {
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  });
}

const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;

/** As somebody pastes it into a shell that stands anywhere. */
function paste(command: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], { cwd: tmpdir(), env: { PATH } }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command}: ${stderr}`)) : resolve({ stdout, stderr }),
    );
  });
}

function certificateFiles(): string[] {
  return readdirSync(join(dataDir, 'self-signed')).map((name) => join(dataDir, 'self-signed', name));
}

describe('a first start', () => {
  let first: Run;
  let before: Buffer[];

  beforeAll(async () => {
    first = await start();
  });

  it('makes the data directory, which nobody else may enter, and says nothing on stderr', () => {
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const files = readdirSync(dataDir, { recursive: true }).map((name) => join(dataDir, String(name)));
    for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
    expect(existsSync(join(dataDir, 'secret.key'))).toBe(true);
    expect(first.stderr).toBe('');
  });

  it('the banner tells what listens where, and its commands do what they say', async () => {
    expect(first.stdout).toContain(`clients   :: port ${port} (STARTTLS)`);
    expect(first.stdout).toContain('domains   localhost');
    expect(first.stdout).toContain(`http      127.0.0.1 port ${httpPort}`);
    expect(first.stdout).toContain(`data      ${dataDir}`);
    expect(first.stdout).toContain(`as alice@localhost, server 127.0.0.1, port ${port}`);
    const command = /^Make an account +(.*)$/m.exec(first.stdout)?.[1] as string;
    const { stdout, stderr } = await paste(command);
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringContaining('Account alice@localhost was made'),
      stderr: '',
    });
  });

  it('the page that the banner names is there', async () => {
    const address = /^Chat in a browser +(.*)$/m.exec(first.stdout)?.[1] as string;
    expect(address).toBe(`http://localhost:${httpPort}/`);
    const page = await fetch(address);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>Meerkat</title>')]);
    const facts = (await (await fetch(new URL('server.json', address))).json()) as object;
    expect(facts).toMatchObject({
      domain: 'localhost',
      websocket: '/ws-xmpp',
      ports: [{ port }, { kind: 'websocket', port: httpPort }, { kind: 'bosh', port: httpPort, path: '/http-bind' }],
    });
  });

  it('host-meta tells of WebSocket and BOSH, and both are there', async () => {
    const asked = await fetch(`http://localhost:${httpPort}/.well-known/host-meta.json`);
    const { links } = (await asked.json()) as { links: { rel: string; href: string }[] };
    expect(links).toEqual([
      { rel: 'urn:xmpp:alt-connections:websocket', href: `ws://localhost:${httpPort}/ws-xmpp` },
      { rel: 'urn:xmpp:alt-connections:xbosh', href: `http://localhost:${httpPort}/http-bind` },
    ]);
    for (const transport of ['WebSocket', 'BOSH'] as const) {
      const client = await RawClient.connect(speaks(httpPort, transport));
      await client.open();
      client.destroy();
    }
    expect((await fetch(`http://localhost:${httpPort}/health/readyz`)).status).toBe(200);
  });

  it('pages of this machine may connect, and those of the web may not', async () => {
    const begin = bodyText({ to: 'localhost', rid: '1', ver: '1.11', wait: '1', hold: '1' });
    const ask = (origin: string) =>
      fetch(`http://127.0.0.1:${httpPort}/http-bind`, { method: 'POST', headers: { origin }, body: begin });
    const open = (origin: string) => RawWebSocket.connect(httpPort, { fields: `Origin: ${origin}\r\n` });
    for (const origin of [`http://localhost:${httpPort}`, 'http://127.0.0.1:3000']) {
      (await open(origin)).destroy();
      expect((await ask(origin)).status).toBe(200);
    }
    for (const origin of ['https://evil.example', `http://evil.example:${httpPort}`, 'null']) {
      await expect(open(origin)).rejects.toThrow('403');
      expect((await ask(origin)).status).toBe(403);
    }
    await eventually(() => first.stdout.includes('http.origin.refused'));
  });

  it('alice logs in over STARTTLS with the certificate that was made, by IPv4 and IPv6', async () => {
    const client = await RawClient.connect(port);
    await client.open();
    await client.startTls({ servername: 'localhost' });
    expect((client.socket as TLSSocket).getPeerCertificate().subjectaltname).toContain('DNS:localhost');
    await client.open();
    await authenticate(client, { username: 'alice', domain: 'localhost', password: 'secret' });
    await client.open();
    expect(await bind(client)).toMatch(/^alice@localhost\//);
    client.destroy();
    const answer = await register(port, { username: 'bob', domain: 'localhost', password: 'secret' });
    expect(answer.attrs['type']).toBe('result');
  });

  it('ends by Ctrl-C with 0', async () => {
    before = certificateFiles().map((file) => readFileSync(file));
    expect(await first.stop()).toBe(0);
    expect(first.stderr).toBe('');
  });

  it('the next one takes the same certificate and the same accounts', async () => {
    const second = await start();
    expect(certificateFiles().map((file) => readFileSync(file))).toEqual(before);
    const answer = await register(port, { username: 'bob', domain: 'localhost', password: 'other' });
    expect(answer.getChild('error')?.getChild('conflict')).toBeDefined();
    expect(await second.stop()).toBe(0);
    expect(second.stderr).toBe('');
  });
});
