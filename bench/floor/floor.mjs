/** Starts the forwarder in place of a server: what the kernel alone costs for the same bytes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/places.mjs';
import { boundTo } from '../measure/process-facts.mjs';

/** By name: source and what it is linked with. */
const FLOORS = {
  floor: ['forwarder.cc'],
  'floor-uring': ['forwarder_uring.cc', '-luring'],
};

export const floors = Object.keys(FLOORS);

export async function startFloor(name, { core = 0 } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-floor-'));
  const program = join(directory, 'forwarder');
  const [source, ...libraries] = FLOORS[name];
  execFileSync(
    process.env.CXX ?? 'g++',
    ['-std=c++20', '-O2', '-o', program, join(root, 'bench', 'floor', source), ...libraries],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [command, ...args] = [...boundTo(core), program];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return {
    pid: child.pid,
    port: Number(/^port (\d+)/.exec(line)[1]),
    stop: async () => {
      const failed = child.exitCode !== null;
      child.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
      if (failed) throw new Error(`the forwarder ended with ${child.exitCode}`);
    },
  };
}
