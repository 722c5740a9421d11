/** Tells before a ramp what would stop it, and which commands lift that. */
import { table } from '../measure/statistics.mjs';

/** Open files of a process besides its connections. */
export const SPARE_FILES = 300;
/** The kernel keeps some ports of the range to itself, and closed connections keep theirs for a minute. */
const USABLE_PORTS = 0.6;
/** Accepted and not yet taken over, when many come at once. */
const QUEUE = 4096;
/** Bytes of a session at rest, roughly, by what runs on this machine: see bench/README.md. */
const SERVER_BYTES = 2_500;
const KERNEL_BYTES = 4_500;
const CLIENT_BYTES = 8_000;
const THREADS_PER_PROCESS = 30;
/** Of all sessions at rest so many have bytes in their buffers, a page each. */
const TALKING = 1 / 4;

/**
 * How many servers, each with how many sessions, and with clients in how many processes and at how many addresses. One server, unless a process may not open so many
 * files: then as many as it takes, which loads the kernel as one would.
 */
export function planFor(sessions, { openFiles, localPorts = 28_000 }) {
  const most = Math.max(1, openFiles - SPARE_FILES);
  const servers = Math.ceil(sessions / most);
  const each = Math.ceil(sessions / servers);
  const clients = Math.ceil(each / Math.min(most, 50_000));
  const perAddress = Math.floor(localPorts * USABLE_PORTS);
  return { sessions, servers, each, clients, perAddress, addresses: Math.ceil(each / perAddress) };
}

/** A row for each limit: `{ limit, now, needed, isMet, isHard, command }`. What is not hard makes it slower, or less like one server. */
export function preflight(plan, facts) {
  const { sessions, servers, clients } = plan;
  const sockets = 2 * sessions;
  const bytes = sessions * (SERVER_BYTES + 2 * KERNEL_BYTES + CLIENT_BYTES);
  const files = sessions + SPARE_FILES;
  const rows = [
    row(
      'open files of a process (ulimit -n)',
      facts.openFiles,
      files,
      false,
      `ulimit -Hn ${files} && ulimit -Sn ${files}`,
    ),
    row('its upper limit (fs.nr_open)', facts.mostOpenFiles, files, false, set('fs.nr_open', files)),
    row(
      'open files of all (fs.file-max)',
      facts.allFiles,
      sockets + 100_000,
      true,
      set('fs.file-max', sockets + 100_000),
    ),
    row(
      'watched files (fs.epoll.max_user_watches)',
      facts.watches,
      sockets,
      true,
      set('fs.epoll.max_user_watches', sockets),
    ),
    row(
      'local ports (net.ipv4.ip_local_port_range)',
      facts.localPorts,
      28_000,
      false,
      set('net.ipv4.ip_local_port_range', "'1024 65535'"),
    ),
    row('queue of a listener (net.core.somaxconn)', facts.listenQueue, QUEUE, false, set('net.core.somaxconn', QUEUE)),
    row(
      'half-open ones (net.ipv4.tcp_max_syn_backlog)',
      facts.synQueue,
      QUEUE,
      false,
      set('net.ipv4.tcp_max_syn_backlog', QUEUE),
    ),
    row(
      'tracked connections (net.netfilter.nf_conntrack_max)',
      facts.tracked,
      sessions + 10_000,
      true,
      set('net.netfilter.nf_conntrack_max', sessions + 10_000),
    ),
    row(
      'pages of TCP buffers (net.ipv4.tcp_mem, second)',
      facts.tcpPages?.[1],
      Math.ceil(sessions * TALKING),
      true,
      tcpMemory(sessions * TALKING),
    ),
    row(
      'threads (kernel.threads-max, pid_max, pids.max)',
      facts.threads,
      THREADS_PER_PROCESS * servers * (1 + clients),
      true,
      set('kernel.threads-max', 100_000),
    ),
    row(
      'memory, bytes',
      facts.memory,
      bytes,
      true,
      `# with ${gibibytes(bytes)} of memory, or fewer sessions: --sessions ${Math.floor((sessions * facts.memory) / bytes)}`,
    ),
  ];
  return rows.filter(({ now }) => now !== undefined);
}

function row(limit, now, needed, isHard, command) {
  return { limit, now, needed, isHard, isMet: now >= needed, command };
}

function set(name, value) {
  return `sysctl -w ${name}=${value}`;
}

function tcpMemory(pages) {
  const high = Math.ceil(pages * 1.5);
  return set('net.ipv4.tcp_mem', `'${Math.ceil(pages / 2)} ${Math.ceil(pages)} ${high}'`);
}

/** The check as a person reads it, with the commands for what is not met. */
export function preflightText(plan, rows, { receiveBuffer, sendBuffer }) {
  const { sessions, servers, each, clients, addresses } = plan;
  const lines = [
    table(
      rows.map(({ limit, now, needed, isMet, isHard }) => ({
        limit,
        now,
        needed,
        '': isMet ? 'good' : isHard ? 'too low' : 'low',
      })),
    ),
    `${sessions} sessions: ${several(servers, 'server')} with ${each}, clients of each in ${several(clients, 'process')} at ${several(addresses, 'loopback address')}\n`,
  ];
  if (servers > 1)
    lines.push(
      `There are ${servers} servers because a process may not open more files here. The kernel has the work that one server would make for it.\n`,
    );
  if (receiveBuffer && sendBuffer) lines.push(buffersText(sessions, receiveBuffer[1], sendBuffer[1]));
  const missing = rows.filter(({ isMet }) => !isMet);
  if (missing.length > 0) lines.push(`As root:\n${missing.map(({ command }) => `  ${command}\n`).join('')}`);
  return lines.join('');
}

function buffersText(sessions, receive, send) {
  const worst = gibibytes(sessions * (receive + send));
  return `Buffers are taken when bytes wait, and were ${worst} if all of them were full (net.ipv4.tcp_rmem ${receive}, tcp_wmem ${send}, second figures).\n`;
}

function several(count, what) {
  const ending = count === 1 ? '' : what.endsWith('s') ? 'es' : 's';
  return `${count} ${what}${ending}`;
}

function gibibytes(bytes) {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
