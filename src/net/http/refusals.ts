/** Answers to requests that nobody serves: each says what is wrong, for the person who set up the client or the proxy. */

import type { OriginList } from '../../platform/origin.js';
import type { HeaderFields, HttpHandler, HttpMethod, WebSocketEndpoint } from './handler.js';
import type { HeadProblem } from './request-head.js';

export interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly fields?: HeaderFields | undefined;
  /** What follows on the connection is not to be read. */
  readonly isLast?: boolean | undefined;
}

export function badHead({ status, text }: HeadProblem): Refusal {
  return { status, text, isLast: true };
}

export function noHandler(host: string, isHostKnown: boolean): Refusal {
  return isHostKnown
    ? { status: 404, text: 'Nothing is served under this path.' }
    : { status: 404, text: `Nothing is served under the host name "${host}" on this port.` };
}

export function wrongMethod(handler: HttpHandler): Refusal {
  const allow = allowedMethods(handler).join(', ');
  return { status: 405, text: `This method is not served here; expected ${allow}.`, fields: { allow } };
}

export function bodyTooLarge(handler: HttpHandler): Refusal {
  const { maxBodyBytes } = handler;
  const text =
    maxBodyBytes === 0
      ? 'A body is not expected here.'
      : `The body is too large: at most ${maxBodyBytes} bytes are taken here.`;
  return { status: 413, text, isLast: true };
}

export function tooManyConnections(): Refusal {
  const text = 'This listener has as many connections as max_connections allows; try again later.';
  return { status: 503, text, fields: { 'retry-after': '10' }, isLast: true };
}

export function stopping(): Refusal {
  return { status: 503, text: 'The server is stopping.', fields: { 'retry-after': '5' }, isLast: true };
}

export function crashed(): Refusal {
  return { status: 500, text: 'The server failed to answer this request; its log says why.' };
}

const NGINX_HINT =
  'Behind a reverse proxy: it has to speak HTTP/1.1 to this server and to pass on the fields Upgrade and Connection.';

/** RFC 6455 section 4.2.1; undefined for a handshake that can be answered. */
export function handshakeProblem(
  method: string,
  field: (name: string) => string | undefined,
  { protocol, isOneOfSeveral = false }: WebSocketEndpoint,
): Refusal | undefined {
  const upgrade = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' };
  const needed = (text: string): Refusal => ({ status: 426, text, fields: upgrade });
  if (method !== 'GET') return { status: 405, text: 'A WebSocket begins with GET.', fields: { allow: 'GET' } };
  if (!lists(field('upgrade'), 'websocket')) {
    return needed(`This is a WebSocket endpoint, and the request has no field "Upgrade: websocket". ${NGINX_HINT}`);
  }
  if (!lists(field('connection'), 'upgrade')) {
    return needed(`The request has "Upgrade: websocket", but no field "Connection: Upgrade". ${NGINX_HINT}`);
  }
  if (field('sec-websocket-version') !== '13') return needed('Version 13 of the WebSocket protocol is spoken here.');
  if (!/^[A-Za-z0-9+/]{22}==$/.test(field('sec-websocket-key') ?? '')) {
    return { status: 400, text: 'The field Sec-WebSocket-Key has to hold 16 bytes in Base64.' };
  }
  if (!lists(field('sec-websocket-protocol'), protocol)) {
    return {
      status: isOneOfSeveral ? 404 : 400,
      text: `The subprotocol "${protocol}" has to be offered in the field Sec-WebSocket-Protocol.`,
    };
  }
  return undefined;
}

/** A browser tells whose page asks; who is no browser could tell anything, and is not asked. */
export function originProblem(origin: string | undefined, origins: OriginList | undefined): Refusal | undefined {
  if (origin === undefined || !origins || origins.has(origin)) return undefined;
  return {
    status: 403,
    text: `Pages of the origin "${origin}" may not connect here: allowed_origins does not list it.`,
  };
}

function lists(value: string | undefined, token: string): boolean {
  return (value ?? '').split(',').some((item) => item.trim().toLowerCase() === token);
}

export function allowedMethods({ methods }: HttpHandler): HttpMethod[] {
  const head: HttpMethod[] = methods.includes('GET') ? ['HEAD'] : [];
  return [...new Set<HttpMethod>([...methods, ...head, 'OPTIONS'])];
}
