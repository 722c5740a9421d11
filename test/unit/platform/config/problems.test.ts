/** Every kind of problem is told with its place, what was wrong and what was expected. */
import { describe, expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../../../src/platform/config/index.js';

function problemsOf(text: string): string[] {
  const result = loadConfig({ file: 'mongooseim.toml', text });
  return 'problems' in result ? result.problems.map(formatProblem) : [];
}

const general = '[general]\nhosts = ["localhost"]\ndefault_server_domain = "localhost"\n';

/** Line 4 and onwards follow the section [general]. */
const cases: readonly [claim: string, text: string, problems: readonly string[]][] = [
  ['a syntax error', 'general = [\n  hosts = 1\n', ['mongooseim.toml:2:3: not valid TOML: invalid value']],
  [
    'an option that is misspelt',
    `${general}loglevl = "info"\n`,
    ['mongooseim.toml:4:1: general.loglevl: unknown option; did you mean "loglevel"?'],
  ],
  [
    'a section that is misspelt',
    `${general}[[listn.c2s]]\nport = 5222\n`,
    ['mongooseim.toml:4:1: listn: unknown option; did you mean "listen"?'],
  ],
  [
    'a module that is misspelt',
    `${general}[modules.mod_rooster]\n`,
    ['mongooseim.toml:4:1: modules.mod_rooster: unknown module; did you mean "mod_roster"?'],
  ],
  [
    'an option of another section',
    `${general}[modules.mod_time]\n  replaced_wait_timeout = 2\n`,
    ['mongooseim.toml:5:3: modules.mod_time.replaced_wait_timeout: unknown option; there is one in general'],
  ],
  [
    'an option that is like no other',
    `${general}[shaper.fast]\n  max_rate = 1\n  xyzzyx = 2\n`,
    ['mongooseim.toml:6:3: shaper.fast.xyzzyx: unknown option, expected max_rate'],
  ],
  [
    'a wrong type',
    `${general}hide_service_name = "yes"\n`,
    ['mongooseim.toml:4:21: general.hide_service_name: "yes" is not allowed, expected true or false'],
  ],
  [
    'a float for an integer',
    `${general}replaced_wait_timeout = 2.0\n`,
    ['mongooseim.toml:4:25: general.replaced_wait_timeout: 2.0 is not allowed, expected a positive integer'],
  ],
  [
    'a table for an array of tables',
    `${general}[listen.c2s]\n  port = 5222\n`,
    ['mongooseim.toml:4:1: listen.c2s: a table is not allowed, expected an array of tables: write [[listen.c2s]]'],
  ],
  [
    'a value for a table',
    `${general}[auth]\n  internal = true\n`,
    ['mongooseim.toml:5:14: auth.internal: true is not allowed, expected a table'],
  ],
  [
    'a number out of range',
    `${general}[[listen.c2s]]\n  port = 70000\n`,
    ['mongooseim.toml:5:10: listen.c2s[0].port: 70000 is out of range, expected an integer from 0 to 65535'],
  ],
  [
    'a number that no computer counts to',
    `${general}registration_timeout = 9007199254740993\n`,
    [
      'mongooseim.toml:4:24: general.registration_timeout: 9007199254740993 is too large a number, expected a positive integer or "infinity"',
    ],
  ],
  [
    'a value that is not in the list',
    `${general}[auth.password]\n  format = "md5"\n`,
    ['mongooseim.toml:5:12: auth.password.format: "md5" is not allowed, expected one of "plain", "scram"'],
  ],
  [
    'an item that is not in the list',
    `${general}[auth]\n  methods = ["internal", "psychic"]\n`,
    [
      'mongooseim.toml:5:26: auth.methods[1]: "psychic" is not allowed, expected one of "anonymous", "dummy", "external", "http", "internal", "jwt", "ldap", "pki", "rdbms", "riak"',
    ],
  ],
  [
    'a mandatory option that is missing',
    `${general}[[listen.c2s]]\n  backlog = 10\n`,
    ['mongooseim.toml:4:1: listen.c2s[0]: port is missing, expected an integer from 0 to 65535'],
  ],
  [
    'a file without [general]',
    '[auth.internal]\n',
    ['mongooseim.toml:1:1: the section [general] is missing, expected at least hosts and default_server_domain'],
  ],
  [
    'no domain at all',
    '[general]\ndefault_server_domain = "localhost"\n',
    ['mongooseim.toml:1:1: general: hosts and host_types are both empty, expected at least one domain in hosts'],
  ],
  [
    'no default domain',
    '[general]\nhosts = ["localhost"]\n',
    ['mongooseim.toml:1:1: general: default_server_domain is missing, expected a domain name'],
  ],
  [
    'a domain that is there twice, however it is written',
    '[general]\nhosts = ["a.example", "A.Example"]\ndefault_server_domain = "a.example"\n',
    ['mongooseim.toml:2:23: general.hosts[1]: "A.Example" is there twice, expected each domain once'],
  ],
  [
    'host_config for a domain that is not served',
    `${general}[[host_config]]\n  host = "localhst"\n`,
    [
      'mongooseim.toml:5:10: host_config[0].host: "localhst" is not served here (did you mean "localhost"?), expected one of general.hosts',
    ],
  ],
  [
    'host_config twice for one domain',
    `${general}[[host_config]]\n  host = "localhost"\n[[host_config]]\n  host_type = "localhost"\n`,
    [
      'mongooseim.toml:7:15: host_config[1].host_type: "localhost" is configured in host_config[0] already, expected one table',
    ],
  ],
  [
    'an access rule that is not there',
    `${general}[access]\n  c2s = []\n[[listen.c2s]]\n  port = 5222\n  access = "c3s"\n`,
    [
      'mongooseim.toml:8:12: listen.c2s[0].access: there is no access rule "c3s" (did you mean "c2s"?), expected one of the section [access] or "all"',
    ],
  ],
  [
    'an acl that is not there',
    `${general}[access]\n  c2s = [\n    {acl = "blocked", value = "deny"}\n  ]\n`,
    [
      'mongooseim.toml:6:12: access.c2s[0].acl: there is no acl "blocked", expected one of the section [acl], "all" or "none"',
    ],
  ],
  [
    'a shaper that is not there',
    `${general}[[listen.c2s]]\n  port = 5222\n  shaper = "fast"\n`,
    [
      'mongooseim.toml:6:12: listen.c2s[0].shaper: there is no shaper or access rule "fast", expected one of the sections [shaper] and [access], or "none"',
    ],
  ],
  [
    'a rule for a shaper that names none',
    `${general}[[listen.c2s]]\n  port = 5222\n  shaper = "rule"\n[shaper.fast]\n  max_rate = 9\n[access]\n  rule = [{acl = "all", value = "fats"}]\n`,
    [
      'mongooseim.toml:10:33: access.rule[0].value: there is no shaper "fats" (did you mean "fast"?), expected one of the section [shaper] or "none"',
    ],
  ],
  [
    'two listeners on one port',
    `${general}[[listen.c2s]]\n  port = 5222\n[[listen.c2s]]\n  port = 5222\n`,
    [
      'mongooseim.toml:7:10: listen.c2s[1].port: port 5222 on 0.0.0.0 is taken by listen.c2s[0], expected another port or ip_address',
    ],
  ],
  [
    'trust in a header that is not asked for',
    `${general}[[listen.c2s]]\n  port = 5222\n  proxy_trusted = ["10.0.0.0/8"]\n`,
    [
      'mongooseim.toml:6:3: listen.c2s[0].proxy_trusted: only says who may send a PROXY header, expected proxy_protocol = true beside it',
    ],
  ],
  [
    'an address of the other version',
    `${general}[[listen.c2s]]\n  port = 5222\n  ip_address = "::1"\n  ip_version = 4\n`,
    ['mongooseim.toml:7:16: listen.c2s[0].ip_version: 4 contradicts ip_address = "::1", expected 6 or no ip_version'],
  ],
  [
    'TLS without a certificate',
    `${general}[[listen.c2s]]\n  port = 5222\n  tls.mode = "starttls"\n`,
    [
      'mongooseim.toml:6:3: listen.c2s[0].tls: certfile is missing, expected the path of a PEM file: mode "starttls" needs a certificate',
    ],
  ],
  [
    'an empty TLS table, which means STARTTLS',
    `${general}[[listen.c2s]]\n  port = 5222\n  [listen.c2s.tls]\n`,
    [
      'mongooseim.toml:6:3: listen.c2s[0].tls: certfile is missing, expected the path of a PEM file: mode "starttls" needs a certificate',
    ],
  ],
  [
    'verify_peer without authorities to verify by',
    `${general}[[listen.c2s]]\n  port = 5222\n  tls.certfile = "c.pem"\n  tls.verify_peer = true\n`,
    [
      'mongooseim.toml:6:3: listen.c2s[0].tls: cacertfile is missing, expected the path of a PEM file: verify_peer needs it',
    ],
  ],
  [
    'two generations of one option that differ',
    `${general}[[listen.c2s]]\n  port = 5222\n  tls.certfile = "c.pem"\n  tls.cacertfile = "a.pem"\n  tls.verify_peer = true\n  tls.verify_mode = "none"\n`,
    [
      'mongooseim.toml:8:3: listen.c2s[0].tls.verify_peer: verify_peer = true contradicts verify_mode = "none", expected verify_mode alone',
    ],
  ],
  [
    'a back end without its pool',
    `${general}[modules.mod_roster]\n  backend = "rdbms"\n`,
    [
      'mongooseim.toml:5:13: modules.mod_roster.backend: "rdbms" has no pool, expected a section [outgoing_pools.rdbms.default]',
    ],
  ],
  [
    'an authentication method without its pool',
    `${general}[auth.rdbms]\n`,
    ['mongooseim.toml:4:1: auth.rdbms: there is no pool for it, expected a section [outgoing_pools.rdbms.default]'],
  ],
  [
    'a database server given as a file',
    `${general}[outgoing_pools.rdbms.default.connection]\n  driver = "sqlite"\n  host = "db"\n`,
    [
      'mongooseim.toml:6:3: outgoing_pools.rdbms.default.connection.host: a file has no host, expected file alone with driver = "sqlite"',
    ],
  ],
  [
    'a feature that is not served yet',
    `${general}[modules.mod_muc]\n  host = "conference.@HOST@"\n`,
    ['mongooseim.toml:4:1: modules.mod_muc: not supported yet'],
  ],
  [
    'a value that is not served yet',
    `${general}sm_backend = "redis"\n`,
    ['mongooseim.toml:4:14: general.sm_backend: "redis" is not supported yet'],
  ],
  [
    'a back end that there will not be',
    `${general}[modules.mod_offline]\n  riak.bucket_type = "offline"\n`,
    [
      'mongooseim.toml:5:3: modules.mod_offline.riak: not supported: there is no Riak back end; use "rdbms" or "mnesia"',
    ],
  ],
];

test.each(cases)('%s is told with its place', (_claim, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

describe('many problems', () => {
  test('are all told at once, in the order of the file', () => {
    const text = `${general}loglevel = 5\n[auth]\n  methods = "internal"\n[modules.mod_muc]\n  hots = "x"\n[shaper.a]\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining(':4:12: general.loglevel: 5 is not allowed'),
      'mongooseim.toml:6:13: auth.methods: "internal" is not allowed, expected an array of strings',
      'mongooseim.toml:7:1: modules.mod_muc: not supported yet',
      'mongooseim.toml:8:3: modules.mod_muc.hots: unknown option; did you mean "host"?',
      'mongooseim.toml:9:1: shaper.a: max_rate is missing, expected a positive integer',
    ]);
  });

  test('do not follow from one another: a wrong value is not told again as missing', () => {
    expect(problemsOf('[general]\nhosts = [5]\ndefault_server_domain = "localhost"\n')).toHaveLength(1);
  });
});

describe('with ignoreUnsupported', () => {
  const text = `${general}sm_backend = "redis"\n[modules.mod_muc]\n  hots = "x"\n[[listen.c2s]]\n  port = 5222\n  tls = {certificate = "automatic", keep_secrets = true}\n`;

  test('what is not served is left out and noted', () => {
    const result = loadConfig({ file: 'f', text }, { ignoreUnsupported: true });
    if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
    expect(result.config.general.sm_backend).toBe('mnesia');
    expect(result.config.modules).toEqual({});
    expect(result.notes.filter(({ kind }) => kind === 'ignored').map((note) => `${note.path}: ${note.text}`)).toEqual([
      'general.sm_backend: "redis" is not supported yet; ignored',
      'modules.mod_muc: not supported yet; ignored',
      'listen.c2s[0].tls.keep_secrets: true is not supported yet; ignored',
    ]);
  });

  test('other problems still stop the start', () => {
    const result = loadConfig({ file: 'f', text: `${text}  prot = 1\n` }, { ignoreUnsupported: true });
    expect('problems' in result && result.problems.map(formatProblem)).toEqual([
      'f:10:3: listen.c2s[0].prot: unknown option; did you mean "port"?',
    ]);
  });
});
