/** The `host_config` tables, merged with the top level into the settings of each host type. */
import { prepareDomain } from '../../../protocol/jid.js';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { General, HostTypeConfig, PlainConfig } from '../types.js';
import type { Table } from '../validate.js';
import { buildAcls, buildRules, mergeAcls, mergeRules, type Names } from './access.js';
import { buildAuth } from './auth.js';
import type { Draft, PoolTags } from './draft.js';
import { unknownHost } from './hosts.js';
import { buildModules } from './modules.js';

type Global = Pick<PlainConfig, 'auth' | 'acl' | 'access' | 'modules'>;

export interface HostTypeParts {
  readonly general: General;
  readonly global: Global;
  readonly pools: PoolTags;
  readonly names: Names;
}

export function buildHostTypes(draft: Draft, parts: HostTypeParts): HostTypeConfig[] {
  const { general } = parts;
  const own = ownTables(draft, general);
  return [...general.hosts, ...general.host_types].map((name) => {
    const index = own.get(name);
    const domains = general.hosts.includes(name) ? [name] : [];
    const { replaced_wait_timeout } = general;
    if (index === undefined) return { name, domains, general: { replaced_wait_timeout }, ...parts.global };
    return { name, domains, ...buildOwn(draft, ['host_config', index], parts) };
  });
}

/** `auth` and `modules` replace those of the top level; `acl` and `access` are merged with them. */
function buildOwn(
  draft: Draft,
  path: Path,
  { general, global, pools, names }: HostTypeParts,
): Omit<HostTypeConfig, 'name' | 'domains'> {
  const own: Table = draft.table(...path);
  const wait = draft.table(...path, 'general')['replaced_wait_timeout'] as number | undefined;
  const acl = mergeAcls(global.acl, buildAcls(draft, [...path, 'acl']));
  return {
    general: { replaced_wait_timeout: wait ?? general.replaced_wait_timeout },
    auth: own['auth'] === undefined ? global.auth : buildAuth(draft, [...path, 'auth'], pools),
    modules: own['modules'] === undefined ? global.modules : buildModules(draft, [...path, 'modules'], pools, names),
    acl,
    access: mergeRules(global.access, buildRules(draft, [...path, 'access'], acl)),
  };
}

/** Index of the table of each host type. */
function ownTables(draft: Draft, general: General): ReadonlyMap<string, number> {
  const known = [...general.hosts, ...general.host_types];
  const found = new Map<string, number>();
  for (const [index, table] of draft.tables('host_config').entries()) {
    const path = ['host_config', index];
    const key = table['host_type'] === undefined ? 'host' : 'host_type';
    const text = table[key];
    if (table['host'] !== undefined && table['host_type'] !== undefined) {
      draft.find(
        'contradiction',
        [...path, 'host'],
        'key',
        'host_type is set too, expected one of them: both name the host type',
      );
    }
    if (typeof text !== 'string') {
      draft.find('missing', path, 'key', 'host is missing, expected host or host_type with one of general.hosts');
      continue;
    }
    const name = prepareDomain(text) ?? text;
    if (!known.includes(name)) {
      draft.find(
        'contradiction',
        [...path, key],
        'value',
        `${unknownHost(text, known)}, expected one of general.hosts`,
      );
    } else if (found.has(name)) {
      const first = `host_config[${found.get(name)}]`;
      draft.find(
        'contradiction',
        [...path, key],
        'value',
        `${quote(text)} is configured in ${first} already, expected one table`,
      );
    } else found.set(name, index);
  }
  return found;
}
