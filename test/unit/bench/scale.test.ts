/** A ramp of idle sessions: what would stop it is told before, and a line through what was measured tells how far off it may be. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { linesOf } from '../../../bench/scale/command.mjs';
import { fitLine } from '../../../bench/scale/extrapolate.mjs';
import { parseCaches } from '../../../bench/scale/layers.mjs';
import { planFor, preflight, preflightText } from '../../../bench/scale/preflight.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const engine = existsSync(`${root}/build/Release/meerkat.node`) ? 'native' : 'portable';
const PATIENCE_MS = 120_000;

const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['bin/meerkat-bench.mjs', ...args], { cwd: root });

/** A machine that was made for a million. */
const LARGE = {
  ...{ openFiles: 2_000_000, mostOpenFiles: 2_000_000, allFiles: 10_000_000, watches: 10_000_000, localPorts: 60_000 },
  ...{ listenQueue: 65_535, synQueue: 65_535, tracked: 2_000_000, trackedBuckets: 262_144, threads: 100_000 },
  ...{ tcpPages: [1_000_000, 2_000_000, 3_000_000], receiveBuffer: [4_096, 131_072, 6_291_456] },
  ...{ sendBuffer: [4_096, 16_384, 4_194_304], memory: 64 * 2 ** 30 },
};

function unmet(sessions: number, changes: object): string[] {
  const facts = { ...LARGE, ...changes };
  const rows = preflight(planFor(sessions, facts), facts) as { isMet: boolean; command: string }[];
  return rows.filter(({ isMet }) => !isMet).map(({ command }) => command);
}

describe('the preflight check', () => {
  test('finds nothing on a machine made for it', () => expect(unmet(1_000_000, {})).toEqual([]));

  test.each([
    ['open files', { openFiles: 20_000 }, 'ulimit -Hn 200300 && ulimit -Sn 200300'],
    ['their upper limit', { mostOpenFiles: 100_000 }, 'sysctl -w fs.nr_open=200300'],
    ['open files of all processes', { allFiles: 100_000 }, 'sysctl -w fs.file-max=500000'],
    ['watched files', { watches: 100_000 }, 'sysctl -w fs.epoll.max_user_watches=400000'],
    ['local ports', { localPorts: 10_000 }, "sysctl -w net.ipv4.ip_local_port_range='1024 65535'"],
    ['the queue of a listener', { listenQueue: 128 }, 'sysctl -w net.core.somaxconn=4096'],
    ['half-open connections', { synQueue: 128 }, 'sysctl -w net.ipv4.tcp_max_syn_backlog=4096'],
    ['tracked connections', { tracked: 65_536 }, 'sysctl -w net.netfilter.nf_conntrack_max=210000'],
    ['pages of buffers', { tcpPages: [1, 2, 3] }, "sysctl -w net.ipv4.tcp_mem='25000 50000 75000'"],
    ['threads', { threads: 50 }, 'sysctl -w kernel.threads-max=100000'],
  ])('gives the command for %s', (_, changes, command) => expect(unmet(200_000, changes)).toEqual([command]));

  test('says how many sessions fit into the memory', () => {
    const [command = ''] = unmet(200_000, { memory: 2 ** 30 });
    expect(Number(/--sessions (\d+)/.exec(command)?.[1])).toBeLessThan(200_000);
  });

  test('does not ask for what a kernel does not have', () => {
    expect(unmet(200_000, { tracked: undefined, synQueue: undefined })).toEqual([]);
  });

  test('takes several servers where a process may not open so many files, and says why', () => {
    const facts = { ...LARGE, openFiles: 20_000 };
    const plan = planFor(200_000, facts);
    expect(plan).toMatchObject({ servers: 11, each: 18_182, clients: 1 });
    expect(planFor(200_000, LARGE)).toMatchObject({ servers: 1, each: 200_000, clients: 4 });
    const told = preflightText(plan, preflight(plan, facts), facts);
    expect(told).toContain('There are 11 servers because');
    expect(told).toContain('As root:\n  ulimit -Hn 200300');
  });
});

describe('a line', () => {
  test('through points of one has no error anywhere', () => {
    const line = fitLine([1, 2, 3, 4].map((x) => [x, 7 + 3 * x]));
    expect(line.slope).toBeCloseTo(3);
    expect(line.start).toBeCloseTo(7);
    expect(line.at(1_000).value).toBeCloseTo(3_007);
    expect(line.at(1_000).error).toBeCloseTo(0);
  });

  test('tells the error of a prediction as a textbook does', () => {
    // The slope is 1.97, the deviation 0.1742 with 3 degrees of freedom (t = 3.18), the middle 3, the squares from there 10.
    const line = fitLine([2.1, 3.9, 6.2, 7.8, 10].map((y, index) => [index + 1, y]));
    expect(line.slope).toBeCloseTo(1.97, 5);
    expect(line.slopeError).toBeCloseTo((3.18 * 0.1742) / Math.sqrt(10), 3);
    expect(line.at(10).error).toBeCloseTo(3.18 * 0.1742 * Math.sqrt(1 + 1 / 5 + 49 / 10), 2);
  });

  test('through two points has no error that anybody could know', () => {
    const line = fitLine([
      [1, 1],
      [2, 2],
    ]);
    expect(line.at(3)).toEqual({ value: 3, error: undefined });
  });
});

test('caches of the kernel are read', () => {
  const text = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables ...
TCP                   65    117   2368   13    8 : tunables    0    0    0 : slabdata      9      9      0
nf_conntrack           0      0    256   16    1 : tunables    0    0    0 : slabdata      2      3      0
`;
  const caches = parseCaches(text);
  expect(caches.get('TCP')).toEqual({ size: 2_368, bytes: 9 * 8 * 4_096 });
  expect(caches.get('nf_conntrack')).toEqual({ size: 256, bytes: 3 * 4_096 });
});

describe('the layers', () => {
  // 1,000 bytes of process and 2,000 of kernel a session, and sockets of somebody else come and go meanwhile.
  const sizes = [
    [1_000, 500],
    [2_000, 9_000],
    [3_000, 0],
    [4_000, 3_000],
  ].map(([sessions = 0, strangers = 0]) => {
    const sockets = 2 * sessions + strangers;
    const own = { pss: 5e6 + 1_000 * sessions, heap: 700 * sessions, native: 300 * sessions };
    const kernel = { sockets, kernel: 1e6 + 2_000 * sockets, buffers: 0, tracking: 256 * sessions };
    return { sessions, seconds: 1, layers: { ...own, ...kernel } };
  });

  test('are told for one end of a connection, whoever else has connections', () => {
    const found = linesOf(sizes).map(({ layer, slope }: { layer: string; slope: number }) => [
      layer.trim(),
      Math.round(slope),
    ]);
    expect(found).toEqual([
      ['process (PSS)', 1_000],
      ['JS heap', 700],
      ['native counters', 300],
      ['kernel', 2_256],
      ['kernel and process', 3_256],
    ]);
  });

  test('leave out the kernel where it is not for us to know', () => {
    const without = sizes.map((size) => ({ ...size, layers: { ...size.layers, kernel: undefined } }));
    expect(linesOf(without)).toHaveLength(3);
  });
});

test('scale without a ramp tells what the machine allows', async () => {
  const { stdout } = await bench('scale', '--preflight', '--sessions', '1000');
  expect(stdout).toMatch(/^open files of a process .* 1300 /m);
  expect(stdout).toContain('1000 sessions: 1 server with 1000');
});

test(
  'scale measures sessions at each size, and tells of a million',
  async () => {
    const { stdout } = await bench('scale', '--engine', engine, '--sessions', '120', '--sizes', '1', '--anyway');
    expect(stdout).toMatch(/^120 +\d+ +[\d.]+/m);
    expect(stdout).toMatch(/^ {2}JS heap +-?\d+ +-?\d+ +-?[\d.]+$/m);
  },
  PATIENCE_MS,
);
