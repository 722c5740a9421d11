/** Runs one step of a script: a line with its time, a sign of life meanwhile, the full output only when it fails. */
import { spawn } from 'node:child_process';
import { styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a terminal, a line now and then shows that it goes on. */
const STILL_MS = 30_000;

// What the server itself prints to standard output stays clean.
const out = process.stderr;

/** `work` returns what the line should add, if anything. Errors pass through, after their line. */
export async function step(title, work) {
  const start = Date.now();
  const stop = showProgress(title, start);
  try {
    const detail = await work();
    stop();
    out.write(`${styleText('green', '✓')} ${title}${detail ? `: ${detail}` : ''} ${time(start)}\n`);
  } catch (error) {
    stop();
    out.write(`${styleText('red', '✗')} ${title} ${time(start)}\n`);
    throw error;
  }
}

/** Something that the person in front should know, in one line. */
export function note(text) {
  out.write(`${styleText('yellow', '!')} ${text}\n`);
}

/** Thrown when a program ends otherwise than well. */
export class ProgramFailed extends Error {
  constructor(program, how, output) {
    super(`${program} ${how}`);
    this.output = output;
  }
}

/** Runs a program to its end and returns what it printed. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const output = () => Buffer.concat(chunks).toString('utf8');
    child.on('error', (error) =>
      reject(new ProgramFailed(program, `could not be started: ${error.message}`, output())),
    );
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output());
      else reject(new ProgramFailed([program, ...args].join(' '), how(code, signal), output()));
    });
  });
}

function how(code, signal) {
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
}

function time(start) {
  return styleText('gray', `(${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

function showProgress(title, start) {
  if (!out.isTTY) {
    const timer = setInterval(() => out.write(`  ${title}, still at it ${time(start)}\n`), STILL_MS);
    return () => clearInterval(timer);
  }
  let frame = 0;
  const timer = setInterval(() => {
    frame = (frame + 1) % FRAMES.length;
    out.write(`\r\u001b[K${styleText('cyan', FRAMES[frame])} ${title} ${time(start)}`);
  }, FRAME_MS);
  return () => {
    clearInterval(timer);
    out.write('\r\u001b[K');
  };
}

/** Runs a program whose output people read as it comes, and returns its exit code. */
export function runVisibly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
