/** The line that tells how a run goes. */
import { bytes, duration, figure } from '../report/units.mjs';

export function progressLine({ name }, told, elapsed) {
  const front = `${elapsed.toFixed(0).padStart(4)} s  ${name}  `;
  if (told.step !== undefined) return `${front}${told.step}\n`;
  const { operations, server, generator, count } = told;
  const parts = Object.entries(operations).map(
    ([operation, { count: done, p50, p99 }]) =>
      `${operation} ${figure(done)}/s p50 ${duration(p50)} p99 ${duration(p99)}`,
  );
  parts.push(`${count.counted('connections')} connections, ${count.counted('errors')} errors`);
  if (server) parts.push(`server ${cores(server.cpuUser + server.cpuSystem)} ${bytes(server.pss)}`);
  parts.push(`generator ${cores(generator.cpu)}`);
  return `${front}${parts.join('  ')}\n`;
}

/** Of one second. */
function cores(microseconds) {
  return `${(microseconds / 1e6).toFixed(2)} cores`;
}
