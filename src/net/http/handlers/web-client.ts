/** `meerkat_web_client`: the page on which somebody new sees what runs here, and chats at once. */
import { defineHttpHandler, type HandlerSurroundings } from '../define-handler.js';
import type { HeaderFields, HttpHandler, HttpRequest, HttpResponse } from '../handler.js';
import type { RouteEntry } from '../routes.js';
import { serverFacts, webSocketElsewhere } from '../web-client/server-facts.js';
import { compiledSite, type Site, type SiteFile, tagOf } from '../web-client/site.js';
import { below } from './below.js';

export default defineHttpHandler({
  type: 'meerkat_web_client',
  routes: ({ host, path }, surroundings) => {
    const site = compiledSite();
    return webClientRoutes(site, path, surroundings).map((route) => ({ host, ...route }));
  },
});

/** The page, what it is told of the server, and its files: each at a path of its own, so that no path leads anywhere else. */
export function webClientRoutes(
  site: Site,
  path: string,
  surroundings: HandlerSurroundings,
): Omit<RouteEntry, 'host'>[] {
  const about = (request: HttpRequest): SiteFile => {
    const bytes = Buffer.from(JSON.stringify(serverFacts(surroundings, request)));
    return { name: 'server.json', type: 'application/json', bytes, tag: tagOf(bytes) };
  };
  const page = (request: HttpRequest, response: HttpResponse) => {
    if (!request.path.endsWith('/')) return toFolder(request, response);
    give(request, response, site.page, { ...REVALIDATED, ...pageFields(surroundings, request) });
  };
  return [
    { path, handler: giving(page) },
    {
      path: below(path, 'server.json'),
      handler: giving((request, response) => give(request, response, about(request), REVALIDATED)),
    },
    ...site.files.map((file) => ({
      path: below(path, `assets/${site.version}/${file.name}`),
      handler: giving((request, response) => give(request, response, file, FOREVER)),
    })),
  ];
}

/** What may change with the next start of the server is asked for each time, which costs one answer without a body. */
const REVALIDATED: HeaderFields = { 'cache-control': 'no-cache' };
/** The version of all files is part of their paths. */
const FOREVER: HeaderFields = { 'cache-control': 'public, max-age=31536000, immutable' };
const EVERYWHERE: HeaderFields = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

function giving(handle: HttpHandler['handle']): HttpHandler {
  return { methods: ['GET'], maxBodyBytes: 0, handle };
}

function give(request: HttpRequest, response: HttpResponse, file: SiteFile, fields: HeaderFields): void {
  // Weak: compression on the way may change the bytes (RFC 9110 section 8.8.1).
  const all = { ...EVERYWHERE, ...fields, etag: `W/"${file.tag}"` };
  if (matches(request.header('if-none-match'), file.tag)) response.send(304, all);
  else response.send(200, { ...all, 'content-type': file.type }, file.bytes);
}

/** RFC 9110 section 13.1.2: compared weakly. */
function matches(field: string | undefined, tag: string): boolean {
  return (field ?? '').split(',').some((one) => {
    const asked = one.trim();
    return asked === '*' || asked.replace(/^W\//, '') === `"${tag}"`;
  });
}

/** The files of the page are named relative to it, whatever a proxy puts before the path. */
function toFolder(request: HttpRequest, response: HttpResponse): void {
  const name = request.path.slice(request.path.lastIndexOf('/') + 1);
  response.send(308, { ...REVALIDATED, location: `./${name}/` });
}

/** Of a WebSocket elsewhere. The host is what the client said: nothing that means something else in a policy gets into one. */
function originOf(address: string): string {
  const origin = URL.canParse(address) ? new URL(address).origin : '';
  return /^wss?:\/\/[\w.:[\]-]+$/.test(origin) ? ` ${origin}` : '';
}

/** Nothing but what comes from here is loaded, run or framed, and no text becomes markup. */
function pageFields(surroundings: HandlerSurroundings, request: HttpRequest): HeaderFields {
  const elsewhere = webSocketElsewhere(surroundings, request);
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${elsewhere === undefined ? '' : originOf(elsewhere)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types meerkat-xml',
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
  };
}
