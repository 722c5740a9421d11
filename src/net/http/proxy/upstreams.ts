/** Connections to the servers that a reverse proxy passes requests on to. */
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import type { Agent, Dispatcher } from 'undici';

export interface UpstreamRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Dispatcher.DispatchOptions['body'];
}

export class Upstreams {
  readonly #agent: Agent;

  /** Connecting may take so long. All other limits of time are those of who asks. */
  constructor(timeoutMs: number) {
    const { Agent, buildConnector } = loadUndici();
    const connect = buildConnector({ timeout: timeoutMs, allowH2: false });
    this.#agent = new Agent({
      // A certificate is for the host that the configuration names, whatever host the client asks for.
      connect: (options, done) => connect({ ...options, servername: serverName(options.hostname) }, done),
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  send({ method, ...request }: UpstreamRequest, handler: Dispatcher.DispatchHandler): void {
    const servername = serverName(new URL(request.origin).hostname) || 'address.invalid';
    const options = { ...request, method: method as Dispatcher.HttpMethod, servername };
    this.#agent.dispatch(options as Dispatcher.DispatchOptions, handler);
  }
}

/** Where somebody is a proxy: its hundred files take every shard memory, and a fifth of its start. */
function loadUndici(): typeof import('undici') {
  return createRequire(import.meta.url)('undici') as typeof import('undici');
}

/** Addresses are not told to servers (RFC 6066 section 3). */
function serverName(host: string): string {
  return isIP(host.replace(/^\[|\]$/g, '')) === 0 ? host : '';
}
