/** `mod_revproxy`: passes requests on to other servers, by the routes of the configuration and no others. */
import type { ReverseProxySettings } from '../../../platform/config/index.js';
import { PROXY_METHODS, ProxyRoute, type ProxyTarget } from '../../../platform/proxy-route.js';
import { defineHttpHandler, type HandlerSurroundings } from '../define-handler.js';
import type { HttpHandler, HttpRequest, HttpResponse } from '../handler.js';
import { requestFields } from '../proxy/fields.js';
import { Passage } from '../proxy/passage.js';
import { Upstreams } from '../proxy/upstreams.js';

export default defineHttpHandler({
  type: 'mod_revproxy',
  routes: (settings, surroundings) => {
    const { host, path } = settings;
    return [{ host, path, handler: reverseProxy(settings, surroundings) }];
  },
});

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };
/** Anything else is not part of a request line (RFC 9112 section 3.2). */
const ASKED = /^[!-~]*$/;

export function reverseProxy(
  { timeout, body_length, custom_headers, routes }: Omit<ReverseProxySettings, 'type'>,
  { pseudonym, clock, log }: Pick<HandlerSurroundings, 'pseudonym' | 'clock' | 'log'>,
): HttpHandler {
  const known = routes.map((route) => new ProxyRoute(route));
  const around = { upstreams: new Upstreams(timeout), timeoutMs: timeout, clock, log };
  return {
    methods: PROXY_METHODS,
    maxBodyBytes: body_length === 'infinity' ? Number.MAX_SAFE_INTEGER : body_length,
    handle: (request, response) => {
      const refuse = (status: number, text: string) => response.send(status, PLAIN, `${text}\n`);
      if (!isPlain(request)) return refuse(400, 'The request line has characters that are not passed on.');
      const target = targetOf(known, request);
      if (!target) return refuse(404, 'No route of mod_revproxy leads from here.');
      if (request.header('via')?.includes(pseudonym))
        return refuse(508, 'The request came here before: a route leads back.');
      const headers = requestFields(request, custom_headers, `1.1 ${pseudonym}`);
      if (!headers) return refuse(400, 'A header field has characters that are not passed on.');
      pass(request, response, { ...target, method: request.method, headers }, around);
    },
  };
}

function isPlain({ path, query }: HttpRequest): boolean {
  return path.startsWith('/') && ASKED.test(path) && ASKED.test(query) && !/[#\\]/.test(path + query);
}

function targetOf(routes: readonly ProxyRoute[], request: HttpRequest): ProxyTarget | undefined {
  const { method, host, path, query } = request;
  const port = /:(\d+)$/.exec(request.header('host') ?? '')?.[1] ?? '';
  for (const route of routes) {
    const target = route.match({ method, host, port, path });
    if (target) return query === '' ? target : { ...target, path: `${target.path}?${query}` };
  }
  return undefined;
}

function pass(
  request: HttpRequest,
  response: HttpResponse,
  target: ConstructorParameters<typeof Passage>[1],
  around: ConstructorParameters<typeof Passage>[0],
): void {
  new Passage(around, target, response).begin(request);
}
