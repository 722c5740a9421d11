/** The start and the end of the process: what is refused, and how a signal stops it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Actor, type Credentials } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { RawClient } from '../support/story/raw-client.js';
import { ENGINES, MAIN, startServer, type TestServer } from '../support/story/server.js';

for (const engine of ENGINES) {
  describe(`SIGTERM [${engine}, 4 shards]`, () => {
    const listeners = ['', 'tls = {mode = "starttls", certificate = "automatic", verify_mode = "none"}'];
    const start = (dataDir?: string) =>
      startServer({ config: ownConfig({ engine, shards: 4, listeners }), ...(dataDir && { dataDir }) });

    it('RFC 6120 section 4.9.3.20: every stream ends with system-shutdown, the process with 0', async () => {
      const server = await start();
      const sessions = await Promise.all(Array.from({ length: 8 }, () => Actor.join(server.port, fresh())));
      for (const session of sessions) await session.available();
      const unknown = await RawClient.connect(server.port);
      await unknown.open();
      const encrypted = await RawClient.connect(server.ports[1] as number);
      await encrypted.open();
      await encrypted.startTls();
      await encrypted.open();

      const startedAt = performance.now();
      const stopped = server.stop('SIGTERM');
      for (const client of [...sessions.map((session) => session.client), unknown, encrypted])
        expect(await client.fails()).toBe('system-shutdown');
      expect(await stopped).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      await expect(RawClient.connect(server.port)).rejects.toThrow('ECONNREFUSED');
    });

    it('whatever state its connections are in', async () => {
      const server = await start();
      await RawClient.connect(server.port);
      const handshaking = await RawClient.connect(server.ports[1] as number);
      await handshaking.open();
      handshaking.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      await handshaking.next((element) => element.is('proceed'));
      const half = await Actor.join(server.port, fresh());
      half.send("<message to='nobody@localhost'><body>never to be fin");
      const gone = await Actor.join(server.port, fresh());
      gone.vanish();
      const startedAt = performance.now();
      expect(await server.stop('SIGTERM')).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    });

    it('what was acknowledged before it is there after the next start', async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
      try {
        const first = await start(dataDir);
        const credentials = fresh();
        const alice = await Actor.join(first.port, credentials);
        await alice.asks("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='bob@localhost'/></query></iq>");
        expect(await first.stop('SIGINT')).toBe(0);

        const second = await start(dataDir);
        const again = await Actor.login(second.port, credentials);
        const roster = await again.asks("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
        expect(roster.getChild('query')?.getChild('item')?.attrs['jid']).toBe('bob@localhost');
        again.vanish();
        await second.stop();
      } finally {
        rmSync(dataDir, { recursive: true });
      }
    });

    it('a second one ends the process where it is', async () => {
      const server = await start();
      await blockedReader(server);
      const stopped = server.stop('SIGTERM');
      await eventually(() => isRefusing(server.port));
      const startedAt = performance.now();
      // One that follows at once is taken for an echo of the first, as a terminal and a parent may both send it.
      await eventually(() => server.process.exitCode !== null || !server.process.kill('SIGTERM'));
      expect(await stopped).toBe(1);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    });
  });
}

describe('a stop that fails', () => {
  it('is told as what it is: the server had been started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
    const file = join(folder, 'mongooseim.toml');
    writeFileSync(file, ownConfig({ engine: 'portable' }).replaceAll('PORT', '0'));
    // The control socket is the only one that is closed in the main thread, by the process that has it.
    const broken = `import { Server } from 'node:net'; Server.prototype.close = () => { throw new Error('cannot close') };`;
    const module = `data:text/javascript,${encodeURIComponent(broken)}`;
    const child = spawn(process.execPath, ['--import', module, MAIN, '--config', file, '--data', join(folder, 'data')]);
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
      if (output.includes('is up after')) child.kill('SIGTERM');
    });
    child.stderr.on('data', (data) => (output += data));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(output).toContain('cannot close\nMeerkat was stopped, but not in order.');
    expect(output).not.toContain('was not started');
  });
});

describe('a start that is refused', () => {
  it('an unknown option: exit code 1, the place, and the nearest name', async () => {
    const { code, output } = await run(ownConfig({ engine: 'portable' }).replace('loglevel =', 'loglevle ='));
    expect(code).toBe(1);
    expect(output).toMatch(/mongooseim\.toml:3:\d+: general\.loglevle: .*loglevel/);
    expect(output).toContain('Meerkat was not started.');
  });

  it('all problems are told at once', async () => {
    const config = ownConfig({ engine: 'portable', listeners: ['access = "nobody"', 'max_stanza_size = "big"'] });
    const { code, output } = await run(config);
    expect(code).toBe(1);
    expect(output).toContain('listen.c2s[0].access');
    expect(output).toContain('listen.c2s[1].max_stanza_size');
  });

  it('what is no TOML', async () => {
    const { code, output } = await run('[general\n');
    expect(code).toBe(1);
    expect(output).toMatch(/mongooseim\.toml:1:\d+/);
  });

  it('a certificate that is not there', async () => {
    const tls = 'tls = {mode = "starttls", certfile = "/nowhere/cert.pem", verify_mode = "none"}';
    const { code, output } = await run(ownConfig({ engine: 'portable', listeners: [tls] }));
    expect(code).toBe(1);
    expect(output).toContain('/nowhere/cert.pem');
    expect(output).toContain('listen.c2s[0].tls');
  });

  it.each(ENGINES)('a port that is taken [%s]', async (engine) => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    const { code, output } = await run(ownConfig({ engine, shards: 2 }).replaceAll('PORT', String(port)));
    other.close();
    expect(code).toBe(1);
    expect(output).toContain(String(port));
    expect(output).toMatch(/another program listens there already/);
  });

  it('a file that is not there', async () => {
    const { code, output } = await run(undefined);
    expect(code).toBe(1);
    expect(output).toContain('cannot be read');
  });
});

/** A session that keeps the server from finishing: it has output waiting that nobody reads. */
async function blockedReader(server: TestServer): Promise<void> {
  const stuck = await Actor.join(server.port, fresh());
  const sender = await Actor.join(server.port, fresh());
  stuck.client.socket.pause();
  for (let i = 0; i < 140; i++)
    sender.send(`<message to='${stuck.jid}' type='headline'><body>${'x'.repeat(50_000)}</body></message>`);
  await sender.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
}

async function isRefusing(port: number): Promise<boolean> {
  return RawClient.connect(port).then(
    (client) => {
      client.destroy();
      return false;
    },
    () => true,
  );
}

/** Runs a server that is not expected to come up. */
async function run(config: string | undefined): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
  const file = join(folder, 'mongooseim.toml');
  if (config !== undefined) writeFileSync(file, config.replaceAll('PORT', '0'));
  const child = spawn(process.execPath, [MAIN, '--config', file, '--data', join(folder, 'data')]);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  rmSync(folder, { recursive: true });
  return { code, output };
}

function fresh(): Credentials {
  return { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
