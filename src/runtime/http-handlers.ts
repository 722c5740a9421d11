/** Every type of handler that `[[listen.http]]` may have. */
import type { HandlerSurroundings, HttpHandlerType } from '../net/http/define-handler.js';
import bosh from '../net/http/handlers/bosh.js';
import cowboy from '../net/http/handlers/cowboy.js';
import health from '../net/http/handlers/health.js';
import hostMeta from '../net/http/handlers/host-meta.js';
import revproxy from '../net/http/handlers/revproxy.js';
import webClient from '../net/http/handlers/web-client.js';
import websocket from '../net/http/handlers/websocket.js';
import type { RouteEntry } from '../net/http/routes.js';

const types = [bosh, cowboy, health, hostMeta, revproxy, webClient, websocket] as unknown as readonly HttpHandlerType[];

/** The routes of a listener. */
export function httpRoutes(surroundings: HandlerSurroundings): RouteEntry[] {
  return surroundings.listener.handlers.flatMap((settings) => {
    const known = types.find(({ type }) => type === settings.type);
    if (!known) throw new Error(`there is no handler of type ${settings.type}`);
    return known.routes(settings, surroundings);
  });
}
