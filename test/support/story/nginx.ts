/** A real NGINX in front of a server under test. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePorts } from './server.js';

/** Undefined when it is not installed. Debian has it where only root looks. */
export const nginxProgram = ['nginx', '/usr/sbin/nginx'].find(
  (program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).status === 0,
);

export interface Nginx {
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** `servers` goes into its `http` block; each `PORT` in it stands for a port of its own, `DIR` for a directory with these files. */
export async function startNginx(servers: string, files: Readonly<Record<string, string>> = {}): Promise<Nginx> {
  const dir = mkdtempSync(join(tmpdir(), 'meerkat-nginx-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const ports = await freePorts(servers.split('PORT').length - 1);
  let next = 0;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${dir}/${one};`,
  );
  const config = `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.join('\n  ')}
${servers.replaceAll('DIR', dir).replace(/PORT/g, () => String(ports[next++]))}
}
`;
  writeFileSync(join(dir, 'nginx.conf'), config);
  const program = spawn(nginxProgram as string, ['-p', dir, '-c', join(dir, 'nginx.conf')], { stdio: 'pipe' });
  let output = '';
  program.stderr.on('data', (data) => (output += data));
  const exited = new Promise<void>((resolve) => program.once('close', () => resolve()));
  await eventually(async () => {
    if (program.exitCode !== null) throw new Error(`NGINX ended: ${output}`);
    return (await Promise.all(ports.map(isOpen))).every((one) => one);
  });
  const stop = async () => {
    program.kill();
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  return { ports, stop };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
