/** What the processes of a server have used, all their threads together. */
import { UsageError } from '../lib/arguments.mjs';
import { descriptors, effort, pssBytes, withDescendants } from './process-facts.mjs';

const MICROSECONDS = 1e6;

/** CPU in microseconds and context switches since they began, memory and open files now. */
export function serverFacts(pids) {
  const sum = { cpuUser: 0, cpuSystem: 0, pss: 0, switches: 0, descriptors: 0 };
  for (const pid of pids) {
    const { user, system, voluntary, forced } = effort(pid);
    sum.cpuUser += user * MICROSECONDS;
    sum.cpuSystem += system * MICROSECONDS;
    sum.switches += voluntary + forced;
    sum.pss += pssBytes(pid);
    sum.descriptors += descriptors(pid);
  }
  return sum;
}

/** What was used between two moments. */
export function usedBetween(before, after) {
  const used = {};
  for (const name of ['cpuUser', 'cpuSystem', 'switches']) used[name] = after[name] - before[name];
  return { ...used, pss: after.pss, descriptors: after.descriptors };
}

/** All processes of a server, of which some are known. Throws for one that cannot be looked at. */
export function serverPids(given) {
  for (const pid of given) {
    try {
      pssBytes(pid);
    } catch (error) {
      throw new UsageError(`Process ${pid} cannot be measured: ${error.message}`);
    }
  }
  return withDescendants(given);
}
