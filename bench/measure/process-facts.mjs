/** What the kernel knows of a process: its CPU time, its memory, how often it was switched. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The kernel counts in these; it is the same on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU, and context switches of all threads that live. */
export function effort(pid) {
  const fields = statFields(`/proc/${pid}/stat`);
  let voluntary = 0;
  let forced = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    voluntary += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
    forced += Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
  }
  return { user: fields[11] / TICKS_PER_SECOND, system: fields[12] / TICKS_PER_SECOND, voluntary, forced };
}

/** Seconds of CPU of one thread; `user` and `system` are the kernel's guess at how the whole divides. */
export function threadEffort(pid, task) {
  const fields = statFields(`/proc/${pid}/task/${task}/stat`);
  const [whole] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
  return { whole: Number(whole) / 1e9, user: fields[11] / TICKS_PER_SECOND, system: fields[12] / TICKS_PER_SECOND };
}

/** The threads that have worked most. */
export function busiestThreads(pid, count) {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => ({ task, work: threadEffort(pid, task).whole }));
  const sorted = tasks.sort((one, other) => other.work - one.work);
  return sorted.slice(0, count).map(({ task }) => task);
}

/** The command in parentheses may hold spaces; fields are counted behind it (proc_pid_stat(5)). */
function statFields(file) {
  const stat = readFileSync(file, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Bytes of memory that are the process's own, with its part of what it shares. */
export function pssBytes(pid) {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
}

/** Files, sockets and the like that the process has open. */
export function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** These processes and those that they have started. */
export function withDescendants(pids) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(statFields(`/proc/${name}/stat`)[1]));
    } catch {
      // It has ended since.
    }
  }
  const found = new Set(pids);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** The words before a command that bind it to a core; none where that cannot be done. */
export function boundTo(core) {
  if (availableParallelism() < 2) return [];
  try {
    execFileSync('taskset', ['-c', String(core), 'true'], { stdio: 'ignore' });
    return ['taskset', '-c', String(core)];
  } catch {
    return [];
  }
}

/** Keeps this process, with all its threads, off the first core, which is the server's. */
export function leaveFirstCore() {
  const cores = availableParallelism();
  if (cores < 2) return;
  try {
    execFileSync('taskset', ['-a', '-c', '-p', `1-${cores - 1}`, String(process.pid)], { stdio: 'ignore' });
  } catch {
    // Without taskset the kernel decides, which makes runs less alike.
  }
}

/** Open files that a process started from here may have. */
export function openFilesLimit() {
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit);
}
