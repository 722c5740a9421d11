/** Ends servers of others that tests have started. */
import type { ChildProcess } from 'node:child_process';

/** Returns once the process is gone; at once for one that has gone already, or was never there. */
export async function endChild(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
