/** The programs `meerkatctl` and `mongooseimctl` as an operator calls them, and what they do to a whole server. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const PROGRAM = fileURLToPath(new URL('../../bin/meerkatctl.mjs', import.meta.url));
const NOBODY = 65534;
const SHARDS = 4;

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function program(
  args: readonly string[],
  options: { file?: string; uid?: number; data?: string } = {},
): Promise<Result> {
  const env = { PATH: process.env['PATH'], ...(options.data !== undefined && { MEERKAT_DATA: options.data }) };
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  return new Promise((resolve) => {
    execFile(process.execPath, [options.file ?? PROGRAM, ...args], { env, ...identity }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code as unknown as number) : 0, stdout, stderr });
    });
  });
}

for (const engine of ENGINES) {
  describe(`a server of ${SHARDS} shards [${engine}]`, () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer({ config: ownConfig({ engine, shards: SHARDS }) });
    });
    afterAll(async () => {
      await server?.stop('SIGKILL');
    });

    it('setLoglevel holds in every shard from the next entry on, and back again', async () => {
      const ctl = new Ctl(server.dataDir);
      expect((await ctl.json('server setLoglevel --level INFO')).code).toBe(0);
      expect((await ctl.json('server getLoglevel')).result).toBe('INFO');
      const opened = () => new Set(server.output().match(/"shard":\d(?=.*"what":"c2s.session.opened")/g) ?? []);
      for (let number = 0; opened().size < SHARDS; number++) {
        expect(number, 'accounts of all shards').toBeLessThan(100);
        await visit(server, `visitor-${number}`);
      }
      await ctl.run('server setLoglevel --level error');
      const before = server.output().length;
      for (let number = 0; number < SHARDS; number++) await visit(server, `late-${number}`);
      expect(server.output().slice(before)).not.toContain('c2s.session.opened');
    });

    it('the entries of commands name who was meant, and no password', async () => {
      const ctl = new Ctl(server.dataDir);
      await ctl.run('server setLoglevel --level notice');
      await ctl.run('account registerUser --domain localhost --username logged --password hush-hush');
      expect(server.output()).toMatch(/"command":"registerUser".*"username":"logged".*"what":"admin.command"/);
      expect(server.output()).not.toContain('hush-hush');
    });

    it('server stop closes streams by system-shutdown and ends with 0', async () => {
      const actors = await Promise.all(
        ['one', 'two', 'three'].map((username) =>
          Actor.join(server.port, { username, domain: 'localhost', password: 'x' }),
        ),
      );
      const exited = new Promise((resolve) => server.process.once('exit', resolve));
      const answer = await program(['--data', server.dataDir, 'stop']);
      expect(answer).toEqual({ code: 0, stdout: 'The server is stopping\n', stderr: '' });
      expect(await Promise.all(actors.map(({ client }) => client.fails()))).toEqual(Array(3).fill('system-shutdown'));
      expect(await exited).toBe(0);
      const gone = await program(['--data', server.dataDir, 'status']);
      expect(gone).toMatchObject({ code: 3, stdout: '' });
      expect(gone.stderr).toContain(`no server runs with the data directory ${server.dataDir}`);
    });
  });
}

describe('the program', () => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    server = await startServer({ config: ownConfig({ engine: ENGINES[0] as (typeof ENGINES)[number] }) });
    folder = mkdtempSync(join(tmpdir(), 'meerkat-ctl-'));
  });
  afterAll(async () => {
    await server?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds the server by MEERKAT_DATA', async () => {
    const { code, stdout } = await program(['server', 'status'], { data: server.dataDir });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^statusCode +RUNNING\nmessage +Meerkat .* has been running for \d+ s on meerkat@.*\nversion +/,
    );
  });

  it('linked under the name mongooseimctl it prints what GraphQL answers', async () => {
    const file = join(folder, 'mongooseimctl');
    symlinkSync(PROGRAM, file);
    const made = await program(
      ['account', 'registerUser', '--domain', 'localhost', '--username', 'ann', '--password', 'x'],
      { file, data: server.dataDir },
    );
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toEqual({
      data: { account: { registerUser: { jid: 'ann@localhost', message: expect.any(String) } } },
    });
    const refused = await program(
      ['account', 'registerUser', '--domain', 'localhost', '--username', 'ann', '--password', 'x'],
      { file, data: server.dataDir },
    );
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toEqual({
      data: { account: { registerUser: null } },
      errors: [
        {
          message: expect.any(String),
          path: ['account', 'registerUser'],
          extensions: { code: 'exists', jid: 'ann@localhost' },
        },
      ],
    });
  });

  it('without arguments it explains itself and ends with 2', async () => {
    const { code, stdout } = await program([]);
    expect(code).toBe(2);
    expect(stdout).toContain('Usage: meerkatctl');
  });

  it.skipIf(process.getuid?.() !== 0)('another user is told that only the user of the server may', async () => {
    chmodSync(server.dataDir, 0o711);
    const { code, stderr } = await program(['status'], { data: server.dataDir, uid: NOBODY });
    chmodSync(server.dataDir, 0o700);
    expect(code).toBe(3);
    expect(stderr).toContain('control.sock may be opened only by the user that the server runs as');
  });
});

async function visit(server: TestServer, username: string): Promise<void> {
  const actor = await Actor.join(server.port, { username, domain: 'localhost', password: 'x' });
  await actor.asks(`<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
  actor.vanish();
}
