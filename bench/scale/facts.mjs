/** What the machine allows: the limits that many connections meet, as the kernel tells them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { openFilesLimit } from '../measure/process-facts.mjs';

/** Numbers; `undefined` for what this kernel does not have. */
export function readFacts() {
  const [low, high] = sysctl('net/ipv4/ip_local_port_range') ?? [];
  return {
    openFiles: openFilesLimit(),
    mostOpenFiles: one('fs/nr_open'),
    allFiles: one('fs/file-max'),
    watches: one('fs/epoll/max_user_watches'),
    localPorts: low === undefined ? undefined : high - low + 1,
    listenQueue: one('net/core/somaxconn'),
    synQueue: one('net/ipv4/tcp_max_syn_backlog'),
    tracked: one('net/netfilter/nf_conntrack_max'),
    trackedBuckets: one('net/netfilter/nf_conntrack_buckets'),
    tcpPages: sysctl('net/ipv4/tcp_mem'),
    receiveBuffer: sysctl('net/ipv4/tcp_rmem'),
    sendBuffer: sysctl('net/ipv4/tcp_wmem'),
    threads: Math.min(one('kernel/threads-max') ?? Infinity, one('kernel/pid_max') ?? Infinity, cgroup('pids.max')),
    memory: Math.min(memoryAvailable(), cgroup('memory.max')),
  };
}

/** Tries to have this process, and those that it starts, allowed so many open files; root may. */
export function raiseOpenFiles(wanted) {
  if (openFilesLimit() >= wanted) return;
  try {
    execFileSync('prlimit', [`--nofile=${wanted}:${wanted}`, '--pid', String(process.pid)], { stdio: 'ignore' });
  } catch {
    // It stays as it is, and the preflight check says so.
  }
}

function sysctl(path) {
  return read(`/proc/sys/${path}`)?.trim().split(/\s+/).map(Number);
}

function one(path) {
  return sysctl(path)?.[0];
}

function cgroup(name) {
  const text = read(`/sys/fs/cgroup/${name}`)?.trim();
  return text === undefined || text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
}

function memoryAvailable() {
  return Number(/^MemAvailable:\s+(\d+)/m.exec(read('/proc/meminfo'))[1]) * 1024;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
