/** The `listen` tables: addresses, limits, and what they refer to. */
import { isIP } from 'node:net';
import type { Path } from '../problems.js';
import type { C2sListener, General, PlainConfig } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Names } from './access.js';
import { type Draft, pick } from './draft.js';
import { buildHttpListener } from './http-listeners.js';
import { buildListenerTls } from './tls.js';

const AS_IT_IS = [
  'port',
  'backlog',
  'access',
  'max_stanza_size',
  'max_connections',
  'backwards_compatible_session',
  'proxy_protocol',
  'proxy_trusted',
];

export function buildListeners(draft: Draft, names: Names, general: General): PlainConfig['listen'] {
  const c2s = draft.tables('listen', 'c2s').map((own, index) => {
    return buildC2sListener(draft, ['listen', 'c2s', index], own, names, general);
  });
  const http = draft.tables('listen', 'http').map((own, index) => {
    return buildHttpListener(draft, ['listen', 'http', index], own, names);
  });
  checkAddresses(draft, { c2s, http });
  return { c2s, http };
}

function buildC2sListener(draft: Draft, path: Path, own: Table, names: Names, general: General): C2sListener {
  const table = draft.filled('listen.c2s[]', own);
  names.checkRule(draft, [...path, 'access'], own['access']);
  checkProxy(draft, path, table);
  const max_fsm_queue = own['max_fsm_queue'] ?? general.max_fsm_queue;
  return {
    ...(pick(table, AS_IT_IS) as unknown as C2sListener),
    ...buildAddress(draft, path, own),
    shaper: names.shaper(draft, [...path, 'shaper'], own['shaper']),
    reuse_port: true,
    state_timeout: stateTimeout(draft, path, own) ?? (table['state_timeout'] as number),
    ...pick({ max_fsm_queue }, ['max_fsm_queue']),
    ...pick(own, ['allowed_auth_methods', 'zlib']),
    ...(isTable(own['tls']) && { tls: buildListenerTls(draft, [...path, 'tls'], own['tls']) }),
  };
}

/** Trust in a header that nobody reads is a mistake, and one that lets everybody in. */
export function checkProxy(draft: Draft, path: Path, table: Table): void {
  if (table['proxy_protocol'] === true || (table['proxy_trusted'] as readonly string[]).length === 0) return;
  const text = 'only says who may send a PROXY header, expected proxy_protocol = true beside it';
  draft.find('contradiction', [...path, 'proxy_trusted'], 'key', text);
}

export function buildAddress(draft: Draft, path: Path, own: Table): Pick<C2sListener, 'ip_address' | 'ip_version'> {
  const address = own['ip_address'] as string | undefined;
  const version = own['ip_version'] as 4 | 6 | undefined;
  if (address === undefined) return { ip_address: version === 6 ? '::' : '0.0.0.0', ip_version: version ?? 4 };
  const actual = isIP(address) as 4 | 6;
  if (version !== undefined && version !== actual) {
    const text = `${version} contradicts ip_address = "${address}", expected ${actual} or no ip_version`;
    draft.find('contradiction', [...path, 'ip_version'], 'value', text);
  }
  return { ip_address: address, ip_version: actual };
}

export function stateTimeout(draft: Draft, path: Path, own: Table): C2sListener['state_timeout'] | undefined {
  const { state_timeout: newer, c2s_state_timeout: older } = own as Partial<
    Record<string, C2sListener['state_timeout']>
  >;
  if (older === undefined) return newer;
  const place = [...path, 'c2s_state_timeout'];
  draft.note('renamed', place, 'is called state_timeout since MongooseIM 6.3');
  if (newer !== undefined && newer !== older) {
    draft.find('contradiction', place, 'key', 'state_timeout is set too, and differs, expected one of them');
  }
  return newer ?? older;
}

/** Port 0 lets the system choose, so it clashes with nothing. */
function checkAddresses(draft: Draft, listen: PlainConfig['listen']): void {
  const all = (['c2s', 'http'] as const).flatMap((type) => listen[type].map((own, index) => ({ ...own, type, index })));
  for (const [position, { port, ip_address, ip_version, type, index }] of all.entries()) {
    const same = (other: (typeof all)[number]) =>
      other.port === port && other.ip_address === ip_address && other.ip_version === ip_version;
    const first = all.find(same);
    if (port === 0 || port === undefined || !first || first === all[position]) continue;
    const holder = `listen.${first.type}[${first.index}]`;
    const text = `port ${port} on ${ip_address} is taken by ${holder}, expected another port or ip_address`;
    draft.find('contradiction', ['listen', type, index, 'port'], 'value', text);
  }
}
