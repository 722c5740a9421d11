/** What serves HTTP requests, and what it is given: the interface between handlers and the server that carries them. */
import type { ChannelBindingType, TlsDetails } from '../../engine/port.js';
import type { OriginList } from '../../platform/origin.js';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export type HeaderFields = Readonly<Record<string, string>>;

/** Bytes where it is not known what they mean. */
type FieldValue = string | Uint8Array;
/** Several of one name stay apart, as those of `Set-Cookie` have to (RFC 9110 section 5.3). */
export type AnswerFields = Readonly<Record<string, FieldValue | readonly FieldValue[]>>;

/** Who sent a request, as far as it is known. */
export interface HttpClient {
  /** Without the proxies in between that are trusted. */
  readonly address: string;
  /** 0 where a proxy did not tell it. */
  readonly port: number;
  /** What ends here; TLS between the client and a proxy is not meant. */
  readonly tls: TlsDetails | undefined;
  /** `https` also where a trusted proxy says so. */
  readonly scheme: 'http' | 'https';
  channelBinding(type: ChannelBindingType): Uint8Array | undefined;
}

export interface HttpRequest {
  readonly method: HttpMethod;
  /** As sent, percent-encoding included. */
  readonly path: string;
  /** Behind `?`, as sent; empty without one. */
  readonly query: string;
  /** The host that was asked for, in lower case and without its port. */
  readonly host: string;
  /** Values of `:name` in the path of the handler, decoded. */
  readonly bindings: Readonly<Record<string, string>>;
  /** The segments that `[...]` stands for, decoded. */
  readonly rest: readonly string[];
  readonly client: HttpClient;
  /** By its name in lower case; several of one name are joined with commas. */
  header(name: string): string | undefined;
  /** All of them, likewise. */
  readonly fields: ReadonlyMap<string, string>;
  /** The whole body, empty without one. Rejects with `RequestAborted` when the client goes before its end. */
  body(): Promise<Buffer>;
  /** The body as it comes. A promise that is returned holds back what follows. In place of `body`. */
  chunks(take: (chunk: Buffer) => void | Promise<void>): Promise<void>;
}

/** One answer: `send`, or `start`, any number of `write` and `end`. What comes after the client has gone does nothing. */
export interface HttpResponse {
  /** Answered, or the client has gone. */
  readonly isOver: boolean;
  /** The client went away before its answer; called at once when that has been already. */
  onAborted(callback: () => void): void;
  send(status: number, fields?: HeaderFields, body?: string | Uint8Array): void;
  /** With the length of the body, where it is known. */
  start(status: number, fields?: AnswerFields, length?: number): void;
  /** False once more is queued than the client takes: wait for `drained`. */
  write(chunk: string | Uint8Array): boolean;
  drained(): Promise<void>;
  end(): void;
  /** Closes the connection: what was begun does not come to its end. */
  abort(): void;
}

/** The client went before its request was whole. */
export class RequestAborted extends Error {
  constructor() {
    super('the client closed the connection within its request');
    this.name = 'RequestAborted';
  }
}

/** Lets pages of other origins read the answers (the Fetch standard, CORS protocol); their preflights are answered. */
export interface CorsRules {
  readonly methods: readonly HttpMethod[];
  /** Request headers that scripts may set. */
  readonly headers: readonly string[];
  readonly maxAgeSeconds: number;
  /** The origins (RFC 6454) of pages whose requests are taken; undefined for all. */
  readonly origins?: OriginList | undefined;
}

export interface HttpHandler {
  /** HEAD goes with GET, and OPTIONS is answered for it, unless they are named. */
  readonly methods: readonly HttpMethod[];
  /** A longer body is refused before it is read. */
  readonly maxBodyBytes: number;
  readonly cors?: CorsRules | undefined;
  /** Takes upgrades on the same path. */
  readonly websocket?: WebSocketEndpoint | undefined;
  /** It has something to say to its clients while the server stops; others are refused then. */
  readonly goesOn?: boolean | undefined;
  /** May answer at any time: a request without an answer is a long poll. */
  handle(request: HttpRequest, response: HttpResponse): void | Promise<void>;
}

export interface WebSocketEndpoint {
  /** The subprotocol that a client has to offer. */
  readonly protocol: string;
  /** There may be others on the same path: whoever offers none that is served gets 404. */
  readonly isOneOfSeveral?: boolean | undefined;
  /** A longer message ends the connection without a word while it arrives: refuse earlier what deserves one. */
  readonly maxMessageBytes: number;
  /** Offers permessage-deflate (RFC 7692). */
  readonly compress: boolean;
  /** The origins (RFC 6454) of pages that may connect; undefined for all. */
  readonly origins?: OriginList | undefined;
  /** A connection is open. What is returned hears of it. */
  open(socket: ServerWebSocket, request: WebSocketRequest): WebSocketListener;
}

/** What is left of the request behind the handshake; to be read when the connection opens. */
export type WebSocketRequest = Pick<HttpRequest, 'path' | 'query' | 'host' | 'bindings' | 'client'>;

export interface WebSocketListener {
  /** Valid until it returns. */
  message(data: ArrayBuffer, isBinary: boolean): void;
  /** A ping or a pong came. */
  alive(): void;
  /** Something of what was queued has left. */
  drained(): void;
  /** The last call. */
  closed(code: number): void;
}

/** Calls after the end do nothing. */
export interface ServerWebSocket {
  readonly isClosed: boolean;
  readonly queuedBytes: number;
  /** One text message. True when it has left as a whole; else it waits, or the connection is gone. The sender bounds what waits. */
  send(text: string | Uint8Array): boolean;
  /** What `send` sends leaves together; whether it has left is told by `queuedBytes` behind this call alone. */
  together(send: () => void): void;
  ping(): void;
  /** Says goodbye with this code (RFC 6455 section 7.4.1). `closed` comes from within. */
  close(code: number, reason?: string): void;
  /** At once. `closed` comes from within. */
  abort(): void;
}
