/** What Meerkat does with each option of the catalogue; whatever is not listed is not served yet. */
import {
  accepted,
  acceptedAtDefault,
  acceptedExcept,
  type Support,
  served,
  servedExcept,
  unsupported,
} from './support-levels.js';
import { poolSupport } from './support-pools.js';

export type { Support, SupportLevel } from './support-levels.js';

const oneNode = 'this node keeps it in memory or in its embedded store';
const ownShard = 'a session lives in the shard where it began, and its name tells which one that is';
const noQueues = 'IQs are handled in order without queues of their own';
const iqdiscType: Support = {
  ...accepted(noQueues),
  values: {
    no_queue: accepted('so it is: the session that asks waits for the answer, and nobody else does'),
    one_queue: accepted('nobody waits for the requests of others, only a session for its own'),
    queues: accepted('nobody waits for the requests of others, only a session for its own'),
    parallel: accepted('so it is among sessions; those of one session are answered in their order'),
  },
};
const noRiak = unsupported('there is no Riak back end; use "rdbms" or "mnesia"');
const otherMethods = {
  external: unsupported(),
  http: unsupported(),
  jwt: unsupported(),
  ldap: unsupported(),
  pki: unsupported(),
  riak: noRiak,
};

/** The options that the archives of accounts share with those of rooms. */
function mam(kind: '' | 'pm.'): Record<string, Support> {
  const ours = acceptedAtDefault('the rules of MongooseIM are built in');
  const writers = accepted('each shard writes in one order, and the connections are those of the pool');
  const noModule = unsupported('there are no modules in Erlang');
  const noBackend = { cassandra: unsupported(), elasticsearch: unsupported() };
  const options: Record<string, Support> = {
    backend: servedExcept(noBackend),
    user_prefs_store: servedExcept({ cassandra: unsupported() }),
    is_archivable_message: ours,
    send_message: ours,
    delete_domain_limit: accepted('an archive is removed in small steps anyway'),
    extra_fin_element: noModule,
    extra_lookup_params: noModule,
    'async_writer.pool_size': writers,
  };
  for (const name of SERVED_BY_MAM) options[name] = served;
  return Object.fromEntries(
    Object.entries(options).map(([name, support]) => [`modules.mod_mam.${kind}${name}`, support]),
  );
}

const SERVED_BY_MAM = [
  ...['no_stanzaid_element', 'archive_chat_markers', 'message_retraction', 'full_text_search', 'cache_users'],
  ...['default_result_limit', 'max_result_limit', 'enforce_simple_queries', 'max_count'],
  ...['db_jid_format', 'db_message_format', 'async_writer'],
  ...['async_writer.enabled', 'async_writer.flush_interval', 'async_writer.batch_size'],
];

/** Where the options of the table `ldap` were until MongooseIM 5.0. */
const OLD_LDAP_OF_VCARD = [
  ...['ldap_pool_tag', 'ldap_base', 'ldap_uids', 'ldap_filter', 'ldap_deref', 'ldap_vcard_map'],
  ...['ldap_search_fields', 'ldap_search_reported', 'ldap_search_operator', 'ldap_binary_search_fields'],
];

/** Keys are catalogue paths; `.**` covers everything below. The longest match decides. */
const table: Readonly<Record<string, Support>> = {
  'general.loglevel': served,
  'general.hosts': served,
  'general.host_types': acceptedAtDefault('an empty list names no host type'),
  'general.default_server_domain': served,
  'general.language': served,
  'general.registration_timeout': served,
  'general.hide_service_name': served,
  'general.http_server_name': served,
  'general.replaced_wait_timeout': served,
  'general.max_fsm_queue': served,
  'general.domain_certfile': served,
  'general.domain_certfile[].**': served,
  'general.rdbms_server_type': accepted('the driver of the pool tells the type of the database'),
  'general.sm_backend': servedExcept({ redis: unsupported() }),
  'general.component_backend': accepted(oneNode),
  'general.s2s_backend': accepted(oneNode),
  'general.override': accepted('settings come from this file alone, so there is nothing to override'),
  'general.routing_modules': acceptedAtDefault('stanzas are routed in this order anyway'),
  'general.all_metrics_are_global': acceptedAtDefault('metrics carry their host type'),
  'general.pgsql_users_number_estimate': acceptedAtDefault('users are counted exactly'),

  meerkat: served,
  'meerkat.**': served,

  'listen.c2s[].port': served,
  'listen.c2s[].ip_address': served,
  'listen.c2s[].ip_version': served,
  'listen.c2s[].backlog': served,
  'listen.c2s[].access': served,
  'listen.c2s[].shaper': served,
  'listen.c2s[].max_stanza_size': served,
  'listen.c2s[].max_connections': served,
  'listen.c2s[].max_fsm_queue': served,
  'listen.c2s[].zlib': served,
  'listen.c2s[].state_timeout': served,
  'listen.c2s[].c2s_state_timeout': served,
  'listen.c2s[].backwards_compatible_session': served,
  'listen.c2s[].allowed_auth_methods': servedExcept(otherMethods),
  'listen.c2s[].proto': acceptedExcept('XMPP listeners speak TCP', {
    udp: unsupported('XMPP has no use for UDP'),
  }),
  'listen.c2s[].hibernate_after': accepted('an idle session holds no working memory at any time'),
  'listen.c2s[].num_acceptors': accepted('the kernel hands connections to the shards'),
  'listen.c2s[].reuse_port': accepted('all shards share the port already'),
  'listen.c2s[].proxy_protocol': served,
  'listen.c2s[].proxy_trusted': served,
  'listen.c2s[].tls.**': served,
  'listen.c2s[].tls.early_data': servedExcept({ true: unsupported() }),
  'listen.c2s[].tls.session_tickets': accepted('resumption of TLS sessions is left to OpenSSL'),
  'listen.c2s[].tls.keep_secrets': servedExcept({ true: unsupported() }),

  'listen.http[].port': served,
  'listen.http[].ip_address': served,
  'listen.http[].ip_version': served,
  'listen.http[].proto': acceptedExcept('HTTP listeners speak TCP', { udp: unsupported('HTTP/3 is not served') }),
  'listen.http[].backlog': accepted('512 connections wait to be accepted'),
  'listen.http[].hibernate_after': accepted('an idle connection holds no working memory at any time'),
  'listen.http[].proxy_protocol': served,
  'listen.http[].proxy_trusted': served,
  'listen.http[].forwarded_trusted': served,
  'listen.http[].forwarded_header': served,
  'listen.http[].transport.num_acceptors': accepted('the kernel hands connections to the shards'),
  'listen.http[].transport.max_connections': served,
  'listen.http[].protocol.compress': served,
  'listen.http[].tls.**': served,
  'listen.http[].tls.early_data': servedExcept({ true: unsupported() }),
  'listen.http[].tls.session_tickets': accepted('TLS sessions are resumed by tickets in any case'),
  'listen.http[].handlers.mongoose_bosh_handler': served,
  'listen.http[].handlers.mongoose_bosh_handler[].**': served,
  'listen.http[].handlers.mod_bosh': served,
  'listen.http[].handlers.mod_bosh[].**': served,
  'listen.http[].handlers.mongoose_websocket_handler': served,
  'listen.http[].handlers.mongoose_websocket_handler[].**': served,
  'listen.http[].handlers.mod_websockets': served,
  'listen.http[].handlers.mod_websockets[].**': served,
  'listen.http[].handlers.mod_websockets[].service': unsupported('components over WebSocket are not served'),
  'listen.http[].handlers.mod_revproxy': served,
  'listen.http[].handlers.mod_revproxy[].**': served,
  'listen.http[].handlers.mod_cowboy': served,
  'listen.http[].handlers.mod_cowboy[].**': served,
  'listen.http[].handlers.meerkat_health_handler': served,
  'listen.http[].handlers.meerkat_health_handler[].**': served,
  'listen.http[].handlers.meerkat_host_meta_handler': served,
  'listen.http[].handlers.meerkat_host_meta_handler[].**': served,
  'listen.http[].handlers.meerkat_web_client': served,
  'listen.http[].handlers.meerkat_web_client[].**': served,

  'auth.methods': servedExcept(otherMethods),
  'auth.sasl_mechanisms': servedExcept({
    oauth: accepted('offered with mod_auth_token only'),
    digest: unsupported('DIGEST-MD5 is obsolete (RFC 6331); use SCRAM'),
  }),
  'auth.sasl_external': served,
  'auth.sasl_external_common_name.**': served,
  'auth.max_users_per_domain': served,
  'auth.password.**': served,
  'auth.scram_iterations': served,
  'auth.internal': served,
  'auth.rdbms': served,
  'auth.rdbms.users_number_estimate': acceptedAtDefault('users are counted exactly'),
  'auth.anonymous.**': served,
  'auth.anonymous': served,
  'auth.anonymous.backend': accepted(oneNode),
  'auth.dummy': served,
  'auth.dummy.**': served,

  'acl.**': served,
  'access.**': served,
  'shaper.**': served,
  'host_config[].general': served,
  'host_config[].auth': served,
  'host_config[].modules': served,
  'host_config[].acl': served,
  'host_config[].access': served,
  'host_config[].host': served,
  'host_config[].host_type': served,

  'internal_databases.mnesia': accepted('the embedded store takes its place'),
  'internal_databases.cets': accepted(oneNode),
  'internal_databases.cets.**': unsupported('nodes do not form a cluster yet'),

  ...poolSupport,

  'services.service_bosh': served,
  'services.service_bosh.**': served,
  'services.service_bosh.backend': accepted(ownShard),
  'services.service_admin_extra': accepted('all administration commands are always there'),
  'services.service_admin_extra.submods': accepted('all administration commands are always there'),
  'services.service_mongoose_system_metrics': accepted('usage is never reported to anybody'),
  'services.service_mongoose_system_metrics.**': accepted('usage is never reported to anybody'),
  'services.service_translations': accepted('texts of the server are English'),

  'modules.mod_bosh': served,
  'modules.mod_bosh.**': served,
  'modules.mod_bosh.backend': accepted(ownShard),
  'modules.mod_revproxy': served,
  'modules.mod_revproxy.**': served,
  'modules.mod_adhoc': served,
  'modules.mod_adhoc.**': served,
  'modules.mod_amp': served,
  'modules.mod_amp.**': served,
  'modules.mod_caps': served,
  'modules.mod_caps.**': served,
  'modules.mod_caps.backend': accepted(oneNode),
  'modules.mod_cache_users': served,
  'modules.mod_cache_users.**': served,
  'modules.mod_carboncopy': served,
  'modules.mod_csi': served,
  'modules.mod_csi.**': served,
  'modules.mod_disco': served,
  'modules.mod_disco.**': served,
  'modules.mod_extdisco': served,
  'modules.mod_extdisco.**': served,
  'modules.mod_blocking': served,
  'modules.mod_blocking.**': served,
  'modules.mod_domain_isolation': served,
  'modules.mod_domain_isolation.extra_domains': accepted('all domains are isolated, those of services with their own'),
  'modules.mod_last': served,
  'modules.mod_last.**': served,
  'modules.mod_mam': served,
  ...mam(''),
  ...mam('pm.'),
  'modules.mod_mam.pm': served,
  'modules.mod_mam.pm.archive_groupchats': served,
  'modules.mod_mam.pm.same_mam_id_for_peers': served,
  'modules.mod_mam.muc': unsupported('there are no rooms yet'),
  'modules.mod_mam.cache': served,
  'modules.mod_mam.cache.**': served,
  'modules.mod_mam.cache.module': accepted('archives remember their owners by themselves'),
  'modules.mod_mam.retention': served,
  'modules.mod_mam.retention.**': served,
  'modules.mod_mam.riak': noRiak,
  'modules.mod_mam_meta': unsupported('use [modules.mod_mam], which has the same options'),
  'modules.mod_stanzaid': served,
  'modules.mod_offline': served,
  'modules.mod_offline.**': served,
  'modules.mod_offline.riak': noRiak,
  'modules.mod_offline_stub': served,
  'modules.mod_offline_chatmarkers': unsupported(
    'it delivers what mod_smart_markers keeps, which is not served yet; mod_offline keeps chat markers as messages',
  ),
  'modules.mod_ping': served,
  'modules.mod_ping.**': served,
  'modules.mod_presence': served,
  'modules.mod_privacy': served,
  'modules.mod_privacy.**': served,
  'modules.mod_privacy.riak': noRiak,
  'modules.mod_private': served,
  'modules.mod_private.**': served,
  'modules.mod_private.riak': noRiak,
  'modules.mod_register': served,
  'modules.mod_register.**': served,
  'modules.mod_roster': served,
  'modules.mod_roster.**': served,
  'modules.mod_roster.riak': noRiak,
  'modules.mod_stream_management': served,
  'modules.mod_stream_management.**': served,
  'modules.mod_stream_management.backend': accepted(oneNode),
  'modules.mod_sic': served,
  'modules.mod_sic.**': served,
  'modules.mod_time': served,
  'modules.mod_time.**': served,
  'modules.mod_vcard': served,
  'modules.mod_vcard.host': served,
  'modules.mod_vcard.search': served,
  'modules.mod_vcard.matches': served,
  'modules.mod_vcard.max_size': served,
  'modules.mod_vcard.backend': served,
  ...Object.fromEntries(['ldap', ...OLD_LDAP_OF_VCARD].map((name) => [`modules.mod_vcard.${name}`, served])),
  'modules.mod_vcard.ldap.**': served,
  'modules.mod_vcard.ldap_uids[].**': served,
  'modules.mod_vcard.ldap_vcard_map[].**': served,
  'modules.mod_vcard.ldap_search_fields[].**': served,
  'modules.mod_vcard.ldap_search_reported[].**': served,
  'modules.mod_vcard.riak': noRiak,
  'modules.mod_version': served,
  'modules.mod_version.**': served,
  ...Object.fromEntries(
    [
      'adhoc',
      'amp',
      'caps',
      'carboncopy',
      'csi',
      'disco',
      'extdisco',
      'last',
      'ping',
      'private',
      'register',
      'roster',
      'sic',
      'time',
      'vcard',
      'version',
      'cache_users',
      'offline',
      'offline_stub',
      'presence',
      'stream_management',
      'privacy',
      'blocking',
      'bosh',
      'revproxy',
    ].flatMap((name) => [
      [`modules.mod_${name}.iqdisc`, accepted(noQueues)],
      [`modules.mod_${name}.iqdisc.**`, accepted(noQueues)],
      [`modules.mod_${name}.iqdisc.type`, iqdiscType],
    ]),
  ),
};

const notListed: Support = { level: 'unsupported' };
const prefixes = prefixesOf(Object.keys(table));

/** A table without an entry of its own counts as served when something below it is listed. */
export function supportOf(path: string): Support {
  const own = table[path];
  if (own) return own;
  for (let end = path.lastIndexOf('.'); end > 0; end = path.lastIndexOf('.', end - 1)) {
    const above = path.slice(0, end);
    const below = table[`${above}.**`];
    if (below) return below;
    if (table[above]?.level === 'unsupported') return table[above];
  }
  return prefixes.has(path) ? served : notListed;
}

function prefixesOf(paths: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const path of paths) {
    if (table[path]?.level === 'unsupported') continue;
    for (let at = path.length; at > 0; at = Math.max(path.lastIndexOf('.', at - 1), path.lastIndexOf('[', at - 1))) {
      found.add(path.slice(0, at));
    }
  }
  return found;
}
