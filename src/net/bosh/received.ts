/** A request that a session has taken, and has not answered yet. */
import type { BoshExchange, BoshRequest } from './binding.js';

/** What a request takes beside its payload. */
const REQUEST_BYTES = 256;
const NO_PAYLOAD = new Uint8Array();

export interface Received {
  /** Without its payload once the stream has that. */
  request: BoshRequest;
  /** Undefined once its client has gone. */
  exchange: BoshExchange | undefined;
  at: number;
  repeats: number;
  /** The stream has its payload. */
  isFed: boolean;
  /** An earlier answer that the client does not have. */
  report: { rid: number; ms: number } | undefined;
}

export function begun(request: BoshRequest, exchange: BoshExchange, at: number): Received {
  return { request, exchange, at, repeats: 0, isFed: false, report: undefined };
}

/** An array that is pushed to makes room for many more, and most of these stay empty or hold one. */
export function withOneMore<T>(list: T[], one: T): T[] {
  if (list.length === 0) return [one];
  list.push(one);
  return list;
}

export function sizeOf({ request }: Received): number {
  return request.payload.length + REQUEST_BYTES;
}

/** One more of these may come than of others. */
export function isExtra({ isTerminating, pauseMs }: BoshRequest): boolean {
  return isTerminating || pauseMs !== undefined;
}

/** One may be held for a minute, with the memory of its payload. */
export function withoutPayload(request: BoshRequest): BoshRequest {
  return { ...request, payload: NO_PAYLOAD };
}
