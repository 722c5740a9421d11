/** The `modules` section, of the top level or of a host type. */
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { Modules } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Names } from './access.js';
import { type Draft, type PoolTags, pick } from './draft.js';
import { checkProxyRoutes } from './reverse-proxies.js';
import { buildVcardLdap } from './vcard-ldap.js';

/** Tables inside a module whose options have defaults of their own. */
const innerTables: Readonly<Record<string, readonly string[]>> = {
  mod_mam: ['cache', 'retention', 'async_writer'],
  mod_register: ['welcome_message'],
  mod_stream_management: ['stale_h'],
};

/** Those that turn something on by being there. */
const optionalTables: Readonly<Record<string, readonly string[]>> = { mod_mam: ['pm'] };

/** Options that name an access rule. */
const ruleOptions: Readonly<Record<string, readonly string[]>> = {
  mod_register: ['access'],
  mod_offline: ['access_max_user_messages'],
};

/** Modules that are options of handlers. */
const ofHandlers = new Set(['mod_bosh', 'mod_revproxy']);

/** Options about the back ends and queues of MongooseIM, which no module of ours reads as they are. */
const NOT_READ = ['iqdisc', 'riak', 'ldap'];

export function buildModules(draft: Draft, section: Path, pools: PoolTags, names: Names): Modules {
  const modules: Record<string, Table> = {};
  for (const [name, own] of Object.entries(draft.table(...section))) {
    if (!isTable(own)) continue;
    const path = [...section, name];
    if (ofHandlers.has(name)) {
      checkOfHandler(draft, path);
      continue;
    }
    const filled = { ...draft.filled(`modules.${name}`, own) };
    for (const inner of innerTables[name] ?? []) {
      filled[inner] = draft.filled(`modules.${name}.${inner}`, draft.table(...path, inner));
    }
    for (const inner of optionalTables[name] ?? []) {
      if (isTable(own[inner])) filled[inner] = draft.filled(`modules.${name}.${inner}`, own[inner]);
    }
    for (const option of ruleOptions[name] ?? []) names.checkRule(draft, [...path, option], own[option]);
    if (name === 'mod_extdisco') checkServices(draft, [...path, 'service'], own['service']);
    const { at, table } = backendTable(path, own);
    if (table['backend'] !== undefined) filled['backend'] = table['backend'];
    chooseBackend(draft, at, filled, table, pools);
    modules[name] = pick(
      filled,
      Object.keys(filled).filter((option) => !NOT_READ.includes(option) && !option.startsWith('ldap_')),
    );
    if (name === 'mod_vcard') Object.assign(modules[name], buildVcardLdap(draft, path, own, pools.ldap));
  }
  const blocking = modules['mod_blocking'];
  // The blocking command is an entrance to privacy lists: it brings them along, in its own back end.
  if (blocking && !modules['mod_privacy'])
    modules['mod_privacy'] = { ...draft.filled('modules.mod_privacy', {}), ...pick(blocking, ['backend']) };
  return modules as Modules;
}

/** The handlers of `[[listen.http]]` read the options: they serve all host types alike. */
function checkOfHandler(draft: Draft, path: Path): void {
  if (path.at(-1) === 'mod_revproxy') checkProxyRoutes(draft);
  if (path[0] !== 'host_config') return;
  draft.find('contradiction', path, 'key', 'is the same for all host types, expected it in the section [modules]');
}

/** Archives of accounts may name their back end themselves. */
function backendTable(path: Path, own: Table): { at: Path; table: Table } {
  const { pm } = own;
  return isTable(pm) && pm['backend'] !== undefined ? { at: [...path, 'pm'], table: pm } : { at: path, table: own };
}

/** A default of `rdbms` means the embedded store when there is no pool; one that is asked for is never replaced. */
function chooseBackend(draft: Draft, path: Path, filled: Record<string, unknown>, own: Table, pools: PoolTags): void {
  if (filled['backend'] !== 'rdbms' || pools.rdbms.includes('default')) return;
  if (own['backend'] === undefined) {
    filled['backend'] = 'mnesia';
    return;
  }
  const text = `${quote('rdbms')} has no pool, expected a section [outgoing_pools.rdbms.default]`;
  draft.find('missing', [...path, 'backend'], 'value', text);
}

/** Names that are made cannot be given, too; and none of the texts means anything when it is empty. */
function checkServices(draft: Draft, path: Path, services: unknown): void {
  for (const [index, service] of (Array.isArray(services) ? services : []).entries()) {
    if (!isTable(service)) continue;
    for (const [option, value] of Object.entries(service)) {
      if (value === '') draft.find('value', [...path, index, option], 'value', 'is empty, expected a text');
    }
    const given = ['username', 'password'].find((option) => service[option] !== undefined);
    if (service['secret'] === undefined || given === undefined) continue;
    const text = `${given} is set too, expected either a secret or a user name with its password`;
    draft.find('contradiction', [...path, index, 'secret'], 'key', text);
  }
}
