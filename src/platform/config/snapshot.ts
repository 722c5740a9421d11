/** Makes the snapshot from a file whose single options are valid, and finds what contradicts in it. */
import type { CatalogueNode } from './catalogue.js';
import { buildAcls, buildRules, buildShapers, Names } from './semantics/access.js';
import { buildAuth, namesAnyMethod } from './semantics/auth.js';
import { Draft } from './semantics/draft.js';
import { buildHostTypes } from './semantics/host-types.js';
import { buildGeneral } from './semantics/hosts.js';
import { buildLdapPools } from './semantics/ldap-pools.js';
import { buildListeners } from './semantics/listeners.js';
import { buildModules } from './semantics/modules.js';
import { buildRdbmsPools } from './semantics/pools.js';
import type { AccessRules, Meerkat, PlainConfig } from './types.js';
import { isTable, type Table } from './validate.js';

export interface Built {
  readonly draft: Draft;
  readonly plain: PlainConfig;
}

/** `raw` is the file as parsed: it tells what was left out from what was dropped as wrong. */
export function buildSnapshot(raw: Table, valid: Table, root: CatalogueNode, file: string | undefined): Built {
  const draft = new Draft(valid, root);
  const general = buildGeneral(draft, raw);
  const shaper = buildShapers(draft);
  const outgoing_pools = { rdbms: buildRdbmsPools(draft), ldap: buildLdapPools(draft) };
  const pools = { rdbms: Object.keys(outgoing_pools.rdbms), ldap: Object.keys(outgoing_pools.ldap) };
  const acl = buildAcls(draft, ['acl']);
  const access = buildRules(draft, ['access'], acl);
  const names = new Names(allRules(draft, access), shaper);
  const auth = buildAuth(draft, ['auth'], pools);
  const modules = buildModules(draft, ['modules'], pools, names);
  const host_types = buildHostTypes(draft, { general, global: { auth, acl, access, modules }, pools, names });
  if (!namesAnyMethod(raw['auth']) && host_types.some((hostType) => hostType.auth.methods.length === 0)) {
    draft.note('advice', ['auth'], 'names no method, so nobody can log in');
  }
  const listen = buildListeners(draft, names, general);
  if (listen.c2s.length + listen.http.length === 0)
    draft.note('advice', ['listen'], 'has no listener for clients, so nobody can connect');
  const plain: PlainConfig = {
    ...(file !== undefined && { file }),
    general,
    meerkat: buildMeerkat(draft),
    listen,
    auth,
    acl,
    access,
    shaper,
    modules,
    outgoing_pools,
    host_types,
  };
  return { draft, plain };
}

function buildMeerkat(draft: Draft): Meerkat {
  return {
    ...draft.filled('meerkat', draft.table('meerkat')),
    limits: draft.filled('meerkat.limits', draft.table('meerkat', 'limits')),
    overload: draft.filled('meerkat.overload', draft.table('meerkat', 'overload')),
  } as unknown as Meerkat;
}

/** A listener serves all host types, so it may name a rule that only some of them have. */
function allRules(draft: Draft, global: AccessRules): AccessRules {
  const own = draft.tables('host_config').map(({ access }) => (isTable(access) ? access : {}));
  return Object.assign({}, ...own, global) as AccessRules;
}
