/** For each option about LDAP, values that are taken and values that are refused. */
import { all, notNegative, type OptionExample, path, positive, text, word, yesOrNo } from './example-kit.js';

const pool = {
  'outgoing_pools.ldap.*.connection.root_dn': 'cn=admin',
  'outgoing_pools.ldap.*.connection.password': 'x',
};
const secure = { ...pool, 'outgoing_pools.ldap.*.connection.tls.cacertfile': 'priv/ca.pem' };
const vcard = { ...pool, 'modules.mod_vcard.backend': 'ldap' };

const vcardOptions: Readonly<Record<string, OptionExample>> = {
  pool_tag: { accepted: ['default'], refused: ['other', 7], isNeutral: true },
  base: text,
  filter: { accepted: ['(objectClass=person)', '(&(a=1)(!(b=%u)))'], refused: ['objectClass=person', '(a=b', 7] },
  deref: word(['always', 'finding', 'searching']),
  search_operator: word(['or'], 'xor'),
  binary_search_fields: { accepted: [['FN'], ['Full Name', 'EMAIL']], refused: ['FN', [7]] },
};

/** With what has to stand beside them in their row. */
const rows: Readonly<Record<string, OptionExample>> = {
  'vcard_map[].vcard_field': { ...text, around: { 'vcard_map[].ldap_pattern': '%s', 'vcard_map[].ldap_field': 'cn' } },
  'vcard_map[].ldap_pattern': { ...text, around: { 'vcard_map[].vcard_field': 'FN', 'vcard_map[].ldap_field': 'cn' } },
  'vcard_map[].ldap_field': {
    accepted: ['displayName', 'cn;lang-en'],
    refused: ['', 'a b', 'a=b', 7],
    around: { 'vcard_map[].vcard_field': 'FN', 'vcard_map[].ldap_pattern': '%s' },
  },
  'search_fields[].search_field': { ...text, around: { 'search_fields[].ldap_field': 'cn' } },
  'search_fields[].ldap_field': {
    accepted: ['%u', 'mail'],
    refused: ['', 'a)(b', '%d', 7],
    around: { 'search_fields[].search_field': 'Name' },
  },
  'search_reported[].search_field': { ...text, around: { 'search_reported[].vcard_field': 'FN' } },
  'search_reported[].vcard_field': { ...text, around: { 'search_reported[].search_field': 'Name' } },
  'uids[].attr': { accepted: ['mail'], refused: ['', 'a b', '(a', 7] },
  'uids[].format': {
    accepted: ['%u@a.example', '%u@%d'],
    refused: ['none', '%u%u', '(%u', 7],
    around: { 'uids[].attr': 'mail' },
  },
};

/** The table `ldap`, and where its options were before. */
function vcardExamples(prefix: string): Record<string, OptionExample> {
  const inner = Object.entries(rows).map(([name, example]): [string, OptionExample] => {
    const beside = Object.entries(example.around ?? {}).map(([other, value]) => [prefix + other, value]);
    return [prefix + name, { ...example, around: { ...vcard, ...Object.fromEntries(beside) } }];
  });
  return { ...all(prefix, vcard, vcardOptions), ...Object.fromEntries(inner) };
}

export const ldapExamples: Readonly<Record<string, OptionExample>> = {
  ...all('outgoing_pools.ldap.*.', pool, {
    scope: { ...word(['global'], 'single_host'), isNeutral: true },
    strategy: { ...word(['best_worker'], 'worst_worker'), isNeutral: true },
    workers: positive,
    call_timeout: positive,
    max_worker_queue_len: notNegative,
    'connection.servers': {
      accepted: [['a.example', '::1']],
      refused: [[], ['a', 'a'], [''], ['a:389'], ['ldap://a'], 'a'],
    },
    'connection.port': { accepted: [3890], refused: [70000, 'x'] },
    'connection.connect_interval': positive,
    'connection.encrypt': word(['tls'], 'starttls'),
  }),
  'outgoing_pools.ldap.*.connection.root_dn': text,
  'outgoing_pools.ldap.*.connection.rootdn': text,
  'outgoing_pools.ldap.*.connection.password': text,
  ...all('outgoing_pools.ldap.*.connection.tls.', secure, {
    verify_mode: word(['none', 'selfsigned_peer']),
    verify_peer: yesOrNo,
    disconnect_on_failure: yesOrNo,
    crl_files: { accepted: [['priv/crl.pem']], refused: ['priv/crl.pem', [7]] },
    certfile: path,
    keyfile: path,
    cacertfile: path,
    password: text,
    ciphers: { accepted: ['ECDHE-RSA-AES256-GCM-SHA384'], refused: ['ROT13', 1] },
    versions: { accepted: [['tlsv1.3']], refused: [['ssl'], 'tlsv1.3'] },
    server_name_indication: yesOrNo,
    'server_name_indication.enabled': yesOrNo,
    'server_name_indication.host': text,
  }),
  ...vcardExamples('modules.mod_vcard.ldap.'),
  ...vcardExamples('modules.mod_vcard.ldap_'),
};
