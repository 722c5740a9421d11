/** `meerkat_host_meta_handler`: where clients find WebSocket and BOSH (XEP-0156 section 3). */
import type { HttpHandlerSettings, HttpListener } from '../../../platform/config/index.js';
import { PathPattern } from '../../../platform/path-pattern.js';
import { escapeXml } from '../../../protocol/element.js';
import { defineHttpHandler, type HandlerSurroundings, type SettingsOf } from '../define-handler.js';
import type { HttpHandler, HttpRequest } from '../handler.js';
import { below } from './below.js';

type Settings = SettingsOf<'meerkat_host_meta_handler'>;

export interface Link {
  readonly rel: string;
  readonly href: string;
}

interface Kind {
  readonly rel: string;
  readonly schemes: { readonly http: string; readonly https: string };
  /** The address in the settings that stands for what is served. */
  readonly given: (settings: Settings) => string | undefined;
}

/** By type of handler. */
const KINDS: Readonly<Partial<Record<HttpHandlerSettings['type'], Kind>>> = {
  mongoose_websocket_handler: {
    rel: 'urn:xmpp:alt-connections:websocket',
    schemes: { http: 'ws', https: 'wss' },
    given: ({ websocket_url }) => websocket_url,
  },
  mongoose_bosh_handler: {
    rel: 'urn:xmpp:alt-connections:xbosh',
    schemes: { http: 'http', https: 'https' },
    given: ({ bosh_url }) => bosh_url,
  },
};

export default defineHttpHandler({
  type: 'meerkat_host_meta_handler',
  routes: (settings, surroundings) => {
    const { host, path } = settings;
    const links = (request: HttpRequest) => linksOf(request, settings, surroundings);
    return [
      { host, path: below(path, 'host-meta'), handler: documentOf('application/xrd+xml; charset=utf-8', links, xrd) },
      { host, path: below(path, 'host-meta.json'), handler: documentOf('application/json', links, jrd) },
    ];
  },
});

function documentOf(
  type: string,
  links: (request: HttpRequest) => readonly Link[],
  write: (links: readonly Link[]) => string,
): HttpHandler {
  return {
    methods: ['GET'],
    maxBodyBytes: 0,
    // XEP-0156 section 3: browsers read it from pages of any origin.
    cors: { methods: ['GET'], headers: [], maxAgeSeconds: 86_400 },
    handle: (request, response) => response.send(200, { 'content-type': type }, write(links(request))),
  };
}

function linksOf(request: HttpRequest, settings: Settings, surroundings: HandlerSurroundings): Link[] {
  return Object.entries(KINDS).flatMap(([type, { rel, given }]) => {
    const own = given(settings);
    const found = own === undefined ? linksTo(type, request, surroundings) : [own.replaceAll('{host}', request.host)];
    return found.map((href) => ({ rel, href }));
  });
}

/** The addresses under which whoever asks reaches handlers of a type, one of those that are told of here. */
export function linksTo(type: string, request: HttpRequest, { config, listener }: HandlerSurroundings): string[] {
  const schemes = KINDS[type as HttpHandlerSettings['type']]?.schemes;
  if (!schemes) return [];
  const here = addressesHere(listener, type, request).map((path) => {
    return `${schemes[request.client.scheme]}://${request.header('host')}${path}`;
  });
  if (here.length > 0) return here;
  // A port of its own is told of where this one has nothing of the kind.
  return config.listen.http.flatMap((other) =>
    other === listener
      ? []
      : addressesHere(other, type, request).map((path) => {
          return `${schemes[other.tls ? 'https' : 'http']}://${request.host}:${other.port}${path}`;
        }),
  );
}

/** The paths of handlers that answer to the host asked for. A pattern stands for many paths, so it is not told. */
export function addressesHere({ handlers }: HttpListener, type: string, { host }: HttpRequest): string[] {
  return handlers
    .filter((one) => isOfType(one, type) && (one.host === '_' || one.host.toLowerCase() === host))
    .map(({ path }) => path)
    .filter((path) => PathPattern.isLiteral(path));
}

/** Also where it shares its path with others. */
function isOfType(one: HttpHandlerSettings, type: string): boolean {
  return one.type === type || (one.type === 'mod_cowboy' && one.xmpp?.type === type);
}

/** RFC 6415 section 2. */
function xrd(links: readonly Link[]): string {
  const lines = links.map(({ rel, href }) => `  <Link rel='${escapeXml(rel)}' href='${escapeXml(href)}'/>\n`);
  return `<?xml version='1.0' encoding='utf-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n${lines.join('')}</XRD>\n`;
}

/** RFC 6415 appendix A. */
function jrd(links: readonly Link[]): string {
  return `${JSON.stringify({ links })}\n`;
}
