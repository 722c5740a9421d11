/** `mod_cowboy`: one path for several protocols, plain HTTP to one handler and WebSocket, by its subprotocol, to another. */
import { PROXY_METHODS } from '../../../platform/proxy-route.js';
import { defineHttpHandler } from '../define-handler.js';
import type { HttpHandler, HttpRequest } from '../handler.js';
import { handshakeProblem } from '../refusals.js';
import { reverseProxy } from './revproxy.js';
import websocket from './websocket.js';

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };
const NO_HTTP = 'Plain HTTP is not served under this path, only WebSocket.\n';
const NO_WEBSOCKET = 'WebSocket is not served under this path, or not with this subprotocol.\n';

export default defineHttpHandler({
  type: 'mod_cowboy',
  routes: ({ host, path, http, xmpp }, surroundings) => {
    const proxy = http && reverseProxy(http, surroundings);
    const endpoint = xmpp && websocket.routes(xmpp, surroundings)[0]?.handler.websocket;
    const handler: HttpHandler = {
      methods: PROXY_METHODS,
      maxBodyBytes: proxy?.maxBodyBytes ?? 0,
      websocket: endpoint && { ...endpoint, isOneOfSeveral: true },
      handle: (request, response) => {
        if (!isHandshake(request)) {
          if (proxy) return proxy.handle(request, response);
          return response.send(404, PLAIN, NO_HTTP);
        }
        if (!endpoint) return response.send(404, PLAIN, NO_WEBSOCKET);
        const problem = handshakeProblem(request.method, (name) => request.header(name), endpoint);
        // One without a problem is an upgrade, and does not come here.
        return response.send(problem?.status ?? 400, { ...PLAIN, ...problem?.fields }, `${problem?.text ?? ''}\n`);
      },
    };
    return [{ host, path, handler }];
  },
});

function isHandshake(request: HttpRequest): boolean {
  return (request.header('upgrade') ?? '').toLowerCase().includes('websocket');
}
