/** A real HAProxy in front of a server under test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePorts } from './server.js';

/** Undefined when it is not installed. Debian has it where only root looks. */
export const haproxyProgram = ['haproxy', '/usr/sbin/haproxy'].find(
  (program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).status === 0,
);

export interface Haproxy {
  readonly ports: readonly number[];
  /** The lines of `show stat` for servers, as tables of names. */
  servers(): Promise<Record<string, string>[]>;
  stop(): Promise<void>;
}

/** Each section is the lines of a `listen`, or begins with a `frontend`, in which `PORT` stands for its port and `DIR` for a directory with these files. */
export async function startHaproxy(
  sections: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Haproxy> {
  const dir = mkdtempSync(join(tmpdir(), 'meerkat-haproxy-'));
  const ports = await freePorts(sections.length);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const listens = sections.map((lines, index) => {
    const own = lines.replaceAll('PORT', String(ports[index])).replaceAll('DIR', dir);
    return own.startsWith('frontend') ? `${own}\n` : `listen section${index}\n${own}\n`;
  });
  const config = `global
  stats socket ${dir}/stats level admin
  maxconn 200
defaults
  mode tcp
  timeout connect 3s
  timeout client 30s
  timeout server 30s
${listens.join('')}`;
  writeFileSync(join(dir, 'haproxy.cfg'), config);
  const program = spawn(haproxyProgram as string, ['-db', '-f', join(dir, 'haproxy.cfg')], { stdio: 'pipe' });
  let output = '';
  program.stderr.on('data', (data) => (output += data));
  const exited = new Promise<void>((resolve) => program.once('close', () => resolve()));
  const servers = () => statistics(join(dir, 'stats'));
  await eventually(async () => {
    if (program.exitCode !== null) throw new Error(`HAProxy ended: ${output}`);
    return (await servers().catch(() => [])).length > 0;
  });
  return { ports, servers, stop: () => stop(program, exited, dir) };
}

async function stop(program: ChildProcess, exited: Promise<void>, dir: string): Promise<void> {
  program.kill();
  await exited;
  rmSync(dir, { recursive: true, force: true });
}

function statistics(path: string): Promise<Record<string, string>[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.on('connect', () => socket.write('show stat -1 4 -1\n'));
    socket.on('data', (data) => (text += data));
    socket.on('error', reject);
    socket.on('end', () => {
      const [head = '', ...lines] = text.replace(/^# /, '').trim().split('\n');
      const names = head.split(',');
      const rows = lines.map((line) => line.split(','));
      resolve(rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? '']))));
    });
  });
}
