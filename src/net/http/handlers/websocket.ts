/** `mongoose_websocket_handler`: lets clients in over WebSocket (RFC 7395). */
import type { Clock } from '../../../platform/clock.js';
import type { Config, Limit, WebSocketSettings } from '../../../platform/config/index.js';
import { OriginList } from '../../../platform/origin.js';
import { streamLimits } from '../../c2s/stream-limits.js';
import { carrierFacts } from '../carrier-facts.js';
import { defineHttpHandler } from '../define-handler.js';
import type { WebSocketEndpoint } from '../handler.js';
import { IdleWatch } from '../idle-watch.js';
import { WebSocketClient } from '../websocket-client.js';
import { RedirectedClient, type RedirectOptions } from '../websocket-redirect.js';

/** RFC 7395 section 3.1. */
const SUBPROTOCOL = 'xmpp';
/** How far a message may be over the limit of stanzas to be refused by a stream error, and not by the end of the connection. */
const SPARE_MESSAGE_BYTES = 64 * 1024;

export default defineHttpHandler({
  type: 'mongoose_websocket_handler',
  routes: (settings, { config, listener, clients, unready, clock }) => {
    const { host, path, permessage_deflate: compress, see_other_uri } = settings;
    const entrance = clients(settings, 'websocket');
    const pingMs = settings.ping_rate ?? Number.POSITIVE_INFINITY;
    const watch = new IdleWatch({ timeoutMs: milliseconds(settings.timeout), pingMs, clock });
    const surroundings = { watch, isStopping: () => unready() !== undefined };
    const redirect = see_other_uri === undefined ? undefined : redirectOf(see_other_uri, settings, config, clock);
    const websocket: WebSocketEndpoint = {
      protocol: SUBPROTOCOL,
      maxMessageBytes: streamLimits(settings).maxStanzaBytes + SPARE_MESSAGE_BYTES,
      compress,
      origins: settings.allowed_origins && new OriginList(settings.allowed_origins),
      open: (socket, { client }) => {
        if (redirect) return new RedirectedClient(socket, redirect);
        const one = new WebSocketClient(socket, surroundings);
        one.begin(entrance.attach(carrierFacts(client, listener), one));
        return one;
      },
    };
    // Whoever comes without an upgrade is told what is missing.
    return [{ host, path, handler: { methods: [], maxBodyBytes: 0, websocket, handle: () => {} } }];
  },
});

function redirectOf(
  uri: string,
  { state_timeout }: WebSocketSettings,
  { general }: Config,
  clock: Clock,
): RedirectOptions {
  return {
    ...{ uri, clock, domains: general.hosts, defaultDomain: general.default_server_domain },
    timeoutMs: state_timeout === 'infinity' ? Number.POSITIVE_INFINITY : state_timeout,
  };
}

/** 0 turns it off, as no time at all would end every connection at once. */
function milliseconds(limit: Limit): number {
  return limit === 'infinity' || limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
