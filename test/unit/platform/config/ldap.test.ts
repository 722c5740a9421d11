/** `outgoing_pools.ldap` and the options of mod_vcard about LDAP, from either generation of spellings. */
import { describe, expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../../../src/platform/config/index.js';

const GENERAL = '[general]\nhosts = ["localhost"]\ndefault_server_domain = "localhost"\n';
const POOL = '[outgoing_pools.ldap.default]\n';
const VCARD = '[modules.mod_vcard]\n  backend = "ldap"\n';

function load(text: string) {
  const result = loadConfig({ file: 'f', text: `${GENERAL}${text}` });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  const { outgoing_pools, modules } = result.config;
  return { pool: outgoing_pools.ldap['default'], vcard: modules.mod_vcard, notes: result.notes };
}

function problems(text: string): string[] {
  const result = loadConfig({ file: 'f', text: `${GENERAL}${text}` });
  return 'problems' in result ? result.problems.map(formatProblem) : [];
}

function notesOf(text: string): string[] {
  return load(text)
    .notes.filter(({ path }) => path.includes('ldap'))
    .map(({ kind, path, text: words }) => `${kind}: ${path} ${words}`);
}

describe('a pool', () => {
  test('has the defaults of MongooseIM', () => {
    expect(load(POOL).pool).toEqual({
      tag: 'default',
      workers: 10,
      call_timeout: 5_000,
      connection: { servers: ['localhost'], port: 389, root_dn: '', password: '', connect_interval: 10_000 },
    });
  });

  test.each([
    ['tls.verify_mode = "none"', 636, 'none'],
    ['tls = {}', 636, 'peer'],
    ['encrypt = "tls"', 636, 'peer'],
    ['encrypt = "tls"\n  tls.verify_peer = false', 636, 'none'],
    ['port = 3269\n  tls.disconnect_on_failure = false', 3269, 'none'],
    ['tls.verify_peer = true\n  tls.verify_mode = "selfsigned_peer"', 636, 'selfsigned_peer'],
    ['encrypt = "none"', 389, undefined],
  ])('with %s', (line, port, verify_mode) => {
    const connection = load(`${POOL}  [outgoing_pools.ldap.default.connection]\n  ${line}\n`).pool?.connection;
    expect(connection?.port).toBe(port);
    expect(connection?.tls?.verify_mode).toBe(verify_mode);
  });

  test('the words of MongooseIM 4 are taken, and said to be old', () => {
    const text = `${POOL}  [outgoing_pools.ldap.default.connection]\n  rootdn = "cn=a"\n  password = "b"\n  encrypt = "tls"\n`;
    expect(load(text).pool?.connection).toMatchObject({ root_dn: 'cn=a', password: 'b' });
    expect(notesOf(text)).toEqual([
      'renamed: outgoing_pools.ldap.default.connection.rootdn is called root_dn since MongooseIM 5.1',
      'renamed: outgoing_pools.ldap.default.connection.encrypt is gone since MongooseIM 5.1: a table tls beside it says the same',
    ]);
  });

  test('what has no effect is told', () => {
    expect(notesOf(`${POOL}  scope = "host_type"\n  strategy = "random_worker"\n`)).toEqual([
      'accepted: outgoing_pools.ldap.default.scope "host_type" has no effect: the host types share the connections of one pool',
      'accepted: outgoing_pools.ldap.default.strategy "random_worker" has no effect: a request goes to the connection with the fewest under way',
    ]);
    expect(notesOf(`${POOL}  strategy = "best_worker"\n  connection.root_dn = "cn=a"\n`)).toEqual([
      expect.stringContaining('advice: outgoing_pools.ldap.default.connection has a root_dn without a password'),
    ]);
  });

  test.each([
    ['rootdn = "cn=a"\n  root_dn = "cn=b"', 'f:6:3: outgoing_pools.ldap.default.connection.rootdn: root_dn is set too'],
    [
      'encrypt = "none"\n  tls.verify_mode = "none"',
      'f:6:13: outgoing_pools.ldap.default.connection.encrypt: "none" contradicts',
    ],
    [
      'tls.verify_mode = "peer"\n  tls.verify_peer = false',
      'f:7:3: outgoing_pools.ldap.default.connection.tls.verify_peer: verify_peer = false contradicts',
    ],
  ])('%s is refused', (lines, problem) => {
    const text = `${POOL}  [outgoing_pools.ldap.default.connection]\n  ${lines}\n`;
    expect(problems(text)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('mod_vcard', () => {
  test('has the defaults of MongooseIM', () => {
    const ldap = load(`${POOL}${VCARD}`).vcard?.ldap;
    expect(ldap).toMatchObject({
      pool_tag: 'default',
      base: '',
      uids: [{ attr: 'uid', format: '%u' }],
      filter: '',
      deref: 'never',
      search_operator: 'and',
      binary_search_fields: [],
    });
    expect(ldap?.vcard_map).toHaveLength(20);
    expect(ldap?.search_fields).toHaveLength(12);
    expect(ldap?.search_reported).toHaveLength(11);
  });

  test('takes the flat spellings of MongooseIM 4 and 5.0', () => {
    const text = `${POOL}${VCARD}  ldap_base = "dc=a"\n  ldap_uids = [{attr = "mail", format = "%u@%d"}, {attr = "uid"}]\n  ldap_search_operator = "or"\n`;
    expect(load(text).vcard?.ldap).toMatchObject({
      base: 'dc=a',
      uids: [
        { attr: 'mail', format: '%u@%d' },
        { attr: 'uid', format: '%u' },
      ],
      search_operator: 'or',
    });
    expect(load(text).vcard).not.toHaveProperty('ldap_base');
    expect(notesOf(text)).toContain('renamed: modules.mod_vcard.ldap_base is called ldap.base since MongooseIM 5.1');
  });

  test('with another back end the options are dropped, and that is told once', () => {
    const text = '[modules.mod_vcard]\n  ldap.base = "dc=a"\n  ldap.filter = "("\n';
    expect(load(text).vcard).not.toHaveProperty('ldap');
    expect(notesOf(text)).toEqual(['advice: modules.mod_vcard.ldap.base has no effect: backend is not "ldap"']);
  });

  test('a column that is to be binary has to be one', () => {
    expect(notesOf(`${POOL}${VCARD}  ldap.binary_search_fields = ["PHOTO", "FN", "Email"]\n`)).toEqual([
      'advice: modules.mod_vcard.ldap.binary_search_fields[0] "PHOTO" has no effect: it is no column of search_reported',
    ]);
  });

  test.each([
    [
      VCARD,
      'f:5:13: modules.mod_vcard.backend: "default" is no pool, expected a section [outgoing_pools.ldap.default]',
    ],
    [
      `${POOL}${VCARD}  ldap.pool_tag = "people"\n`,
      'f:7:19: modules.mod_vcard.ldap.pool_tag: "people" is no pool, expected a section [outgoing_pools.ldap.people]',
    ],
    [
      `${POOL}${VCARD}  ldap_filter = "(a=b"\n`,
      'f:7:17: modules.mod_vcard.ldap_filter: "(a=b" has no ")" for the value at character 4, expected a filter (RFC 4515) such as "(objectClass=person)"',
    ],
    [
      `${POOL}${VCARD}  ldap_base = "a"\n  ldap.base = "b"\n`,
      'f:7:3: modules.mod_vcard.ldap_base: ldap.base is set too, expected one of them',
    ],
    [
      `${POOL}${VCARD}  ldap.uids = []\n`,
      'f:7:15: modules.mod_vcard.ldap.uids: an empty array is not allowed, expected attributes',
    ],
    [
      `${POOL}${VCARD}  ldap.uids = [{format = "%u"}]\n`,
      'f:7:16: modules.mod_vcard.ldap.uids[0]: attr is missing, expected a string',
    ],
  ])('%s is refused', (text, problem) => expect(problems(text)).toEqual([problem]));

  test('of a host type has a pool like any other', () => {
    const text = `${POOL}[[host_config]]\n  host = "localhost"\n  [host_config.modules.mod_vcard]\n    backend = "ldap"\n`;
    expect(problems(text)).toEqual([]);
    expect(problems(text.replace(POOL, ''))).toEqual([
      'f:7:15: host_config[0].modules.mod_vcard.backend: "default" is no pool, expected a section [outgoing_pools.ldap.default]',
    ]);
  });
});
