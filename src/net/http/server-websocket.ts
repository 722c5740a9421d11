/** One WebSocket, as its endpoint holds it, over that of uWebSockets.js. */
import type { Logger } from '../../platform/log.js';
import type { ServerWebSocket, WebSocketEndpoint, WebSocketListener, WebSocketRequest } from './handler.js';
import type { RawBehavior, RawSocket, Uws } from './uws.js';

/** What uWebSockets.js keeps with the socket. */
export interface SocketState {
  request: WebSocketRequest | undefined;
  socket: UwsWebSocket | undefined;
  listener: WebSocketListener | undefined;
}

/** A socket of uWebSockets.js is the very object that `getUserData` gives; asking it costs a call into the library. */
type Kept = RawSocket<SocketState> & SocketState;

/** `send` of uWebSockets.js: nothing waits. */
const SENT = 1;
/** RFC 6455 section 7.4.1: we met with something unexpected. */
const INTERNAL_ERROR = 1011;

class UwsWebSocket implements ServerWebSocket {
  readonly #raw: RawSocket<SocketState>;
  readonly #compress: boolean;
  isClosed = false;

  constructor(raw: RawSocket<SocketState>, compress: boolean) {
    this.#raw = raw;
    this.#compress = compress;
  }

  get queuedBytes(): number {
    return this.isClosed ? 0 : this.#raw.getBufferedAmount();
  }

  send(text: string | Uint8Array): boolean {
    return !this.isClosed && this.#raw.send(text, false, this.#compress) === SENT;
  }

  together(send: () => void): void {
    if (!this.isClosed) this.#raw.cork(send);
  }

  ping(): void {
    if (!this.isClosed) this.#raw.ping();
  }

  close(code: number, reason = ''): void {
    if (!this.isClosed) this.#raw.end(code, reason);
  }

  abort(): void {
    if (!this.isClosed) this.#raw.close();
  }
}

export function socketBehavior(
  uws: Uws,
  endpoint: WebSocketEndpoint,
  log: Logger,
  over: () => void,
): Omit<RawBehavior<SocketState>, 'upgrade'> {
  const { maxMessageBytes, compress } = endpoint;
  const alive = (raw: RawSocket<SocketState>) => {
    const { socket, listener } = raw.getUserData();
    if (socket) guard(socket, log, () => listener?.alive());
  };
  return {
    maxPayloadLength: maxMessageBytes,
    maxBackpressure: 0,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    // Shared ones take no memory of a connection's own.
    compression: compress ? uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR : uws.DISABLED,
    open: (raw) => {
      const socket = new UwsWebSocket(raw, compress);
      const state = raw.getUserData();
      state.socket = socket;
      const { request } = state;
      // It would stay as long as the socket.
      state.request = undefined;
      guard(socket, log, () => {
        state.listener = endpoint.open(socket, request as WebSocketRequest);
      });
    },
    message: (raw, data, isBinary) => {
      // As `guard`, without a closure for each message.
      try {
        (raw as Kept).listener?.message(data, isBinary);
      } catch (error) {
        failed((raw as Kept).socket as UwsWebSocket, log, error);
      }
    },
    ping: (raw) => alive(raw),
    pong: (raw) => alive(raw),
    drain: (raw) => {
      const { socket, listener } = raw.getUserData();
      if (socket) guard(socket, log, () => listener?.drained());
    },
    close: (raw, code) => {
      over();
      const { socket, listener } = raw.getUserData();
      if (!socket) return;
      socket.isClosed = true;
      guard(socket, log, () => listener?.closed(code));
    },
  };
}

/** A listener that throws has a bug: its connection ends, the others go on. */
function guard(socket: ServerWebSocket, log: Logger, work: () => void): void {
  try {
    work();
  } catch (error) {
    failed(socket, log, error);
  }
}

function failed(socket: ServerWebSocket, log: Logger, error: unknown): void {
  log.error('http.websocket.crashed', { error });
  socket.close(INTERNAL_ERROR);
}
