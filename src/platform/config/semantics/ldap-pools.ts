/** The `outgoing_pools.ldap` tables. */
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { LdapConnection, LdapPool, PoolTls } from '../types.js';
import { isTable, type Table } from '../validate.js';
import { type Draft, pick } from './draft.js';
import { buildPoolTls } from './tls.js';

const PORT = 389;
const TLS_PORT = 636;

export function buildLdapPools(draft: Draft): Readonly<Record<string, LdapPool>> {
  const pools: Record<string, LdapPool> = {};
  for (const [tag, own] of Object.entries(draft.table('outgoing_pools', 'ldap'))) {
    if (!isTable(own)) continue;
    const table = draft.filled('outgoing_pools.ldap.*', own);
    pools[tag] = {
      tag,
      ...(pick(table, ['workers', 'call_timeout', 'max_worker_queue_len']) as Pick<
        LdapPool,
        'workers' | 'call_timeout'
      >),
      connection: buildConnection(draft, ['outgoing_pools', 'ldap', tag, 'connection']),
    };
  }
  return pools;
}

function buildConnection(draft: Draft, path: Path): LdapConnection {
  const own = draft.table(...path);
  const table = draft.filled('outgoing_pools.ldap.*.connection', own);
  checkServers(draft, [...path, 'servers'], table['servers'] as string[]);
  const root_dn = rootDn(draft, path, own);
  if (root_dn !== '' && table['password'] === '') {
    const text =
      'has a root_dn without a password: servers take that for nobody (RFC 4513 section 5.1.2), or refuse it';
    draft.note('advice', path, text);
  }
  const tls = buildTls(draft, path, own);
  return {
    servers: table['servers'] as string[],
    port: (own['port'] as number | undefined) ?? (tls ? TLS_PORT : PORT),
    root_dn,
    password: table['password'] as string,
    connect_interval: table['connect_interval'] as number,
    ...(tls && { tls }),
  };
}

function checkServers(draft: Draft, path: Path, servers: readonly string[]): void {
  if (servers.length === 0) draft.find('value', path, 'value', 'an empty array is not allowed, expected host names');
  for (const [index, server] of servers.entries()) {
    const at = [...path, index];
    if (servers.indexOf(server) < index)
      draft.find('value', at, 'value', `${quote(server)} is there twice, expected each value once`);
    else if (server === '' || /[\s/]/.test(server) || /^[^:]*:[^:]*$/.test(server))
      draft.find('value', at, 'value', `${quote(server)} is not allowed, expected a host name or an IP address`);
  }
}

/** `rootdn` is the older word. */
function rootDn(draft: Draft, path: Path, { root_dn: current, rootdn: old }: Table): string {
  if (old === undefined) return (current as string | undefined) ?? '';
  draft.note('renamed', [...path, 'rootdn'], 'is called root_dn since MongooseIM 5.1');
  if (current !== undefined && current !== old) {
    const text = 'root_dn is set too, and to something else; expected root_dn alone';
    draft.find('contradiction', [...path, 'rootdn'], 'key', text);
  }
  return old as string;
}

/** TLS is used where there is a table for it; `encrypt` said so until 5.0. */
function buildTls(draft: Draft, path: Path, { encrypt, tls }: Table): PoolTls | undefined {
  if (encrypt !== undefined) {
    const text = 'is gone since MongooseIM 5.1: a table tls beside it says the same';
    draft.note('renamed', [...path, 'encrypt'], text);
  }
  if (encrypt === 'none' && isTable(tls)) {
    const text = `${quote('none')} contradicts the table tls, expected one of them alone`;
    draft.find('contradiction', [...path, 'encrypt'], 'value', text);
  }
  if (isTable(tls)) return buildPoolTls(draft, [...path, 'tls'], tls);
  return encrypt === 'tls' ? buildPoolTls(draft, [...path, 'tls'], {}) : undefined;
}
