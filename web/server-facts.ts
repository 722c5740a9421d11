/** What the server tells this page of itself. */

export interface ServerFacts {
  readonly version: string;
  readonly engine: string;
  readonly shards: number;
  /** That a name without a domain belongs to. */
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
  readonly path?: string;
  readonly isLocal: boolean;
}

export async function fetchServerFacts(): Promise<ServerFacts> {
  const answer = await fetch('server.json', { credentials: 'omit' });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()) as ServerFacts;
}

/** As `new WebSocket` takes it. */
export function webSocketAddress(websocket: string, page: string): string {
  const address = new URL(websocket, page);
  address.protocol = address.protocol.replace(/^http/, 'ws');
  return address.href;
}
