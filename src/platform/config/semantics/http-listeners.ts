/** The `listen.http` tables and the handlers within, whichever generation of names they are called by. */
import { PathPattern } from '../../path-pattern.js';
import type { Path } from '../problems.js';
import type { BoshSettings, HttpHandlerSettings, HttpListener, Limit, WebSocketSettings } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Names } from './access.js';
import { type Draft, pick } from './draft.js';
import { buildAddress, checkProxy, stateTimeout } from './listeners.js';
import { buildCowboy, buildReverseProxy } from './reverse-proxies.js';
import { buildHttpTls } from './tls.js';

const AS_IT_IS = ['port', 'proxy_protocol', 'proxy_trusted', 'forwarded_trusted', 'forwarded_header'];
const PLACE = ['host', 'path'];

export function buildHttpListener(draft: Draft, path: Path, own: Table, names: Names): HttpListener {
  const table = draft.filled('listen.http[]', own);
  const transport = draft.filled('listen.http[].transport', draft.table(...path, 'transport'));
  const protocol = draft.filled('listen.http[].protocol', draft.table(...path, 'protocol'));
  checkProxy(draft, path, table);
  return {
    ...(pick(table, AS_IT_IS) as unknown as HttpListener),
    ...buildAddress(draft, path, own),
    max_connections: transport['max_connections'] as Limit,
    compress: protocol['compress'] === true,
    handlers: buildHandlers(draft, [...path, 'handlers'], names),
    ...(isTable(own['tls']) && { tls: buildHttpTls(draft, [...path, 'tls'], own['tls']) }),
  };
}

type Build<Settings = HttpHandlerSettings> = (draft: Draft, path: Path, own: Table, names: Names) => Settings;

const builders: Readonly<Record<string, Build>> = {
  mongoose_bosh_handler: bosh('mongoose_bosh_handler'),
  mod_bosh: bosh('mod_bosh'),
  mongoose_websocket_handler: websocket('mongoose_websocket_handler'),
  mod_websockets: websocket('mod_websockets'),
  mod_revproxy: (draft, path, own) => buildReverseProxy(draft, path, own, own),
  mod_cowboy: (draft, path, own, names) => buildCowboy(draft, path, own, names, websocket('mod_websockets')),
  meerkat_health_handler: plain('meerkat_health_handler', PLACE),
  meerkat_web_client: webClient,
  meerkat_host_meta_handler: plain('meerkat_host_meta_handler', [...PLACE, 'websocket_url', 'bosh_url']),
};

function buildHandlers(draft: Draft, section: Path, names: Names): HttpHandlerSettings[] {
  return Object.keys(draft.table(...section)).flatMap((type) => {
    const build = builders[type];
    if (!build) return [];
    return draft.tables(...section, type).map((own, index) => build(draft, [...section, type, index], own, names));
  });
}

function plain(type: HttpHandlerSettings['type'], options: readonly string[]): Build {
  return (draft, _path, own) => {
    const table = draft.filled(`listen.http[].handlers.${type}[]`, own);
    return { type, ...pick(table, options) } as unknown as HttpHandlerSettings;
  };
}

/** The files of the page are below its path, so this has to be one path. */
function webClient(draft: Draft, path: Path, own: Table, names: Names): HttpHandlerSettings {
  if (typeof own['path'] === 'string' && !PathPattern.isLiteral(own['path'])) {
    draft.find('value', [...path, 'path'], 'value', 'expected one path, without ":name" and brackets');
  }
  return plain('meerkat_web_client', PLACE)(draft, path, own, names);
}

const BOSH_OPTIONS = ['max_stanza_size', 'state_timeout', 'backwards_compatible_session', 'access', 'allowed_origins'];
const SERVICE_OPTIONS = ['inactivity', 'max_wait', 'max_pause', 'server_acks', 'host_types'];

function bosh(name: string): Build {
  return (draft, path, own, names) => {
    const table = draft.filled(`listen.http[].handlers.${name}[]`, own);
    names.checkRule(draft, [...path, 'access'], own['access']);
    return {
      ...(pick(table, [...PLACE, ...BOSH_OPTIONS]) as unknown as BoshSettings),
      ...pick(boshService(draft), SERVICE_OPTIONS),
      type: 'mongoose_bosh_handler',
      shaper: names.shaper(draft, [...path, 'shaper'], own['shaper']),
    };
  };
}

/** The options of all handlers stand in a place of their own, which was another one before MongooseIM 6.6. */
function boshService(draft: Draft): Table {
  const service = draft.table('services', 'service_bosh');
  const { maxpause, ...module } = draft.table('modules', 'mod_bosh');
  const older = { ...(maxpause !== undefined && { max_pause: maxpause }), ...module };
  return draft.filled('services.service_bosh', { ...older, ...service });
}

const WEBSOCKET_OPTIONS = [
  'timeout',
  'ping_rate',
  'max_stanza_size',
  'backwards_compatible_session',
  'access',
  'permessage_deflate',
  'allowed_origins',
  'see_other_uri',
];

function checkOtherUri(draft: Draft, path: Path, { see_other_uri: uri }: Table): void {
  if (typeof uri !== 'string' || !URL.canParse(uri) || /^(?:ws|http)s?:$/.test(new URL(uri).protocol)) return;
  draft.find('value', [...path, 'see_other_uri'], 'value', 'expected an address of ws, wss, http or https');
}

function websocket(name: string): Build<WebSocketSettings> {
  return (draft, path, own, names) => {
    const table = draft.filled(`listen.http[].handlers.${name}[]`, own);
    names.checkRule(draft, [...path, 'access'], own['access']);
    checkOtherUri(draft, path, own);
    const options = pick(table, [...PLACE, ...WEBSOCKET_OPTIONS]) as unknown as WebSocketSettings;
    const { ping_rate, ...rest } = options;
    return {
      ...rest,
      type: 'mongoose_websocket_handler',
      // The older spelling of no pings.
      ...(typeof ping_rate === 'number' && { ping_rate }),
      shaper: names.shaper(draft, [...path, 'shaper'], own['shaper']),
      state_timeout: stateTimeout(draft, path, own) ?? (table['state_timeout'] as number),
    };
  };
}
