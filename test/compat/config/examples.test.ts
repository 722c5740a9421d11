/** Files with the options of MongooseIM's own examples load, or get the exact list of what is not served yet. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Config, formatProblem, loadConfig } from '../../../src/platform/config/index.js';

function read(name: string): string {
  return readFileSync(new URL(`files/${name}.toml`, import.meta.url), 'utf8');
}

function load(name: string): { config: Config; notes: string[] } {
  const result = loadConfig({ file: `${name}.toml`, text: read(name) });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  return { config: result.config, notes: result.notes.map(({ path, text }) => `${path}: ${text}`) };
}

function problems(name: string): string[] {
  const result = loadConfig({ file: `${name}.toml`, text: read(name) });
  return 'problems' in result ? result.problems.map(formatProblem) : [];
}

describe('small.toml', () => {
  const { config, notes } = load('small');

  test('is served as it stands', () => {
    expect(config.listen.c2s).toMatchObject([
      {
        port: 5222,
        ip_address: '0.0.0.0',
        shaper: { kind: 'access', name: 'c2s_shaper' },
        max_stanza_size: 65536,
        tls: { mode: 'starttls_required', certfile: 'priv/ssl/fake_server.pem', keyfile: 'priv/ssl/fake_key.pem' },
      },
    ]);
    expect(config.acl['blocked']).toEqual([{ match: 'all', user_regexp: '^spam' }]);
    expect(config.modules.mod_offline).toEqual({
      backend: 'mnesia',
      access_max_user_messages: 'max_user_offline_messages',
      store_groupchat_messages: false,
    });
    expect(Object.keys(config.modules)).toHaveLength(5);
  });

  test('has two options without effect', () => {
    expect(notes).toEqual([
      'internal_databases.mnesia: has no effect: the embedded store takes its place',
      'listen.c2s[0].num_acceptors: has no effect: the kernel hands connections to the shards',
    ]);
  });
});

describe('many-hosts.toml', () => {
  const { config } = load('many-hosts');

  test('serves three host types', () => {
    expect(config.host_types.map(({ name, domains }) => [name, domains])).toEqual([
      ['one.example', ['one.example']],
      ['two.example', ['two.example']],
      ['guests.example', ['guests.example']],
    ]);
  });

  test('host_config.modules replaces the section, host_config.general single options', () => {
    const two = config.hostType('two.example');
    expect(Object.keys(two.modules).sort()).toEqual(['mod_presence', 'mod_roster']);
    expect(two.modules.mod_roster).toMatchObject({ backend: 'rdbms', versioning: false });
    expect(two.general.replaced_wait_timeout).toBe(5000);
    expect(config.hostType('one.example').general.replaced_wait_timeout).toBe(1000);
    expect(config.hostType('one.example').modules).toEqual(config.modules);
  });

  test('host_config.auth replaces the section', () => {
    expect(config.hostType('guests.example').auth).toMatchObject({
      methods: ['anonymous'],
      password: { format: 'scram', scram_iterations: 10_000 },
      anonymous: { allow_multiple_connections: true, protocol: 'both' },
    });
    expect(config.hostType('two.example').auth).toMatchObject({ methods: ['rdbms'], max_users_per_domain: 100_000 });
  });

  test('host_config.acl adds matchers, host_config.access clauses before a last one that allows all', () => {
    const two = config.hostType('two.example');
    expect(two.acl['admin']).toHaveLength(2);
    expect(two.acl['admin']?.[0]).toMatchObject({ user: 'admin' });
    expect(two.access['c2s']).toEqual([
      { acl: 'blocked', value: 'deny' },
      { acl: 'all', value: 'allow' },
    ]);
    expect(two.access['max_user_sessions']).toEqual([
      { acl: 'all', value: 10 },
      { acl: 'admin', value: 50 },
    ]);
    expect(config.hostType('one.example').access['c2s']).toHaveLength(1);
  });

  test('a shaper option names a shaper or an access rule', () => {
    expect(config.listen.c2s.map(({ shaper }) => shaper)).toEqual([
      { kind: 'shaper', name: 'fast' },
      { kind: 'access', name: 'c2s_shaper' },
    ]);
  });

  test('general.max_fsm_queue holds for every listener', () => {
    expect(config.listen.c2s.map(({ max_fsm_queue }) => max_fsm_queue)).toEqual([1000, 1000]);
  });

  test('the pool has its coordinates and its TLS', () => {
    expect(config.outgoing_pools.rdbms['default']).toEqual({
      tag: 'default',
      scope: 'global',
      workers: 10,
      connection: {
        driver: 'pgsql',
        host: 'db.example',
        port: 5433,
        database: 'mongooseim',
        username: 'mongooseim',
        password: 'secret',
        keepalive_interval: 30,
        query_timeout: 5000,
        max_start_interval: 30,
        tls: {
          required: true,
          verify_mode: 'peer',
          cacertfile: 'priv/ca.pem',
          versions: ['tlsv1.2', 'tlsv1.3'],
          send_server_name: true,
          server_name: 'primary.db.example',
        },
      },
    });
  });

  test('mod_private uses the pool that is there', () => {
    expect(config.modules.mod_private).toMatchObject({ backend: 'rdbms' });
  });
});

describe('just-tls.toml', () => {
  const { config, notes } = load('just-tls');
  const [first, second, third] = config.listen.c2s.map(({ tls }) => tls);

  test('fast_tls: protocol options become versions, verify_peer a demand', () => {
    expect(first).toMatchObject({
      module: 'fast_tls',
      versions: ['tlsv1.1', 'tlsv1.2', 'tlsv1.3'],
      ciphers: 'TLSv1.2',
      keyfile: 'server.pem',
      dhfile: 'dh_server.pem',
      verify_mode: 'peer',
      require_certificate: true,
      disconnect_on_failure: true,
    });
  });

  test('just_tls: ciphers are tables, disconnect_on_failure leaves the decision to SASL EXTERNAL', () => {
    expect(second).toMatchObject({
      mode: 'tls',
      module: 'just_tls',
      ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
      cipher_suites: 'TLS_AES_128_GCM_SHA256',
      verify_mode: 'selfsigned_peer',
      require_certificate: false,
      disconnect_on_failure: false,
      crl_files: ['revoked.pem'],
    });
  });

  test('a table without mode means STARTTLS, with its key apart', () => {
    expect(third).toMatchObject({
      mode: 'starttls',
      keyfile: 'key.pem',
      password: 'secret',
      ciphers: 'ECDHE-RSA-AES256-GCM-SHA384',
      cipher_suites: 'TLS_AES_256_GCM_SHA384',
      verify_mode: 'none',
    });
  });

  test('older names are read and noted', () => {
    expect(config.listen.c2s[2]?.state_timeout).toBe(2000);
    expect(config.auth.password.scram_iterations).toBe(4096);
    expect(notes).toEqual([
      'auth.scram_iterations: is called password.scram_iterations since MongooseIM 5.1',
      'listen.c2s[0].tls.verify_peer: is called verify_mode since MongooseIM 5.1',
      'listen.c2s[2].c2s_state_timeout: is called state_timeout since MongooseIM 6.3',
      'listen.c2s[2].tls: verify_mode is not set: clients are not asked for a certificate; MongooseIM 6.4 would demand one',
    ]);
  });
});

describe('pgsql.toml', () => {
  const { config, notes } = load('pgsql');

  test('is served as it stands', () => {
    expect(config.auth.methods).toEqual(['rdbms', 'anonymous']);
    expect(config.listen.c2s).toMatchObject([
      { ip_address: '::', ip_version: 6, allowed_auth_methods: ['rdbms'], backwards_compatible_session: false },
      { port: 5322, allowed_auth_methods: ['anonymous'] },
    ]);
    expect(config.outgoing_pools.rdbms['default']).toMatchObject({
      connection: { driver: 'pgsql', port: 5432, query_timeout: 5000 },
    });
  });

  test('each option without effect is told once', () => {
    expect(notes.map((note) => note.split(': ')[0])).toEqual([
      'general.component_backend',
      'general.s2s_backend',
      'internal_databases.cets',
      'auth.rdbms.users_number_estimate',
      'auth.anonymous.backend',
      'listen.c2s[0].proto',
      'listen.c2s[0].hibernate_after',
      'listen.c2s[0].reuse_port',
      'services.service_mongoose_system_metrics',
    ]);
  });
});

test('dynamic-domains.toml gets the list of what is not served', () => {
  expect(problems('dynamic-domains')).toMatchInlineSnapshot(`
    [
      "dynamic-domains.toml:3:16: general.host_types: any other value than the default is not supported yet",
      "dynamic-domains.toml:7:1: services.service_domain_db: not supported yet",
      "dynamic-domains.toml:13:14: outgoing_pools.rdbms.default.connection.driver: "mysql" is not supported yet",
      "dynamic-domains.toml:19:1: outgoing_pools.redis: not supported yet",
      "dynamic-domains.toml:30:3: listen.http[0].handlers.mongoose_graphql_handler: not supported yet",
      "dynamic-domains.toml:43:5: host_config[0].general.route_subdomains: not supported yet",
    ]
  `);
});

test('everything.toml gets the list of what is not served', () => {
  expect(problems('everything')).toMatchInlineSnapshot(`
    [
      "everything.toml:7:21: general.routing_modules: any other value than the default is not supported yet",
      "everything.toml:8:3: general.mongooseimctl_access_commands: not supported yet",
      "everything.toml:13:3: internal_databases.cets.backend: not supported: nodes do not form a cluster yet",
      "everything.toml:14:3: internal_databases.cets.cluster_name: not supported: nodes do not form a cluster yet",
      "everything.toml:23:1: outgoing_pools.http: not supported yet",
      "everything.toml:27:1: outgoing_pools.rabbit: not supported yet",
      "everything.toml:32:14: auth.methods[0]: "http" is not supported yet",
      "everything.toml:34:3: auth.http: not supported yet",
      "everything.toml:36:3: auth.jwt: not supported yet",
      "everything.toml:45:1: listen.s2s: not supported yet",
      "everything.toml:50:1: listen.component: not supported yet",
      "everything.toml:56:1: listen.service: not supported yet",
      "everything.toml:73:3: listen.http[0].handlers.my_own_handler: not supported yet",
      "everything.toml:77:1: s2s: not supported yet",
      "everything.toml:84:1: instrumentation: not supported yet",
      "everything.toml:99:1: modules.mod_event_pusher: not supported yet",
      "everything.toml:108:1: modules.mod_global_distrib: not supported yet",
      "everything.toml:113:1: modules.mod_http_upload: not supported yet",
      "everything.toml:119:1: modules.mod_inbox: not supported yet",
      "everything.toml:120:1: modules.mod_jingle_sip: not supported yet",
      "everything.toml:122:1: modules.mod_keystore: not supported yet",
      "everything.toml:127:3: modules.mod_mam.muc: not supported: there are no rooms yet",
      "everything.toml:128:1: modules.mod_muc: not supported yet",
      "everything.toml:132:1: modules.mod_muc_light: not supported yet",
      "everything.toml:138:1: modules.mod_muc_log: not supported yet",
      "everything.toml:142:1: modules.mod_pubsub: not supported yet",
      "everything.toml:145:1: modules.mod_push_service_mongoosepush: not supported yet",
      "everything.toml:148:1: modules.mod_shared_roster_ldap: not supported yet",
    ]
  `);
});

test('everything.toml starts with ignoreUnsupported, on what is served', () => {
  const result = loadConfig({ file: 'everything.toml', text: read('everything') }, { ignoreUnsupported: true });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  expect(result.config.auth.methods).toEqual(['internal']);
  expect(Object.keys(result.config.modules).sort()).toMatchInlineSnapshot(`
    [
      "mod_adhoc",
      "mod_amp",
      "mod_blocking",
      "mod_caps",
      "mod_carboncopy",
      "mod_csi",
      "mod_disco",
      "mod_extdisco",
      "mod_mam",
      "mod_offline",
      "mod_privacy",
      "mod_roster",
      "mod_stream_management",
      "mod_vcard",
      "mod_version",
    ]
  `);
  expect(result.notes.filter(({ kind }) => kind === 'ignored')).toHaveLength(problems('everything').length);
});
