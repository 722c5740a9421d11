/** TLS tables of listeners and pools, from either generation of spellings, as one. */
import { createSecureContext } from 'node:tls';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { ListenerTls, PoolTls, TlsVersionName } from '../types.js';
import { isTable, type Table } from '../validate.js';
import { cipherNameOf } from './ciphers.js';
import { type Draft, pick } from './draft.js';

const ALL_VERSIONS: readonly TlsVersionName[] = ['tlsv1', 'tlsv1.1', 'tlsv1.2', 'tlsv1.3'];
const SAFE_VERSIONS: readonly TlsVersionName[] = ['tlsv1.2', 'tlsv1.3'];

/** What `protocol_options` of fast_tls may hold: versions to leave out, and switches that OpenSSL has on by itself. */
const versionSwitches: Readonly<Record<string, TlsVersionName | undefined>> = {
  no_sslv2: undefined,
  no_sslv3: undefined,
  no_tlsv1: 'tlsv1',
  no_tlsv1_1: 'tlsv1.1',
  no_tlsv1_2: 'tlsv1.2',
  no_tlsv1_3: 'tlsv1.3',
};
const alwaysOn = ['no_compression', 'single_dh_use', 'single_ecdh_use'];
const SERVER_PREFERENCE = 'cipher_server_preference';

export function buildListenerTls(draft: Draft, path: Path, own: Table): ListenerTls {
  return buildTls(draft, path, own, draft.filled('listen.c2s[].tls', own), buildVerification(draft, path, own));
}

/** HTTPS begins with TLS. A `cacertfile` is the chain of the own certificate there, so it demands nothing of clients. */
export function buildHttpTls(draft: Draft, path: Path, own: Table): ListenerTls {
  const table = { ...draft.filled('listen.http[].tls', own), mode: 'tls' };
  const isAsked = own['verify_mode'] !== undefined || own['verify_peer'] === true;
  const nobody: Verification = { verify_mode: 'none', require_certificate: false, disconnect_on_failure: true };
  const verification = isAsked ? buildVerification(draft, path, own) : nobody;
  if (own['cacertfile'] !== undefined && !isAsked) {
    const text =
      'verify_mode is not set: clients are not asked for a certificate; MongooseIM since 5.1 would demand one';
    draft.note('advice', path, text);
  }
  return buildTls(draft, path, own, table, verification);
}

function buildTls(draft: Draft, path: Path, own: Table, table: Table, verification: Verification): ListenerTls {
  const files = buildFiles(draft, path, own, table);
  const ciphers = buildCiphers(draft, [...path, 'ciphers'], own['ciphers']);
  const allowed = buildVersions(draft, path, own);
  return {
    mode: table['mode'] as ListenerTls['mode'],
    module: isFastTls(own) ? 'fast_tls' : 'just_tls',
    ...files,
    ...verification,
    ...pick(own, ['dhfile', 'cacertfile']),
    crl_files: table['crl_files'] as string[],
    versions: onlyUsable(allowed, ciphers),
    ...pick(ciphers, ['ciphers', 'cipher_suites']),
    prefer_server_ciphers: list(own['protocol_options']).includes(SERVER_PREFERENCE),
  };
}

/** Spellings that only the older library has. */
function isFastTls(own: Table): boolean {
  return own['module'] === 'fast_tls' || (own['module'] === undefined && own['protocol_options'] !== undefined);
}

function buildFiles(
  draft: Draft,
  path: Path,
  own: Table,
  table: Table,
): Pick<ListenerTls, 'certificate' | 'certfile' | 'keyfile' | 'password'> {
  if (own['certificate'] === 'automatic') {
    for (const name of ['certfile', 'keyfile', 'password']) {
      if (own[name] === undefined) continue;
      const text = `${name} has no place beside certificate = "automatic", expected one or the other`;
      draft.find('contradiction', [...path, name], 'key', text);
    }
    return { certificate: 'automatic' };
  }
  const certfile = own['certfile'] as string | undefined;
  if (certfile === undefined) {
    const text = `certfile is missing, expected the path of a PEM file: mode "${table['mode']}" needs a certificate`;
    draft.find('missing', path, 'key', text);
  }
  return {
    certificate: 'files',
    certfile,
    keyfile: (own['keyfile'] as string | undefined) ?? certfile,
    ...pick(own, ['password']),
  };
}

type Verification = Pick<ListenerTls, 'verify_mode' | 'require_certificate' | 'disconnect_on_failure'>;

/**
 * `verify_peer` is the older word. Neither set, the older library asked for no certificate and the newer one demanded one:
 * demanding is what was meant where there is a `cacertfile` and a spelling of the newer library.
 */
function buildVerification(draft: Draft, path: Path, own: Table): Verification {
  const disconnects = (own['disconnect_on_failure'] as boolean | undefined) ?? true;
  const chosen = verifyMode(draft, path, own);
  if (chosen === 'none') return { verify_mode: 'none', require_certificate: false, disconnect_on_failure: disconnects };
  if (isFastTls(own) && own['verify_peer'] !== true) {
    return { verify_mode: chosen, require_certificate: false, disconnect_on_failure: false };
  }
  return { verify_mode: chosen, require_certificate: disconnects, disconnect_on_failure: disconnects };
}

function verifyMode(draft: Draft, path: Path, own: Table): ListenerTls['verify_mode'] {
  const { verify_mode: mode, verify_peer: old, cacertfile } = own;
  if (old === true && cacertfile === undefined) {
    draft.find('missing', path, 'key', 'cacertfile is missing, expected the path of a PEM file: verify_peer needs it');
  }
  if (mode !== undefined && old !== undefined && (mode !== 'none') !== old) {
    const text = `verify_peer = ${old} contradicts verify_mode = ${quote(mode)}, expected verify_mode alone`;
    draft.find('contradiction', [...path, 'verify_peer'], 'key', text);
  }
  if (old !== undefined) draft.note('renamed', [...path, 'verify_peer'], 'is called verify_mode since MongooseIM 5.1');
  if (mode !== undefined) return mode as ListenerTls['verify_mode'];
  if (old !== undefined) return old ? 'peer' : 'none';
  const isNewer = own['module'] === 'just_tls' || own['keyfile'] !== undefined;
  if (cacertfile !== undefined && isNewer && !isFastTls(own)) return 'peer';
  if (!isFastTls(own)) {
    const text = 'verify_mode is not set: clients are not asked for a certificate; MongooseIM 6.4 would demand one';
    draft.note('advice', path, text);
  }
  return 'none';
}

/** Versions that are asked for by name are allowed however old they are; otherwise TLS 1.2 and 1.3. */
function buildVersions(draft: Draft, path: Path, own: Table): readonly TlsVersionName[] {
  const named = own['versions'] as TlsVersionName[] | undefined;
  const options = own['protocol_options'] === undefined ? undefined : list(own['protocol_options']);
  for (const [index, option] of (options ?? []).entries()) {
    if (option in versionSwitches || alwaysOn.includes(option) || option === SERVER_PREFERENCE) continue;
    const known = [...Object.keys(versionSwitches), ...alwaysOn, SERVER_PREFERENCE];
    const text = `${quote(option)} is not allowed, expected one of ${known.map(quote).join(', ')}`;
    draft.find('value', [...path, 'protocol_options', index], 'value', text);
  }
  const excluded = (options ?? []).map((option) => versionSwitches[option]);
  const versions = ALL_VERSIONS.filter((version) =>
    (named ?? (options ? ALL_VERSIONS : SAFE_VERSIONS)).includes(version),
  );
  const left = versions.filter((version) => !excluded.includes(version));
  if (left.length === 0) {
    const text = 'no version of TLS is left, expected at least one';
    draft.find('contradiction', [...path, options ? 'protocol_options' : 'versions'], 'value', text);
  }
  return left;
}

interface Ciphers extends Table {
  readonly ciphers?: string | undefined;
  readonly cipher_suites?: string | undefined;
  /** Suites of TLS 1.3 alone are named. */
  readonly isTls13Only: boolean;
}

function buildCiphers(draft: Draft, path: Path, value: unknown): Ciphers {
  const names =
    typeof value === 'string' ? value.split(/[:, ]+/).filter((name) => name !== '') : namesOf(draft, path, value);
  if (names === undefined) return { isTls13Only: false };
  const suites = names.filter((name) => name.startsWith('TLS_'));
  // OpenSSL has no such word: its TLS 1.3 suites are a list of their own.
  const others = names.filter((name) => !name.startsWith('TLS_') && name !== 'TLSv1.3');
  const ciphers = others.length > 0 ? others.join(':') : undefined;
  if (ciphers !== undefined && !isCipherList(ciphers)) {
    const text = `${quote(ciphers)} is not allowed, expected ciphers that OpenSSL knows, such as "ECDHE-RSA-AES256-GCM-SHA384"`;
    draft.find('value', path, 'value', text);
  }
  return {
    ciphers,
    cipher_suites: suites.length > 0 ? suites.join(':') : undefined,
    isTls13Only: !ciphers && suites.length > 0,
  };
}

/** The form of just_tls in 4.0: tables of cipher, key_exchange, mac and prf. */
function namesOf(draft: Draft, path: Path, value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter(isTable).flatMap((table, index) => {
    const name = cipherNameOf(table);
    if (name !== undefined) return [name];
    const text = 'this cipher suite is not known, expected cipher, key_exchange, mac and prf as Erlang names them';
    draft.find('value', [...path, index], 'value', text);
    return [];
  });
}

function isCipherList(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
  }
}

/** Naming suites of TLS 1.3 alone must not open older versions with OpenSSL's own list. */
function onlyUsable(versions: readonly TlsVersionName[], { isTls13Only }: Ciphers): readonly TlsVersionName[] {
  return isTls13Only ? versions.filter((version) => version === 'tlsv1.3') : versions;
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function buildPoolTls(draft: Draft, path: Path, own: Table): PoolTls {
  const sni = own['server_name_indication'];
  const indication = isTable(sni) ? sni : { enabled: sni ?? true };
  const ciphers = buildCiphers(draft, [...path, 'ciphers'], own['ciphers']);
  return {
    required: own['required'] === true,
    verify_mode: poolVerification(draft, path, own),
    ...pick(own, ['certfile', 'password', 'cacertfile', 'crl_files']),
    ...pick({ keyfile: own['keyfile'] ?? own['certfile'] }, ['keyfile']),
    ...pick(ciphers, ['ciphers', 'cipher_suites']),
    versions: onlyUsable(buildVersions(draft, path, pick(own, ['versions'])), ciphers),
    send_server_name: indication['enabled'] !== false,
    ...pick({ server_name: indication['host'] }, ['server_name']),
  };
}

/** `verify_peer` is the older word. Who wants failures to be overlooked wants no check. */
function poolVerification(draft: Draft, path: Path, own: Table): PoolTls['verify_mode'] {
  const { verify_mode: mode, verify_peer: old } = own;
  if (mode !== undefined && old !== undefined && (mode !== 'none') !== old) {
    const text = `verify_peer = ${old} contradicts verify_mode = ${quote(mode)}, expected verify_mode alone`;
    draft.find('contradiction', [...path, 'verify_peer'], 'key', text);
  }
  if (old !== undefined) draft.note('renamed', [...path, 'verify_peer'], 'is called verify_mode since MongooseIM 5.1');
  if (own['disconnect_on_failure'] === false) return 'none';
  return (mode as PoolTls['verify_mode'] | undefined) ?? (old === false ? 'none' : 'peer');
}
