/** `mod_revproxy` and `mod_cowboy` of `[[listen.http]]`, with the routes that stand in `[modules.mod_revproxy]`. */
import { HOP_BY_HOP_FIELDS } from '../../hop-by-hop.js';
import { ProxyRoute, ProxyRouteError, type ProxyRouteSettings } from '../../proxy-route.js';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { CowboySettings, ReverseProxySettings, WebSocketSettings } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Names } from './access.js';
import { type Draft, pick } from './draft.js';

const OPTIONS = ['timeout', 'body_length'];
/** They say where a message ends, or are told by the proxy itself. */
const OWN_FIELDS = new Set(['content-length', 'via']);
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** `place` holds its host and its path, `own` its options. */
export function buildReverseProxy(draft: Draft, path: Path, place: Table, own: Table): ReverseProxySettings {
  const table = draft.filled('listen.http[].handlers.mod_revproxy[]', own);
  return {
    ...(pick(place, ['host', 'path']) as unknown as ReverseProxySettings),
    ...pick(table, OPTIONS),
    type: 'mod_revproxy',
    custom_headers: buildFields(draft, [...path, 'custom_headers']),
    routes: proxyRoutes(draft),
  };
}

export type BuildWebSocket = (draft: Draft, path: Path, own: Table, names: Names) => WebSocketSettings;

export function buildCowboy(
  draft: Draft,
  path: Path,
  own: Table,
  names: Names,
  buildWebSocket: BuildWebSocket,
): CowboySettings {
  const proxy = draft.table(...path, 'http')['mod_revproxy'];
  const webSocket = draft.table(...path, 'ws', 'xmpp')['mod_websockets'];
  const place = pick(own, ['host', 'path']);
  if (!isTable(proxy) && !isTable(webSocket)) {
    const text = 'serves nothing, expected http.mod_revproxy or ws.xmpp.mod_websockets';
    draft.find('missing', path, 'key', text);
  }
  const webSocketPath = [...path, 'ws', 'xmpp', 'mod_websockets'];
  return {
    ...(place as unknown as CowboySettings),
    type: 'mod_cowboy',
    ...(isTable(proxy) && { http: buildReverseProxy(draft, [...path, 'http', 'mod_revproxy'], place, proxy) }),
    ...(isTable(webSocket) && { xmpp: buildWebSocket(draft, webSocketPath, { ...place, ...webSocket }, names) }),
  };
}

function buildFields(draft: Draft, path: Path): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(draft.table(...path))) {
    const lower = name.toLowerCase();
    const isOurs = HOP_BY_HOP_FIELDS.has(lower) || OWN_FIELDS.has(lower);
    if (isOurs) draft.find('value', [...path, name], 'key', 'is set by the proxy, expected another header field');
    else if (!TOKEN.test(name)) draft.find('value', [...path, name], 'key', 'is no name of a header field');
    else if (!VALUE.test(String(value))) {
      draft.find('value', [...path, name], 'value', `${quote(value)} is no value of a header field`);
    }
    fields[lower] = String(value);
  }
  return fields;
}

function proxyRoutes(draft: Draft): ProxyRouteSettings[] {
  return draft.tables('modules', 'mod_revproxy', 'routes').map((own) => {
    return draft.filled('modules.mod_revproxy.routes[]', own) as unknown as ProxyRouteSettings;
  });
}

export function checkProxyRoutes(draft: Draft): void {
  for (const [index, own] of draft.tables('modules', 'mod_revproxy', 'routes').entries()) {
    const route = draft.filled('modules.mod_revproxy.routes[]', own) as unknown as ProxyRouteSettings;
    // What is missing is told elsewhere.
    if ([route.host, route.path, route.upstream].includes(undefined as never)) continue;
    try {
      new ProxyRoute(route);
    } catch (error) {
      if (!(error instanceof ProxyRouteError)) throw error;
      const at = ['modules', 'mod_revproxy', 'routes', index, error.option];
      draft.find('value', at, 'value', error.message);
    }
  }
}
