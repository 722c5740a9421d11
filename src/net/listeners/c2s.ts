/** `[[listen.c2s]]`: opens a port for clients. */
import { type EnginePort, MOST_STANZA_BYTES } from '../../engine/port.js';
import type { C2sListener } from '../../platform/config/index.js';
import type { C2sEntrance } from '../c2s/c2s-services.js';
import { streamLimits } from '../c2s/stream-limits.js';
import { proxyOptions } from './proxy.js';

/** What a slow client may have waiting before it is given up. */
export const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

export function listenForClients(
  engine: EnginePort,
  entrance: C2sEntrance,
  settings: C2sListener,
  port: number,
  isShared: boolean,
): ReturnType<EnginePort['listen']> {
  const { tlsContext } = entrance;
  return engine.listen({
    address: settings.ip_address,
    port,
    ipv6Only: false,
    backlog: settings.backlog,
    reusePort: settings.reuse_port || isShared,
    directTls: settings.tls?.mode === 'tls' ? tlsContext : undefined,
    limits: streamLimits(settings),
    maxOutputBytes: MAX_OUTPUT_BYTES,
    maxOutputWrites: settings.max_fsm_queue ?? 0,
    maxDecompressedBytes: settings.zlib ?? MOST_STANZA_BYTES,
    authenticationDeadlineMs: settings.state_timeout === 'infinity' ? 0 : settings.state_timeout,
    maxConnections: settings.max_connections === 'infinity' ? 0 : settings.max_connections,
    proxy: proxyOptions(settings),
  });
}
