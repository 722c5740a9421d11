/** Answers the requests of one listener in one shard: joins routes and handlers to uWebSockets.js. */
import type { Logger } from '../../platform/log.js';
import type { OriginList } from '../../platform/origin.js';
import { corsFields, preflightFields } from './cors.js';
import { deflateOffer } from './deflate-offer.js';
import { Exchange } from './exchange.js';
import type { HttpClient, HttpHandler, HttpMethod, HttpRequest, WebSocketEndpoint } from './handler.js';
import { RequestAborted } from './handler.js';
import {
  allowedMethods,
  badHead,
  bodyTooLarge,
  crashed,
  handshakeProblem,
  noHandler,
  originProblem,
  type Refusal,
  stopping,
  tooManyConnections,
  wrongMethod,
} from './refusals.js';
import { type RequestHead, readHead } from './request-head.js';
import type { RouteMatch, Routes } from './routes.js';
import { type SocketState, socketBehavior } from './server-websocket.js';
import {
  loadUws,
  type RawContext,
  type RawListener,
  type RawRequest,
  type RawResponse,
  type TemplatedApp,
  type Uws,
} from './uws.js';

/** Of what clients make up. */
const MOST_LOGGED = 200;

export interface HttpAppOptions {
  readonly routes: Routes;
  readonly endpoints: readonly WebSocketEndpoint[];
  readonly serverName: string;
  /** Gives gzip to clients that take it. */
  readonly compress: boolean;
  /** Undefined for a connection that must not be there. */
  readonly client: (raw: RawResponse, head: RequestHead) => HttpClient | undefined;
  /** Requests that are being answered, and WebSockets. */
  readonly count: { enter(): boolean; leave(): void };
  readonly log: Logger;
}

export class HttpApp {
  readonly #options: HttpAppOptions;
  readonly #uws: Uws = loadUws();
  readonly #app: TemplatedApp = this.#uws.App();
  #listener: RawListener | undefined;
  #webSockets = 0;
  #isStopping = false;
  #isClosed = false;

  constructor(options: HttpAppOptions) {
    this.#options = options;
    for (const endpoint of options.endpoints) {
      this.#app.ws<SocketState>('/*', {
        ...socketBehavior(this.#uws, endpoint, options.log, () => this.#left()),
        upgrade: (raw, request, context) => this.#upgrade(endpoint, raw, request, context),
      });
    }
    this.#app.any('/*', (raw, request) => this.#request(raw, request));
  }

  /** Returns the port. */
  listen(address: string, port: number): number {
    this.#app.listen(address, port, (listener) => this.#opened(listener));
    if (!this.#listener) throw new Error(`Cannot listen on ${address} port ${port}.`);
    return this.#uws.getSocketPort(this.#listener);
  }

  listenOn(path: string): void {
    this.#app.listen_unix((listener) => this.#opened(listener), path);
    if (!this.#listener) throw new Error(`Cannot listen on ${path}.`);
  }

  /** No more connections, and no more requests on those that there are. */
  unlisten(): void {
    this.#isStopping = true;
    if (this.#listener) this.#uws.closeSocket(this.#listener);
    this.#listener = undefined;
  }

  /** Closes every connection, once. To be called before the thread ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isStopping = true;
    this.#listener = undefined;
    (this.#app as TemplatedApp & { close(): void }).close();
  }

  /** Those that are open. */
  get webSockets(): number {
    return this.#webSockets;
  }

  #left(): void {
    this.#webSockets -= 1;
    this.#options.count.leave();
  }

  #opened(listener: RawListener | false): void {
    this.#listener = listener || undefined;
  }

  #request(raw: RawResponse, request: RawRequest): void {
    const head = readHead(request);
    const client = this.#options.client(raw, head);
    if (!client) {
      raw.close();
      return;
    }
    const route = head.problem ? undefined : this.#options.routes.find(head.host, head.path);
    const isCounted = this.#options.count.enter();
    const exchange = this.#exchange(raw, head, route, isCounted);
    const refusal = this.#refusal(head, route, isCounted);
    if (refusal) return exchange.refuse(refusal);
    const { handler } = route as RouteMatch;
    if (isPreflight(head, handler)) {
      const allow = allowedMethods(handler).join(', ');
      return exchange.send(204, { allow, ...(handler.cors && preflightFields(handler.cors)) });
    }
    this.#handle(handler, requestOf(head, route as RouteMatch, client, exchange), exchange);
  }

  #exchange(raw: RawResponse, head: RequestHead, route: RouteMatch | undefined, isCounted: boolean): Exchange {
    const { serverName, compress, count } = this.#options;
    return new Exchange(raw, {
      serverName,
      isHead: head.method === 'HEAD',
      compress:
        compress &&
        /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(head.fields.get('accept-encoding') ?? ''),
      fields: route?.handler.cors ? corsFields(route.handler.cors, head.fields.get('origin')) : {},
      count: isCounted ? count : undefined,
    });
  }

  #refusal(head: RequestHead, route: RouteMatch | undefined, isCounted: boolean): Refusal | undefined {
    if (head.problem) return badHead(head.problem);
    if (this.#isStopping && !route?.handler.goesOn) return stopping();
    if (!isCounted) return tooManyConnections();
    if (!route) return noHandler(head.host, this.#options.routes.knowsHost(head.host));
    const { handler } = route;
    if (!allowedMethods(handler).includes(head.method as HttpMethod)) {
      const field = (name: string) => head.fields.get(name);
      const problem = handler.websocket && handshakeProblem(head.method, field, handler.websocket);
      return problem ?? wrongMethod(handler);
    }
    if (head.contentLength > handler.maxBodyBytes) return bodyTooLarge(handler);
    return this.#originProblem(head, handler.cors?.origins);
  }

  #handle(handler: HttpHandler, request: HttpRequest, exchange: Exchange): void {
    const failed = (error: unknown) => {
      if (error instanceof RequestAborted) return;
      this.#options.log.error('http.handler.crashed', { path: request.path, error });
      if (!exchange.isOver) exchange.refuse(crashed());
    };
    try {
      const work = handler.handle(request, exchange);
      if (work instanceof Promise) void work.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #upgrade(endpoint: WebSocketEndpoint, raw: RawResponse, request: RawRequest, context: RawContext): void {
    const head = readHead(request);
    const field = (name: string) => head.fields.get(name);
    const route = head.problem ? undefined : this.#options.routes.find(head.host, head.path);
    if (route?.handler.websocket !== endpoint) {
      // Another endpoint, or no WebSocket at all: somebody further down the list knows.
      request.setYield(true);
      return;
    }
    const client = this.#options.client(raw, head);
    if (!client) {
      raw.close();
      return;
    }
    const isCounted = this.#options.count.enter();
    const problem = this.#upgradeProblem(endpoint, head, isCounted);
    if (problem) return this.#exchange(raw, head, route, isCounted).refuse(problem);
    raw.writeStatus('101 Switching Protocols').writeHeader('server', this.#options.serverName);
    const { path, query, host } = head;
    const wanted = { path, query, host, bindings: route.bindings, client };
    const state: SocketState = { request: wanted, socket: undefined, listener: undefined };
    const extensions = endpoint.compress ? deflateOffer(field('sec-websocket-extensions')) : '';
    this.#webSockets += 1;
    raw.upgrade(state, field('sec-websocket-key') ?? '', endpoint.protocol, extensions, context);
  }

  #upgradeProblem(endpoint: WebSocketEndpoint, head: RequestHead, isCounted: boolean): Refusal | undefined {
    if (this.#isStopping) return stopping();
    if (!isCounted) return tooManyConnections();
    const field = (name: string) => head.fields.get(name);
    const problem = handshakeProblem(head.method, field, endpoint) ?? this.#originProblem(head, endpoint.origins);
    return problem ?? (head.contentLength > 0 ? withBody() : undefined);
  }

  /** A browser shows its user no reason for this, so the log does. */
  #originProblem({ fields, path }: RequestHead, origins: OriginList | undefined): Refusal | undefined {
    const origin = fields.get('origin');
    const problem = originProblem(origin, origins);
    if (problem) this.#options.log.info('http.origin.refused', { origin: origin?.slice(0, MOST_LOGGED), path });
    return problem;
  }
}

function withBody(): Refusal {
  return { status: 400, text: 'A WebSocket handshake has no body.', isLast: true };
}

function isPreflight(head: RequestHead, handler: HttpHandler): boolean {
  return head.method === 'OPTIONS' && !handler.methods.includes('OPTIONS');
}

function requestOf(head: RequestHead, route: RouteMatch, client: HttpClient, exchange: Exchange): HttpRequest {
  const { method, path, query, host, fields, contentLength } = head;
  const { bindings, rest } = route;
  const isOwn = route.handler.methods.includes(method as HttpMethod);
  return {
    // For a handler HEAD is a GET whose body gets lost.
    method: (method === 'HEAD' && !isOwn ? 'GET' : method) as HttpMethod,
    path,
    query,
    host,
    bindings,
    rest,
    client,
    header: (name) => fields.get(name),
    fields,
    chunks: (take) => exchange.read(contentLength, take),
    body: async () => {
      const parts: Buffer[] = [];
      await exchange.read(contentLength, (chunk) => void parts.push(chunk));
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    },
  };
}
