/** `[[listen.c2s]]`: opens a port for clients. */
import type { EnginePort, Limits } from '../../engine/port.js';
import type { C2sEntrance } from '../c2s/c2s-services.js';
import { proxyOptions } from './proxy.js';

/** A login is a few kilobytes; certificates for EXTERNAL travel in TLS. */
const MAX_BYTES_BEFORE_AUTHENTICATION = 64 * 1024;
/** What a slow client may have waiting before it is given up. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** Where the configuration lifts the limit, one stanza still has to fit into memory many times. */
const UNLIMITED_STANZA_BYTES = 1024 * 1024 * 1024;

export function listenForClients(
  engine: EnginePort,
  entrance: C2sEntrance,
  port: number,
  isShared: boolean,
): ReturnType<EnginePort['listen']> {
  const { settings, tlsContext } = entrance;
  return engine.listen({
    address: settings.ip_address,
    port,
    ipv6Only: false,
    backlog: settings.backlog,
    reusePort: settings.reuse_port || isShared,
    directTls: settings.tls?.mode === 'tls' ? tlsContext : undefined,
    limits: limits(settings.max_stanza_size),
    maxOutputBytes: MAX_OUTPUT_BYTES,
    maxOutputWrites: settings.max_fsm_queue ?? 0,
    authenticationDeadlineMs: settings.state_timeout === 'infinity' ? 0 : settings.state_timeout,
    maxConnections: settings.max_connections === 'infinity' ? 0 : settings.max_connections,
    proxy: proxyOptions(settings),
  });
}

function limits(maxStanzaSize: number | 'infinity'): Limits {
  return {
    maxStanzaBytes: maxStanzaSize === 'infinity' ? UNLIMITED_STANZA_BYTES : maxStanzaSize,
    maxDepth: 128,
    maxAttributes: 64,
    maxTagBytes: 16 * 1024,
    maxChildren: 65_535,
    maxBytesBeforeAuthentication: MAX_BYTES_BEFORE_AUTHENTICATION,
  };
}
