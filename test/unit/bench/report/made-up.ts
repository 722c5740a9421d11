/** Results of runs that never were, in the form in which the load generator writes them. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

const SECONDS = 60;

interface Wanted {
  name: string;
  /** Microseconds of CPU that a message costs, user and system. */
  cost: [number, number];
  /** Median latency, in microseconds. */
  latency: number;
  perConnection?: number;
  profile?: string;
  title?: string;
  seed?: number;
  grows?: boolean;
}

export function madeUpRun({ name, cost, latency, perConnection = 4_096, ...rest }: Wanted) {
  const { profile = 'chat', title = 'One-to-one chat, closed loop', seed = 1, grows = false } = rest;
  const random = randomFrom(seed);
  const [user, system] = cost.map((part) => part * (0.97 + random() * 0.06)) as [number, number];
  const all = build();
  const series = Array.from({ length: SECONDS }, (_, second) => madeUpSecond(second, latency, random, all, grows));
  const count = series.reduce((sum, { operations }) => sum + operations.message.count, 0);
  return {
    format: 'meerkat-bench 1',
    profile: { name: profile, title, toml: `name = "${profile}"\npairs = 50\n` },
    target: {
      name,
      version: '1.0',
      host: '127.0.0.1',
      port: 5222,
      transport: 'tcp',
      mechanism: 'PLAIN',
      notes: [] as string[],
    },
    machine: { cpu: 'Some processor', cores: 8, memoryBytes: 16 * 2 ** 30, kernel: '6.1', node: 'v20.0.0' },
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: SECONDS,
    counts: {
      connections: 100,
      sent: count,
      received: count,
      lost: 0,
      doubled: 0,
      disordered: 0,
      refused: 0,
      errors: 0,
    },
    failures: [] as string[],
    operations: {
      message: {
        count,
        perSecond: count / SECONDS,
        latency: {
          min: all.minNonZeroValue,
          p50: all.getValueAtPercentile(50),
          p90: all.getValueAtPercentile(90),
          p99: all.getValueAtPercentile(99),
          p999: all.getValueAtPercentile(99.9),
          max: all.maxValue,
          mean: all.mean,
          histogram: encodeIntoCompressedBase64(all),
        },
      },
    },
    series,
    server: {
      pids: [1],
      cpuUser: user * count,
      cpuSystem: system * count,
      perOperation: { message: { user, system, total: user + system } },
      pss: { before: 50e6, after: 50e6 + 100 * perConnection, perConnection },
      switches: 1_000,
      descriptors: 120,
    },
    generator: { cpu: 30e6, load: 0.5, threads: 1 },
    warnings: [] as string[],
  };
}

function madeUpSecond(
  second: number,
  latency: number,
  random: () => number,
  all: ReturnType<typeof build>,
  grows: boolean,
) {
  const here = build();
  const count = 400 + Math.round(random() * 100);
  for (let one = 0; one < count; one++) {
    const value = Math.round(latency * (0.7 + random() * 0.6) + (random() < 0.01 ? latency * 20 * random() : 0));
    here.recordValue(value);
    all.recordValue(value);
  }
  return {
    second,
    ...(grows && { connections: (second + 1) * 1_000 }),
    operations: {
      message: {
        count,
        p50: here.getValueAtPercentile(50),
        p99: here.getValueAtPercentile(99),
        p999: here.getValueAtPercentile(99.9),
        max: here.maxValue,
      },
    },
    server: { cpuUser: 1e5, cpuSystem: 2e5, pss: 50e6 + second * 4e6, switches: 10, descriptors: 120 },
    generator: { cpu: 3e5 },
  };
}

/** Numbers between 0 and 1 that are the same each time (a linear congruential generator). */
function randomFrom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
