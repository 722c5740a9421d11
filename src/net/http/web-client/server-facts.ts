/** What the chat page is told of the server, from the configuration that runs. */
import type { Config, HttpListener } from '../../../platform/config/index.js';
import type { HandlerSurroundings } from '../define-handler.js';
import type { HttpRequest } from '../handler.js';
import { addressesHere, linksTo } from '../handlers/host-meta.js';

export interface ServerFacts {
  readonly version: string;
  readonly engine: string;
  readonly shards: number;
  readonly domain: string;
  readonly domains: readonly string[];
  /** A path on the origin of the page, or a whole address; null when there is none. */
  readonly websocket: string | null;
  readonly ports: readonly PortFacts[];
}

export interface PortFacts {
  readonly kind: 'xmpp' | 'websocket' | 'bosh';
  /** 0 where the system chose it. */
  readonly port: number;
  readonly security: 'none' | 'starttls' | 'starttls_required' | 'tls';
  /** Of HTTP. */
  readonly path?: string;
  /** Only programs on the machine of the server can connect. */
  readonly isLocal: boolean;
}

const KINDS = { mongoose_websocket_handler: 'websocket', mongoose_bosh_handler: 'bosh' } as const;

export function serverFacts(surroundings: HandlerSurroundings, request: HttpRequest): ServerFacts {
  const { config, running } = surroundings;
  return {
    ...running,
    domain: config.general.default_server_domain,
    domains: config.general.hosts,
    websocket: webSocketHere(surroundings, request) ?? webSocketElsewhere(surroundings, request) ?? null,
    ports: [...clientPorts(config), ...config.listen.http.flatMap((listener) => httpPorts(listener))],
  };
}

/** The address of a WebSocket that is not on the origin of the page. */
export function webSocketElsewhere(surroundings: HandlerSurroundings, request: HttpRequest): string | undefined {
  if (webSocketHere(surroundings, request) !== undefined) return undefined;
  return linksTo('mongoose_websocket_handler', request, surroundings)[0];
}

function webSocketHere({ listener }: HandlerSurroundings, request: HttpRequest): string | undefined {
  return addressesHere(listener, 'mongoose_websocket_handler', request)[0];
}

function clientPorts({ listen }: Config): PortFacts[] {
  return listen.c2s.map(({ port, tls, ip_address }) => {
    return { kind: 'xmpp', port, security: tls?.mode ?? 'none', isLocal: isLoopback(ip_address) };
  });
}

function httpPorts({ port, tls, ip_address, handlers }: HttpListener): PortFacts[] {
  return handlers.flatMap(({ type, path }) => {
    const kind = (KINDS as Readonly<Record<string, PortFacts['kind']>>)[type];
    if (kind === undefined) return [];
    return [{ kind, port, path, security: tls ? 'tls' : 'none', isLocal: isLoopback(ip_address) }];
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
