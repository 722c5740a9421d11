/** One client over WebSocket: carries frames between its socket and its stream (RFC 7395). */
import type { Carrier, CarrierOwner } from '../../engine/carrier.js';
import type { ServerWebSocket, WebSocketListener } from './handler.js';
import type { IdleWatch, Watched } from './idle-watch.js';

/** RFC 6455 section 7.4.1. */
export const closeCode = { NORMAL: 1000, GOING_AWAY: 1001, BAD_DATA: 1003, ABNORMAL: 1006, TRY_LATER: 1013 } as const;

export interface WebSocketSurroundings {
  readonly watch: IdleWatch;
  readonly isStopping: () => boolean;
}

export class WebSocketClient implements CarrierOwner, WebSocketListener, Watched {
  heardAt = 0;
  readonly #socket: ServerWebSocket;
  readonly #surroundings: WebSocketSurroundings;
  #carrier: Carrier | undefined;
  /** Bytes of frames that wait in the socket. */
  #waiting = 0;
  /** What is sent is kept back until the last of it. */
  #isGathering = false;

  constructor(socket: ServerWebSocket, surroundings: WebSocketSurroundings) {
    this.#socket = socket;
    this.#surroundings = surroundings;
  }

  /** To be called before anything else; without a carrier the client is sent away. */
  begin(carrier: Carrier | undefined): void {
    if (!carrier) return this.#socket.close(closeCode.TRY_LATER);
    this.#carrier = carrier;
    this.#surroundings.watch.add(this);
  }

  message(data: ArrayBuffer, isBinary: boolean): void {
    this.heardAt = this.#surroundings.watch.now;
    // RFC 7395 section 3.2.
    if (isBinary) this.#end(closeCode.BAD_DATA, 'XMPP is text');
    else this.#carrier?.feed(data, true);
  }

  alive(): void {
    this.heardAt = this.#surroundings.watch.now;
  }

  frame(bytes: Uint8Array): boolean {
    if (this.#socket.send(bytes) && !this.#isGathering) return true;
    this.#waiting += bytes.length;
    return false;
  }

  together(send: () => void): void {
    this.#isGathering = true;
    this.#socket.together(send);
    this.#isGathering = false;
    this.drained();
  }

  drained(): void {
    const left = this.#waiting - this.#socket.queuedBytes;
    if (left <= 0) return;
    this.#waiting -= left;
    this.#carrier?.sent(left);
  }

  /** The engine bounds what it keeps for us; a socket of this kind cannot be told to wait. */
  readOn(): void {}

  released(isDone: boolean): void {
    this.#leave();
    if (isDone) this.#socket.close(this.#surroundings.isStopping() ? closeCode.GOING_AWAY : closeCode.NORMAL);
    else this.#socket.abort();
  }

  ping(): void {
    this.#socket.ping();
  }

  /** The session may go on elsewhere, so its stream is not ended. */
  silent(): void {
    this.#end(closeCode.GOING_AWAY, 'No sign of life');
  }

  closed(code: number): void {
    this.#leave()?.detach(code !== closeCode.ABNORMAL);
  }

  #end(code: number, reason: string): void {
    this.#leave()?.detach(false);
    this.#socket.close(code, reason);
  }

  #leave(): Carrier | undefined {
    const carrier = this.#carrier;
    this.#carrier = undefined;
    this.#surroundings.watch.remove(this);
    return carrier;
  }
}
