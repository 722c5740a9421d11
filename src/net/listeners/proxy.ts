/** Listeners behind a load balancer: what they ask of the engine, and what the log says of refused connections. */
import { refusal } from '../../engine/envelope.js';
import type { ProxyOptions } from '../../engine/port.js';
import type { Logger } from '../../platform/log.js';

/** A balancer sends its header with its first packet. */
const HEADER_DEADLINE_MS = 5_000;
/** Certificates are not in it, names and identifiers are. */
const MAX_HEADER_BYTES = 4_096;

const REASONS: Readonly<Record<number, string>> = {
  [refusal.MISSING]: 'the first bytes are no PROXY header',
  [refusal.BROKEN]: 'the PROXY header is not well-formed',
  [refusal.TOO_LONG]: `the PROXY header is longer than ${MAX_HEADER_BYTES} bytes, or its line of version 1 than 107`,
  [refusal.BAD_CHECKSUM]: 'the checksum of the PROXY header is wrong',
  [refusal.CUT_SHORT]: 'the connection ended within the PROXY header',
  [refusal.LATE]: `no whole PROXY header came within ${HEADER_DEADLINE_MS / 1000} seconds`,
  [refusal.UNTRUSTED]: 'the address is not in proxy_trusted',
};

/** The settings that every kind of listener has for this. */
export interface ProxySettings {
  readonly proxy_protocol: boolean;
  /** Addresses and networks; empty for all. */
  readonly proxy_trusted: readonly string[];
}

/** For `listen` of the engine. */
export function proxyOptions({ proxy_protocol, proxy_trusted }: ProxySettings): ProxyOptions | undefined {
  if (!proxy_protocol) return undefined;
  return { trusted: proxy_trusted, headerDeadlineMs: HEADER_DEADLINE_MS, maxHeaderBytes: MAX_HEADER_BYTES };
}

/** `connections` were closed since the last entry of this kind, the last of them from `ip`. */
export function logRefusal(log: Logger, port: number, reason: number, connections: number, ip: string): void {
  log.warn('listener.proxy_header_refused', { port, reason: REASONS[reason] ?? `${reason}`, connections, ip });
}
