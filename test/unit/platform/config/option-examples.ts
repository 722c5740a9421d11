/** For each option that is served, values that are taken and values that are refused, with what has to stand around them. */

export interface OptionExample {
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
  /** Other options, by path, without which this one means nothing. */
  readonly around?: Readonly<Record<string, unknown>>;
  /** The option says what is so anyway: the snapshot stays the same. */
  readonly isNeutral?: boolean;
}

const limit: OptionExample = { accepted: [7, 'infinity'], refused: [0, -1, 'none', 1.5] };
const positive: OptionExample = { accepted: [7], refused: [0, -1, 'infinity', true] };
const notNegative: OptionExample = { accepted: [0, 7], refused: [-1, 'infinity', 0.5] };
const yesOrNo: OptionExample = { accepted: [true, false], refused: [1, 'true'] };
const text: OptionExample = { accepted: ['something'], refused: [1, true] };
const path: OptionExample = { accepted: ['priv/some.pem'], refused: ['', 5] };
const falseOnly: OptionExample = { accepted: [false], refused: [true, 0], isNeutral: true };

function word(accepted: readonly string[], ...refused: readonly unknown[]): OptionExample {
  return { accepted, refused: ['nothing-like-that', 1, ...refused] };
}

function around(example: OptionExample, options: Readonly<Record<string, unknown>>): OptionExample {
  return { ...example, around: { ...options, ...example.around } };
}

function all(
  prefix: string,
  options: Readonly<Record<string, unknown>>,
  examples: Readonly<Record<string, OptionExample>>,
) {
  const entries = Object.entries(examples).map(([name, example]) => [prefix + name, around(example, options)]);
  return Object.fromEntries(entries) as Record<string, OptionExample>;
}

const pool = {
  'outgoing_pools.rdbms.*.connection.driver': 'pgsql',
  'outgoing_pools.rdbms.*.connection.host': 'db.example',
  'outgoing_pools.rdbms.*.connection.database': 'meerkat',
  'outgoing_pools.rdbms.*.connection.username': 'meerkat',
  'outgoing_pools.rdbms.*.connection.password': 'secret',
};
const networks: OptionExample = {
  accepted: [['10.0.0.0/8', '::1'], []],
  refused: ['10.0.0.0/8', ['10.0.0.0/33'], ['balancer.example'], [1]],
};
const pattern: OptionExample = {
  accepted: ['/some/path', '/api/:name', '/a/[:b]', '/[...]'],
  refused: ['no-slash', '/a/[b', '/[...]/more', '/a]', '', 1],
};
const url: OptionExample = { accepted: ['wss://chat.example/ws', 'https://{host}/x'], refused: ['nowhere', '', 1] };
const httpCertificate = { 'listen.http[].port': 5280, 'listen.http[].tls.certfile': 'priv/cert.pem' };
const certificate = { 'listen.c2s[].port': 5222, 'listen.c2s[].tls.certfile': 'priv/cert.pem' };
const stored = around(word(['mnesia', 'rdbms'], 'redis', 'riak'), pool);

const service = 'modules.mod_extdisco.service[]';
const someService = { [`${service}.type`]: 'turn', [`${service}.host`]: 'a.example' };

export const optionExamples: Readonly<Record<string, OptionExample>> = {
  ...all(
    'general.',
    {},
    {
      loglevel: word(['debug', 'none', 'warning']),
      hosts: {
        accepted: [['example.org'], ['Example.ORG', 'münchen.example']],
        refused: ['a', [], [1], ['a b'], ['a', 'A']],
      },
      default_server_domain: { accepted: ['Example.org'], refused: ['', 'a@b', 1] },
      language: { accepted: ['pl', 'pt-BR'], refused: ['', 'no_underscore', 1] },
      registration_timeout: limit,
      hide_service_name: yesOrNo,
      http_server_name: text,
      sm_backend: word(['cets', 'mnesia'], 'redis'),
      replaced_wait_timeout: positive,
      max_fsm_queue: positive,
      'domain_certfile[].domain': {
        accepted: ['localhost'],
        refused: ['other.example', ''],
        around: { 'general.domain_certfile[].certfile': 'a.pem' },
      },
      'domain_certfile[].certfile': { ...path, around: { 'general.domain_certfile[].domain': 'localhost' } },
    },
  ),
  ...all(
    'listen.c2s[].',
    { 'listen.c2s[].port': 5222 },
    {
      port: { accepted: [5223, 0], refused: [-1, 70000, '5222'] },
      ip_address: { accepted: ['127.0.0.1', '::1'], refused: ['localhost', '1.2.3', 1] },
      ip_version: { accepted: [6, 4], refused: [5, '4'] },
      backlog: { accepted: [0, 7], refused: [-1, 'infinity'] },
      access: {
        accepted: ['c2s', 'none', 'all'],
        refused: ['c3s', 1, ''],
        around: { 'access.c2s': [{ acl: 'all', value: 'allow' }] },
      },
      shaper: {
        accepted: ['fast', 'c2s_shaper', 'none'],
        refused: ['quick', 1],
        around: { 'shaper.fast.max_rate': 1000, 'access.c2s_shaper': [{ acl: 'all', value: 'fast' }] },
      },
      max_stanza_size: limit,
      max_connections: limit,
      max_fsm_queue: positive,
      zlib: positive,
      state_timeout: { accepted: [0, 7, 'infinity'], refused: [-1, 'never'] },
      c2s_state_timeout: { accepted: [0, 7, 'infinity'], refused: [-1, 'never'] },
      backwards_compatible_session: yesOrNo,
      allowed_auth_methods: {
        accepted: [['internal'], ['rdbms', 'anonymous']],
        refused: [['telepathy'], ['ldap'], 'internal'],
      },
      proxy_protocol: yesOrNo,
      proxy_trusted: { ...networks, around: { 'listen.c2s[].proxy_protocol': true } },
    },
  ),
  ...all('listen.c2s[].tls.', certificate, {
    mode: word(['tls', 'starttls_required', 'starttls']),
    verify_mode: word(['peer', 'selfsigned_peer', 'none']),
    verify_peer: { ...yesOrNo, around: { 'listen.c2s[].tls.cacertfile': 'ca.pem' } },
    certfile: path,
    keyfile: path,
    cacertfile: path,
    dhfile: path,
    password: text,
    ciphers: {
      accepted: [
        'ECDHE-RSA-AES256-GCM-SHA384',
        [{ cipher: 'aes_256_gcm', key_exchange: 'ecdhe_rsa', mac: 'aead', prf: 'sha384' }],
      ],
      refused: ['ROT13', [{ cipher: 'rot13' }], 5],
    },
    versions: { accepted: [['tlsv1.3'], ['tlsv1', 'tlsv1.1']], refused: [['tlsv2'], 'tlsv1.2', []] },
    disconnect_on_failure: yesOrNo,
    crl_files: { accepted: [['a.crl', 'b.crl']], refused: ['a.crl', [1]] },
    early_data: falseOnly,
    keep_secrets: falseOnly,
    module: word(['fast_tls', 'just_tls']),
    protocol_options: {
      accepted: [['no_tlsv1_2'], ['cipher_server_preference', 'no_sslv3']],
      refused: [['no_such'], 'no_tlsv1', ['no_tlsv1', 'no_tlsv1_1', 'no_tlsv1_2', 'no_tlsv1_3']],
    },
    certificate: { ...word(['automatic']), around: { 'listen.c2s[].tls.certfile': undefined } },
  }),
  ...all(
    'listen.http[].',
    { 'listen.http[].port': 5280 },
    {
      port: { accepted: [5281, 0], refused: [-1, 70000, '5280'] },
      ip_address: { accepted: ['127.0.0.1', '::1'], refused: ['localhost', '1.2.3', 1] },
      ip_version: { accepted: [6, 4], refused: [5, '4'] },
      'transport.max_connections': { accepted: [7, 0, 'infinity'], refused: [-1, 'none'] },
      'protocol.compress': yesOrNo,
      proxy_protocol: yesOrNo,
      proxy_trusted: { ...networks, around: { 'listen.http[].proxy_protocol': true } },
      forwarded_trusted: networks,
      forwarded_header: word(['forwarded', 'x-forwarded-for']),
      'handlers.meerkat_health_handler[].host': text,
      'handlers.meerkat_health_handler[].path': pattern,
      'handlers.meerkat_host_meta_handler[].host': text,
      'handlers.meerkat_host_meta_handler[].path': pattern,
      'handlers.meerkat_host_meta_handler[].websocket_url': url,
      'handlers.meerkat_host_meta_handler[].bosh_url': url,
    },
  ),
  ...all('listen.http[].tls.', httpCertificate, {
    verify_mode: word(['peer', 'selfsigned_peer', 'none']),
    verify_peer: { ...yesOrNo, around: { 'listen.http[].tls.cacertfile': 'ca.pem' } },
    certfile: path,
    keyfile: path,
    cacertfile: path,
    dhfile: path,
    password: text,
    ciphers: { accepted: ['ECDHE-RSA-AES256-GCM-SHA384'], refused: ['ROT13', 5] },
    versions: { accepted: [['tlsv1.3'], ['tlsv1', 'tlsv1.1']], refused: [['tlsv2'], 'tlsv1.2', []] },
    disconnect_on_failure: { ...yesOrNo, around: { 'listen.http[].tls.verify_mode': 'peer' } },
    crl_files: { accepted: [['a.crl', 'b.crl']], refused: ['a.crl', [1]] },
    early_data: falseOnly,
    certificate: { ...word(['automatic']), around: { 'listen.http[].tls.certfile': undefined } },
  }),
  ...all(
    'auth.',
    {},
    {
      methods: {
        accepted: [['internal'], ['anonymous', 'internal']],
        refused: [['ldap'], ['rdbms'], ['psychic'], 'internal'],
      },
      sasl_mechanisms: { accepted: [['plain'], ['scram_sha256', 'external']], refused: [['digest'], ['md5'], 'plain'] },
      sasl_external: { accepted: [['common_name', 'auth_id']], refused: [['my_module'], 'standard'] },
      'sasl_external_common_name.prefix': text,
      'sasl_external_common_name.suffix': text,
      max_users_per_domain: limit,
      'password.format': word(['plain', 'scram']),
      'password.hash': { accepted: [['sha256', 'sha512']], refused: [[], ['md5'], ['sha', 'sha'], 'sha'] },
      'password.scram_iterations': positive,
      scram_iterations: positive,
      'anonymous.allow_multiple_connections': yesOrNo,
      'anonymous.protocol': word(['login_anon', 'both', 'sasl_anon']),
      'dummy.base_time': notNegative,
      'dummy.variance': positive,
    },
  ),
  ...all(
    'acl.*[].',
    {},
    {
      match: word(['all', 'none', 'any_hosted_domain', 'current_domain']),
      user: text,
      user_regexp: { accepted: ['^admin\\d+$'], refused: ['(', 1] },
      user_glob: { accepted: ['adm?n*'], refused: ['', 1] },
      server: text,
      server_regexp: { accepted: ['.*\\.example'], refused: ['[', 1] },
      server_glob: { accepted: ['*.example'], refused: ['', 1] },
      resource: text,
      resource_regexp: { accepted: ['.+'], refused: ['*', 1] },
      resource_glob: { accepted: ['phone*'], refused: ['', 1] },
    },
  ),
  'access.*[].acl': {
    accepted: ['all', 'none'],
    refused: ['nobody-i-know', 1],
    around: { 'access.*[].value': 'allow' },
  },
  'access.*[].value': { accepted: ['allow', 'deny', 10], refused: [true, 1.5], around: { 'access.*[].acl': 'all' } },
  'shaper.*.max_rate': positive,
  'host_config[].host': {
    accepted: ['localhost'],
    refused: ['elsewhere', ''],
    around: { 'host_config[].modules': {} },
  },
  'host_config[].host_type': {
    accepted: ['localhost'],
    refused: ['elsewhere', 5],
    around: { 'host_config[].modules': {} },
  },
  'meerkat.shards': { accepted: [3, 'auto'], refused: [0, 'many'] },
  'meerkat.engine': word(['native', 'portable', 'auto']),
  'meerkat.data_dir': path,
  ...all(
    'meerkat.limits.',
    {},
    {
      connections_per_address: limit,
      unauthenticated_per_address: limit,
      failed_logins_per_address: limit,
      failed_logins_period: positive,
      exempt_addresses: {
        accepted: [['192.0.2.0/24', '::1'], []],
        refused: ['::1', ['192.0.2.0/33'], ['localhost'], [1]],
      },
    },
  ),
  ...all('meerkat.overload.', {}, { lag: limit, max_wait: positive, max_waiting: limit }),
  ...all('outgoing_pools.rdbms.*.', pool, {
    scope: { ...word(['global'], 'host_type', 'host'), isNeutral: true },
    workers: positive,
    'connection.host': text,
    'connection.port': { accepted: [5433], refused: [70000, 'x'] },
    'connection.database': text,
    'connection.username': text,
    'connection.password': text,
    'connection.keepalive_interval': positive,
    'connection.query_timeout': notNegative,
    'connection.max_start_interval': positive,
    'connection.tls.required': yesOrNo,
    'connection.tls.verify_mode': word(['none', 'selfsigned_peer']),
    'connection.tls.certfile': path,
    'connection.tls.keyfile': path,
    'connection.tls.cacertfile': path,
    'connection.tls.password': text,
    'connection.tls.ciphers': { accepted: ['ECDHE-RSA-AES256-GCM-SHA384'], refused: ['ROT13', 1] },
    'connection.tls.versions': { accepted: [['tlsv1.3']], refused: [['ssl'], 'tlsv1.3'] },
    'connection.tls.server_name_indication': yesOrNo,
    'connection.tls.server_name_indication.enabled': yesOrNo,
    'connection.tls.server_name_indication.host': text,
  }),
  'outgoing_pools.rdbms.*.connection.driver': {
    accepted: ['sqlite'],
    refused: ['mysql', 'cockroachdb', 'odbc', 'oracle', 1],
    around: { 'outgoing_pools.rdbms.*.workers': 3 },
  },
  'outgoing_pools.rdbms.*.connection.file': {
    accepted: ['other.sqlite'],
    refused: ['', 1],
    around: { 'outgoing_pools.rdbms.*.connection.driver': 'sqlite' },
  },
  'modules.mod_adhoc.report_commands_node': yesOrNo,
  ...all(
    'modules.mod_caps.',
    {},
    {
      iq_response_timeout: positive,
      versions: { accepted: [['v2'], ['v2', 'v1']], refused: ['v1', [], ['v3'], ['v1', 'v1']] },
      cache_size: positive,
      cache_life_time: positive,
    },
  ),
  ...all(
    'modules.mod_extdisco.service[].',
    {},
    {
      type: { accepted: ['turn', 'ftp'], refused: ['', 1], around: { [`${service}.host`]: 'a.example' } },
      host: {
        accepted: ['turn.example', '192.0.2.1', '2001:db8::1'],
        refused: ['', 1],
        around: { [`${service}.type`]: 'turn' },
      },
      port: around({ accepted: [0, 3478, 65535], refused: [-1, 65536, '3478'] }, someService),
      transport: around(word(['udp', 'tcp'], 'tls'), someService),
      username: around({ accepted: ['user'], refused: ['', 1] }, someService),
      password: around({ accepted: ['pass'], refused: ['', 1] }, someService),
      secret: around({ accepted: ['north'], refused: ['', 1] }, someService),
    },
  ),
  ...all(
    'modules.mod_disco.',
    {},
    {
      extra_domains: { accepted: [['a.example']], refused: ['a.example', ['a b']] },
      users_can_see_hidden_services: yesOrNo,
      'server_info[].name': { ...text, around: { 'modules.mod_disco.server_info[].urls': ['mailto:a@b.example'] } },
      'server_info[].urls': {
        accepted: [['mailto:a@b.example']],
        refused: ['mailto:a@b.example', [1]],
        around: { 'modules.mod_disco.server_info[].name': 'abuse-addresses' },
      },
      'server_info[].modules': {
        accepted: [['mod_disco']],
        refused: ['mod_disco', [5]],
        around: {
          'modules.mod_disco.server_info[].name': 'x',
          'modules.mod_disco.server_info[].urls': ['mailto:a@b.example'],
        },
      },
    },
  ),
  'modules.mod_cache_users.strategy': word(['fifo', 'lru']),
  'modules.mod_cache_users.time_to_live': limit,
  'modules.mod_cache_users.number_of_segments': positive,
  'modules.mod_last.backend': stored,
  'modules.mod_offline.backend': stored,
  'modules.mod_offline.store_groupchat_messages': yesOrNo,
  'modules.mod_offline.access_max_user_messages': {
    accepted: ['few'],
    refused: ['many', 1],
    around: { 'access.few': [{ acl: 'all', value: 10 }] },
  },
  ...all(
    'modules.mod_ping.',
    {},
    {
      send_pings: yesOrNo,
      ping_interval: positive,
      timeout_action: word(['kill', 'none']),
      ping_req_timeout: positive,
    },
  ),
  'modules.mod_blocking.backend': stored,
  'modules.mod_privacy.backend': stored,
  'modules.mod_privacy.max_items': limit,
  'modules.mod_privacy.max_lists': limit,
  'modules.mod_private.backend': stored,
  'modules.mod_private.max_size': limit,
  'modules.mod_private.max_elements': limit,
  ...all(
    'modules.mod_register.',
    {},
    {
      access: {
        accepted: ['all', 'some'],
        refused: ['sum', 1],
        around: { 'access.some': [{ acl: 'all', value: 'allow' }] },
      },
      'welcome_message.subject': text,
      'welcome_message.body': text,
      registration_watchers: { accepted: [['admin@localhost']], refused: ['admin@localhost', ['@']] },
      password_strength: notNegative,
      'ip_access[].address': {
        accepted: ['10.0.0.0/8', '::1', '192.0.2.7'],
        refused: ['10.0.0.0/33', 'localhost', 'any'],
        around: { 'modules.mod_register.ip_access[].policy': 'deny' },
      },
      'ip_access[].policy': {
        ...word(['allow', 'deny']),
        around: { 'modules.mod_register.ip_access[].address': '::1' },
      },
    },
  ),
  'modules.mod_roster.backend': stored,
  'modules.mod_roster.versioning': yesOrNo,
  'modules.mod_roster.store_current_id': yesOrNo,
  'modules.mod_roster.max_items': limit,
  ...all(
    'modules.mod_stream_management.',
    {},
    {
      buffer: yesOrNo,
      buffer_max: limit,
      buffer_max_bytes: limit,
      ack: yesOrNo,
      ack_freq: positive,
      resume_timeout: positive,
      location: { accepted: ['xmpp.example.org', '[2001:db8::1]:5222'], refused: ['', 'two words', 'host:0', 7] },
      'stale_h.enabled': yesOrNo,
      'stale_h.repeat_after': positive,
      'stale_h.geriatric': positive,
    },
  ),
  'modules.mod_vcard.backend': around(word(['mnesia', 'rdbms'], 'ldap', 'riak'), pool),
  'modules.mod_vcard.search': { accepted: [true, false], refused: ['no', 1] },
  'modules.mod_vcard.host': { accepted: ['vjud.@HOST@', 'directory.example.org'], refused: [7, ''] },
  'modules.mod_vcard.max_size': limit,
  'modules.mod_vcard.matches': { accepted: [0, 30, 'infinity'], refused: [-1, 'many'] },
  'modules.mod_version.os_info': yesOrNo,
};
