/** The door to uWebSockets.js. */
import { createRequire } from 'node:module';

export type Uws = typeof import('uWebSockets.js');
export type {
  HttpRequest as RawRequest,
  HttpResponse as RawResponse,
  TemplatedApp,
  us_listen_socket as RawListener,
  us_socket_context_t as RawContext,
  WebSocket as RawSocket,
  WebSocketBehavior as RawBehavior,
} from 'uWebSockets.js';

/** Loaded when the first listener needs it: there is no binary for every version of Node.js. */
export function loadUws(): Uws {
  try {
    // What it exports by name to modules leaves out some of its functions.
    return createRequire(import.meta.url)('uWebSockets.js') as Uws;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `[[listen.http]] needs uWebSockets.js, which does not load on Node.js ${process.version}: ${reason}`,
    );
  }
}
