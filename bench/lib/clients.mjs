/** The process that plays the clients, on another core than the server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { boundTo } from '../measure/process-facts.mjs';

/** For the longest of what clients are asked. */
const PATIENCE_MS = 600_000;

export function startClients(script, core = 1) {
  const file = fileURLToPath(new URL(`../inside/${script}`, import.meta.url));
  const [command, ...args] = [...boundTo(core), process.execPath, file];
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  // Every question listens for its end, too.
  child.setMaxListeners(0);
  return {
    pid: child.pid,

    /** Throws what the clients found wrong. */
    async ask(work, args) {
      child.send({ work, args });
      const [answer] = await Promise.race([once(child, 'message'), died(child), late(work)]);
      if (answer.failure !== undefined) throw new Error(`clients: ${answer.failure}`);
      return answer.result;
    },

    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function late(work) {
  await sleep(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`the clients did not ${work} in time`);
}

async function died(child) {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`the process of the clients ended with ${signal ?? code}`);
}
