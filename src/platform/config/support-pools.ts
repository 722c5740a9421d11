/** What Meerkat does with the options of pools. */
import { accepted, type Support, served, servedExcept, unsupported } from './support-levels.js';

const onePool = 'the host types share the connections of one pool';
const fewest = 'a request goes to the connection with the fewest under way';

const rdbmsTls: Readonly<Record<string, Support>> = {
  required: served,
  verify_mode: served,
  certfile: served,
  keyfile: served,
  password: served,
  cacertfile: served,
  ciphers: served,
  versions: served,
  server_name_indication: served,
  'server_name_indication.enabled': served,
  'server_name_indication.host': served,
  'server_name_indication.protocol': accepted('the certificate is checked by the rules for host names'),
};

export const poolSupport: Readonly<Record<string, Support>> = {
  'outgoing_pools.rdbms.*.scope': servedExcept({
    host_type: unsupported(),
    host: unsupported(),
    single_host: unsupported(),
  }),
  'outgoing_pools.rdbms.*.strategy': accepted('a query goes to the connection that is free first'),
  'outgoing_pools.rdbms.*.workers': served,
  'outgoing_pools.rdbms.*.call_timeout': accepted('connection.query_timeout bounds how long a caller waits'),
  'outgoing_pools.rdbms.*.max_worker_queue_len': accepted('connections share one queue'),
  'outgoing_pools.rdbms.*.connection.driver': servedExcept({
    mysql: unsupported(),
    cockroachdb: unsupported(),
    odbc: unsupported(),
  }),
  'outgoing_pools.rdbms.*.connection.keepalive_interval': served,
  'outgoing_pools.rdbms.*.connection.query_timeout': served,
  'outgoing_pools.rdbms.*.connection.max_start_interval': served,
  'outgoing_pools.rdbms.*.connection.host': served,
  'outgoing_pools.rdbms.*.connection.port': served,
  'outgoing_pools.rdbms.*.connection.database': served,
  'outgoing_pools.rdbms.*.connection.username': served,
  'outgoing_pools.rdbms.*.connection.password': served,
  'outgoing_pools.rdbms.*.connection.file': served,
  ...Object.fromEntries(
    Object.entries(rdbmsTls).map(([name, support]) => [`outgoing_pools.rdbms.*.connection.tls.${name}`, support]),
  ),

  'outgoing_pools.ldap.*.scope': servedExcept({
    host_type: accepted(onePool),
    host: accepted(onePool),
    single_host: unsupported('use a tag of its own for the pool of one host'),
  }),
  'outgoing_pools.ldap.*.strategy': {
    ...served,
    values: {
      random_worker: accepted(fewest),
      next_worker: accepted(fewest),
      available_worker: accepted(fewest),
      next_available_worker: accepted(fewest),
    },
  },
  'outgoing_pools.ldap.*.workers': served,
  'outgoing_pools.ldap.*.call_timeout': served,
  'outgoing_pools.ldap.*.max_worker_queue_len': served,
  'outgoing_pools.ldap.*.connection.servers': served,
  'outgoing_pools.ldap.*.connection.port': served,
  'outgoing_pools.ldap.*.connection.root_dn': served,
  'outgoing_pools.ldap.*.connection.rootdn': served,
  'outgoing_pools.ldap.*.connection.password': served,
  'outgoing_pools.ldap.*.connection.connect_interval': served,
  'outgoing_pools.ldap.*.connection.encrypt': served,
  'outgoing_pools.ldap.*.connection.tls.required': accepted(
    'there is TLS or there is none, it is never left to the server',
  ),
  'outgoing_pools.ldap.*.connection.tls.verify_peer': served,
  'outgoing_pools.ldap.*.connection.tls.dhfile': accepted('the parameters are those of the server'),
  'outgoing_pools.ldap.*.connection.tls.crl_files': served,
  'outgoing_pools.ldap.*.connection.tls.disconnect_on_failure': served,
  ...Object.fromEntries(
    Object.entries(rdbmsTls)
      .filter(([name]) => name !== 'required')
      .map(([name, support]) => [`outgoing_pools.ldap.*.connection.tls.${name}`, support]),
  ),
};
