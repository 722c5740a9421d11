/** The snapshot: complete without a file, frozen, plain enough to be sent to a thread, and right where options interact. */
import { describe, expect, test } from 'vitest';
import { Config, formatProblem, loadConfig } from '../../../../src/platform/config/index.js';
import { leastConfig, toml, withOption } from '../../../support/config-file.js';

function load(text: string | undefined): { config: Config; notes: string[] } {
  const result = loadConfig(text === undefined ? undefined : { file: 't.toml', text });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  return { config: result.config, notes: result.notes.map(({ path, text }) => `${path}: ${text}`) };
}

function withOptions(options: Readonly<Record<string, unknown>>): string {
  let config = leastConfig();
  for (const [path, value] of Object.entries(options)) config = withOption(config, path, value);
  return toml(config);
}

describe('without a file', () => {
  const { config, notes } = load(undefined);

  test('localhost is served on 5222 with STARTTLS and a certificate made at first start', () => {
    expect(config.general).toMatchObject({ hosts: ['localhost'], default_server_domain: 'localhost' });
    expect(config.listen.c2s).toMatchObject([
      { port: 5222, ip_address: '::', tls: { mode: 'starttls', certificate: 'automatic', verify_mode: 'none' } },
    ]);
    expect(config.file).toBeUndefined();
  });

  test('everything is kept in the embedded store', () => {
    expect(config.auth.methods).toEqual(['internal']);
    expect(config.outgoing_pools.rdbms).toEqual({});
    // The archive's tables are in the embedded store where no pool is configured.
    const { mod_mam: archive, ...others } = config.modules;
    expect(JSON.stringify(others)).not.toContain('rdbms');
    expect(archive).toMatchObject({ user_prefs_store: 'mnesia' });
  });

  test('a chat page, WebSocket, BOSH, and where these are, are served to browsers on this machine alone', () => {
    expect(config.listen.http).toMatchObject([{ port: 5280, ip_address: '127.0.0.1' }]);
    expect(config.listen.http[0]?.handlers).toMatchObject([
      { type: 'meerkat_web_client', host: '_', path: '/' },
      { type: 'mongoose_websocket_handler', host: '_', path: '/ws-xmpp' },
      { type: 'mongoose_bosh_handler', host: '_', path: '/http-bind' },
      { type: 'meerkat_host_meta_handler', path: '/.well-known' },
      { type: 'meerkat_health_handler', path: '/health' },
    ]);
  });

  test('accounts can be registered from this machine alone, however fast', () => {
    expect(config.modules.mod_register?.ip_access).toEqual([
      { address: '127.0.0.0/8', policy: 'allow' },
      { address: '::1', policy: 'allow' },
      { address: '0.0.0.0/0', policy: 'deny' },
      { address: '::/0', policy: 'deny' },
    ]);
    expect(config.general.registration_timeout).toBe('infinity');
  });

  test('every module that there is runs', () => {
    expect(Object.keys(config.modules)).toHaveLength(21);
    expect(config.hostType('localhost').modules).toEqual(config.modules);
  });

  test('there is nothing to remark', () => {
    expect(notes).toEqual([]);
  });
});

describe('the snapshot', () => {
  test('cannot be changed anywhere', () => {
    const { config } = load(undefined);
    const open: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`);
    };
    visit(config, 'config');
    expect(open).toEqual([]);
  });

  test('survives structured cloning', () => {
    const { config } = load(undefined);
    const copy = Config.fromPlain(structuredClone(config.toPlain()));
    expect(copy.toPlain()).toEqual(config.toPlain());
    expect(copy.hostType('localhost').auth).toEqual(config.auth);
  });

  test('does not share values with the catalogue: two snapshots can be made', () => {
    expect(load(undefined).config.toPlain()).toEqual(load(undefined).config.toPlain());
  });

  test('a host type that is not there is a bug of the caller', () => {
    expect(() => load(undefined).config.hostType('elsewhere')).toThrow('no host type is called elsewhere');
  });

  test('RFC 7622 section 3.2: domains are in canonical form', () => {
    const { config } = load('[general]\nhosts = ["MÜNCHEN.Example."]\ndefault_server_domain = "München.example"\n');
    expect(config.general.hosts).toEqual(['münchen.example']);
    expect(config.general.default_server_domain).toBe('münchen.example');
    expect(config.hostType('münchen.example').domains).toEqual(['münchen.example']);
  });
});

describe('limits', () => {
  test('a stanza is limited unless the operator writes "infinity"', () => {
    const { config } = load(withOptions({ 'listen.c2s[].port': 5222 }));
    expect(config.listen.c2s[0]?.max_stanza_size).toBe(262_144);
    const unlimited = withOptions({ 'listen.c2s[].port': 5222, 'listen.c2s[].max_stanza_size': 'infinity' });
    expect(load(unlimited).config.listen.c2s[0]?.max_stanza_size).toBe('infinity');
  });

  test('a listener overrides general.max_fsm_queue', () => {
    const text = withOptions({ 'general.max_fsm_queue': 5, 'listen.c2s[].port': 1, 'listen.c2s[].max_fsm_queue': 9 });
    expect(load(text).config.listen.c2s[0]?.max_fsm_queue).toBe(9);
  });
});

describe('authentication', () => {
  test('methods without a list are those that have a table', () => {
    const { config } = load(withOptions({ 'auth.anonymous.protocol': 'both', 'auth.internal': {} }));
    expect(config.auth.methods).toEqual(['internal', 'anonymous']);
  });

  test('a method of the list needs no table', () => {
    const { config } = load(withOptions({ 'auth.methods': ['dummy', 'internal'] }));
    expect(config.auth).toMatchObject({ methods: ['dummy', 'internal'], dummy: { base_time: 50, variance: 450 } });
  });

  test('no method at all, no listener at all, and a method for tests are remarked', () => {
    expect(load(withOptions({})).notes).toEqual([
      'auth: names no method, so nobody can log in',
      'listen: has no listener for clients, so nobody can connect',
    ]);
    expect(load(withOptions({ 'auth.dummy': {}, 'listen.c2s[].port': 1 })).notes).toEqual([
      'auth: method dummy takes every password; it is for tests alone',
    ]);
  });
});

describe('back ends', () => {
  const pool = { 'outgoing_pools.rdbms.*.connection.driver': 'sqlite' };

  test('mod_private uses a pool when there is one', () => {
    expect(load(withOptions({ 'modules.mod_private': {} })).config.modules.mod_private?.backend).toBe('mnesia');
    expect(load(withOptions({ 'modules.mod_private': {}, ...pool })).config.modules.mod_private?.backend).toBe('rdbms');
  });

  test('a pool of driver sqlite needs nothing else', () => {
    const { config } = load(withOptions(pool));
    expect(config.outgoing_pools.rdbms['default']?.connection).toEqual({ driver: 'sqlite' });
  });
});

describe('client certificates', () => {
  const base = { 'listen.c2s[].port': 5222, 'listen.c2s[].tls.certfile': 'c.pem' };
  const ask = { verify_mode: 'peer', require_certificate: false, disconnect_on_failure: false };
  const demand = { verify_mode: 'peer', require_certificate: true, disconnect_on_failure: true };
  const ignore = { verify_mode: 'none', require_certificate: false };

  test.each([
    ['nothing said', {}, ignore],
    ['authorities alone', { cacertfile: 'a.pem' }, ignore],
    ['fast_tls with authorities', { module: 'fast_tls', cacertfile: 'a.pem' }, ignore],
    ['just_tls with authorities', { module: 'just_tls', cacertfile: 'a.pem' }, demand],
    ['a key apart, with authorities', { keyfile: 'k.pem', cacertfile: 'a.pem' }, demand],
    ['verify_mode none', { module: 'just_tls', cacertfile: 'a.pem', verify_mode: 'none' }, ignore],
    ['verify_mode peer', { verify_mode: 'peer' }, demand],
    ['verify_mode peer with fast_tls', { module: 'fast_tls', verify_mode: 'peer' }, ask],
    ['verify_mode peer, left to SASL', { verify_mode: 'peer', disconnect_on_failure: false }, ask],
    ['verify_peer', { cacertfile: 'a.pem', verify_peer: true }, demand],
    ['verify_peer = false', { cacertfile: 'a.pem', verify_peer: false, module: 'just_tls' }, ignore],
  ])('%s', (_claim, options, expected) => {
    const tls = Object.fromEntries(Object.entries(options).map(([name, value]) => [`listen.c2s[].tls.${name}`, value]));
    expect(load(withOptions({ ...base, ...tls })).config.listen.c2s[0]?.tls).toMatchObject(expected);
  });
});

describe('TLS versions and ciphers', () => {
  function tls(options: Readonly<Record<string, unknown>>) {
    const all = Object.entries({ certfile: 'c.pem', ...options }).map(([name, value]) => [
      `listen.c2s[].tls.${name}`,
      value,
    ]);
    return load(withOptions({ 'listen.c2s[].port': 5222, ...Object.fromEntries(all) })).config.listen.c2s[0]?.tls;
  }

  test('TLS 1.2 and 1.3 unless older ones are named', () => {
    expect(tls({})?.versions).toEqual(['tlsv1.2', 'tlsv1.3']);
    expect(tls({ versions: ['tlsv1.3', 'tlsv1'] })?.versions).toEqual(['tlsv1', 'tlsv1.3']);
    expect(tls({ protocol_options: ['no_tlsv1', 'no_tlsv1_2'] })?.versions).toEqual(['tlsv1.1', 'tlsv1.3']);
  });

  test('suites of TLS 1.3 alone leave no room for older versions', () => {
    expect(tls({ ciphers: 'TLS_AES_256_GCM_SHA384' })).toMatchObject({
      versions: ['tlsv1.3'],
      cipher_suites: 'TLS_AES_256_GCM_SHA384',
    });
  });

  test.each([
    [
      { cipher: 'aes_128_gcm', key_exchange: 'ecdhe_ecdsa', mac: 'aead', prf: 'sha256' },
      'ECDHE-ECDSA-AES128-GCM-SHA256',
    ],
    [{ cipher: 'aes_256_cbc', key_exchange: 'dhe_rsa', mac: 'sha', prf: 'default_prf' }, 'DHE-RSA-AES256-SHA'],
    [{ cipher: 'aes_256_cbc', key_exchange: 'rsa', mac: 'sha256', prf: 'default_prf' }, 'AES256-SHA256'],
    [
      { cipher: 'chacha20_poly1305', key_exchange: 'ecdhe_rsa', mac: 'aead', prf: 'sha256' },
      'ECDHE-RSA-CHACHA20-POLY1305',
    ],
  ])('Erlang names %j as OpenSSL does %s', (suite, name) => {
    expect(tls({ ciphers: [suite] })?.ciphers).toBe(name);
  });

  test('fast_tls prefers its own order when asked', () => {
    expect(tls({ protocol_options: ['cipher_server_preference'] })?.prefer_server_ciphers).toBe(true);
    expect(tls({})?.prefer_server_ciphers).toBe(false);
  });
});

describe('acl', () => {
  test('conditions are folded as addresses are; resources and expressions keep their case', () => {
    const matcher = { user: 'Alice', user_regexp: '^\\S+A', server: 'EXAMPLE.org', resource: 'Phone' };
    expect(load(withOptions({ 'acl.some': [matcher] })).config.acl['some']).toEqual([
      { match: 'current_domain', user: 'alice', user_regexp: '^\\S+A', server: 'example.org', resource: 'Phone' },
    ]);
  });
});

describe('mod_blocking', () => {
  test('brings mod_privacy along, in the same back end', () => {
    const pool = { 'outgoing_pools.rdbms.default.connection.driver': 'sqlite' };
    const { config } = load(withOptions({ 'modules.mod_blocking.backend': 'rdbms', ...pool }));
    expect(config.modules.mod_privacy).toEqual({ backend: 'rdbms', max_items: 1000, max_lists: 20 });
  });

  test('leaves a mod_privacy that is configured as it is', () => {
    const options = { 'modules.mod_blocking.backend': 'mnesia', 'modules.mod_privacy.max_items': 7 };
    expect(load(withOptions(options)).config.modules.mod_privacy).toEqual({
      backend: 'mnesia',
      max_items: 7,
      max_lists: 20,
    });
  });
});
