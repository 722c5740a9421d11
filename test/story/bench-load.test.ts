/** meerkat-bench loads a server that was there before: each profile for a moment, and a server that is not honest. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProfile } from '../../bench/load/command.mjs';
import { conduct } from '../../bench/load/conduct.mjs';
import { type DishonestProxy, type Fault, startDishonestProxy } from '../support/bench/dishonest-proxy.js';
import { ENGINES, startServer, storyConfig, type TestServer } from '../support/story/server.js';

/** As small as each profile can be. */
const SMALL: Record<string, string[]> = {
  chat: ['chat.pairs=2'],
  'chat-open': ['chat.pairs=2', 'chat.rate=500'],
  login: ['login.accounts=3'],
  idle: ['idle.connections=5'],
  ramp: ['idle.connections=5', 'target.sources=127.0.0.2-127.0.0.3'],
  churn: ['churn.clients=1', 'churn.names=2', 'churn.contacts=1'],
  presence: ['presence.accounts=5', 'presence.roster=4'],
  ping: ['iq.clients=2'],
  roster: ['iq.clients=2', 'iq.contacts=3'],
  archive: ['archive.pairs=1', 'archive.messages=25', 'archive.page=10'],
  offline: ['offline.pairs=2', 'offline.messages=5'],
  resume: ['resume.pairs=2', 'resume.gap=0.05', 'resume.stay=0.05'],
  neighbour: ['chat.pairs=2'],
  mixed: ['people.accounts=5', 'people.contacts=4', 'people.speed=2000'],
  soak: ['iq.clients=2', 'churn.clients=1', 'churn.stay=0', 'run.growth=0'],
  room: ['room.rooms=1', 'room.occupants=2'],
};
const OPERATIONS: Record<string, string[]> = {
  login: ['login'],
  idle: ['login'],
  ramp: ['login'],
  churn: ['login', 'logout'],
  presence: ['presence'],
  ping: ['request'],
  roster: ['request'],
  archive: ['page', 'message'],
  offline: ['offline'],
  resume: ['resume', 'message'],
  soak: ['request', 'login'],
};

// Together, as they wait for most of their time.
describe.runIf(ENGINES.includes('native'))('meerkat-bench', { concurrent: true }, () => {
  let server: TestServer;
  const proxies: DishonestProxy[] = [];

  beforeAll(async () => {
    const config = storyConfig({ engine: 'native' });
    // On a busy machine more than the usual 100 stanzas wait for somebody whose network is gone.
    const patient = config.replace('[modules.mod_stream_management]', '$&\n  buffer_max = 10000');
    server = await startServer({ engine: 'native', config: patient });
  });
  afterAll(async () => {
    for (const proxy of proxies) proxy.close();
    await server.stop();
  });

  let runs = 0;
  async function run(name: string, port: number, changes: readonly string[]) {
    const target = ['target.host=127.0.0.1', `target.port=${port}`, `users.prefix=run${runs++}`];
    const quick = ['run.seconds=0.5', 'run.warmup=0', 'run.threads=1'];
    const profile = openProfile(name, [...target, ...quick, ...(SMALL[name] ?? []), ...changes]);
    return conduct(profile, { pids: [server.process.pid as number] });
  }

  test('knows a smallest size of every profile', () => {
    const names = readdirSync('bench/profiles').map((file) => file.replace('.toml', ''));
    expect(Object.keys(SMALL).toSorted()).toEqual(names.toSorted());
  });

  test.each(Object.keys(SMALL).filter((name) => name !== 'room'))(
    '%s: everything that was sent arrives',
    async (name) => {
      const result = await run(name, server.port, []);
      expect(result.failures).toEqual([]);
      const { counts, operations, server: used } = result;
      expect(counts).toMatchObject({ lost: 0, doubled: 0, disordered: 0, errors: 0 });
      expect(counts.received).toBe(counts.expected);
      for (const operation of OPERATIONS[name] ?? ['message']) {
        expect(operations[operation].count).toBeGreaterThan(0);
        expect(operations[operation].latency.p50).toBeGreaterThan(0);
      }
      expect(used.cpuUser + used.cpuSystem).toBeGreaterThanOrEqual(0);
      expect(used.pss.after).toBeGreaterThan(1e6);
    },
  );

  test('room: a server without group chat is told of', async () => {
    await expect(run('room', server.port, [])).rejects.toThrow('the server offers no group chat');
  });

  test.each([
    ['starttls', 1, 'PLAIN'],
    ['tls', 3, 'SCRAM-SHA-1'],
    ['websocket', 4, 'SCRAM-SHA-256'],
    ['bosh', 5, 'PLAIN'],
  ])('chats over %s', async (transport, port, mechanism) => {
    const options = [`target.transport=${transport}`, `target.mechanism=${mechanism}`, 'chat.pipeline=2'];
    const result = await run('chat', server.ports[port] as number, options);
    expect(result.failures).toEqual([]);
    expect(result.operations.message.count).toBeGreaterThan(0);
    expect(result.target).toMatchObject({ transport, mechanism, name: 'Meerkat' });
  });

  test.each<[Fault, string[], RegExp | undefined]>([
    ['none', [], undefined],
    ['drop', ['run.drain=4'], /^lost 1 of \d+ messages$/],
    ['double', [], /^doubled 1 of \d+ messages$/],
    ['swap', [], /^disordered 1 of \d+ messages$/],
  ])('a server that does wrong fails the run: %s', async (fault, options, failure) => {
    const proxy = await startDishonestProxy(server.port, fault, 20);
    proxies.push(proxy);
    const rate = ['chat.loop=open', 'chat.rate=400', 'chat.random=false', 'chat.pairs=1'];
    const { failures } = await run('chat', proxy.port, [...rate, ...options]);
    expect(proxy.isGuilty()).toBe(fault !== 'none');
    expect(failures).toEqual(failure === undefined ? [] : [expect.stringMatching(failure)]);
  });

  test('the command ends with 1 then, and what it writes says why', async () => {
    const proxy = await startDishonestProxy(server.port, 'double', 5);
    proxies.push(proxy);
    const directory = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
    const [json, html] = ['json', 'html'].map((kind) => join(directory, `result.${kind}`)) as [string, string];
    const where = ['--host', '127.0.0.1', '--port', String(proxy.port), '--json', json, '--html', html];
    const quick = ['users.prefix=command', 'run.warmup=0', 'chat.pairs=1'].flatMap((change) => ['--set', change]);
    const args = ['bin/meerkat-bench.mjs', 'run', 'chat', '--seconds', '0.5', ...where, ...quick];
    const ended = await promisify(execFile)(process.execPath, args).catch((error) => error);
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/^FAILED .*doubled 1 of/m) });
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
      format: 'meerkat-bench 1',
      failures: [expect.stringMatching(/^doubled 1 of/)],
    });
    expect(readFileSync(html, 'utf8')).toContain('doubled 1 of');
    rmSync(directory, { recursive: true });
  });
});
