/** Keeps the server and the generator on different cores. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * The generator gets every core but the server's; those that share a physical core with it are left free where others are there.
 *
 * @param {number[]} allowed cores that may be used @param {number[]} siblings those that share the server's physical core
 */
export function generatorCores(allowed, serverCore, siblings) {
  const others = allowed.filter((core) => core !== serverCore);
  const apart = others.filter((core) => !siblings.includes(core));
  return apart.length > 0 ? apart : others;
}

/** Binds this process, and what it starts from now on, to the generator's cores. Returns what was done, as a sentence. */
export function bindGenerator(serverCore) {
  if (availableParallelism() < 2) return 'Server and generator share the only core.';
  const siblings = siblingsOf(serverCore);
  const cores = generatorCores(allowedCores(), serverCore, siblings);
  try {
    execFileSync('taskset', ['-a', '-c', '-p', cores.join(','), String(process.pid)], { stdio: 'ignore' });
  } catch {
    return 'Server and generator are not bound to cores: taskset is missing (apt-get install util-linux).';
  }
  const shared = siblings.some((core) => cores.includes(core)) ? ', which share a physical core' : '';
  return `Server on core ${serverCore}, generator on ${cores.join(', ')}${shared}.`;
}

function allowedCores() {
  return listOf(/^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

function siblingsOf(core) {
  try {
    return listOf(readFileSync(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`, 'utf8').trim());
  } catch {
    return [];
  }
}

/** `0-2,5` as numbers. */
export function listOf(text) {
  return text.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
