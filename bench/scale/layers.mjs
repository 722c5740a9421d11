/** Memory by layer: what the kernel, the processes, their heaps and the engine hold. */
import { readFileSync } from 'node:fs';
import { pssBytes } from '../measure/process-facts.mjs';

const PAGE = 4096;
/** Of the kernel's own memory, what sockets are made of. */
const CACHES =
  /^(?:TCP|TCPv6|sock_inode_cache|filp|eventpoll_epi|eventpoll_pwq|ep_head|lsm_file_cache|lsm_inode_cache|request_sock_TCP|request_sock_TCPv6|tcp_bind_bucket|tcp_bind2_bucket)$/;
const TRACKING = 'nf_conntrack';
const DENTRY = 'dentry';
const DENTRY_BYTES = 192;

/**
 * Bytes of everything together. What is the kernel's belongs to all `sockets` of the machine, those of others and of clients as well;
 * `kernel` and `tracking` are `undefined` when only root may know.
 */
export async function takeLayers(servers) {
  const threads = (await Promise.all(servers.map((server) => server.memory(true)))).flat();
  const sum = (name) => threads.reduce((total, thread) => total + thread[name], 0);
  return {
    pss: servers.reduce((total, { pid }) => total + pssBytes(pid), 0),
    heap: sum('heapUsed'),
    native: sum('native'),
    ...kernelLayers(),
  };
}

function kernelLayers() {
  const sockets = /^TCP: inuse \d+ orphan \d+ tw \d+ alloc (\d+) mem (\d+)/m.exec(
    readFileSync('/proc/net/sockstat', 'utf8'),
  );
  const buffers = Number(sockets[2]) * PAGE;
  const caches = readCaches();
  if (!caches) return { buffers, sockets: Number(sockets[1]), kernel: undefined, tracking: undefined };
  let kernel = 0;
  for (const [name, { bytes }] of caches) if (CACHES.test(name)) kernel += bytes;
  // Each socket has a name of its own in a cache that is full of the names of files.
  kernel += Number(sockets[1]) * (caches.get(DENTRY)?.size ?? DENTRY_BYTES);
  return { buffers, sockets: Number(sockets[1]), kernel, tracking: caches.get(TRACKING)?.bytes ?? 0 };
}

/** `undefined` when this is not for us to read. */
function readCaches() {
  let text;
  try {
    text = readFileSync('/proc/slabinfo', 'utf8');
  } catch {
    return undefined;
  }
  return parseCaches(text);
}

/** By name: the size of an object, and the bytes of all pages that the cache has (slabinfo(5)). */
export function parseCaches(text) {
  const caches = new Map();
  for (const line of text.split('\n').slice(2)) {
    const found = /^(\S+)\s+\d+\s+\d+\s+(\d+)\s+\d+\s+(\d+) .* : slabdata\s+\d+\s+(\d+)/.exec(line);
    if (found) caches.set(found[1], { size: Number(found[2]), bytes: Number(found[4]) * Number(found[3]) * PAGE });
  }
  return caches;
}
