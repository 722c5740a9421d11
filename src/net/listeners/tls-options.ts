/** From the `tls` section of a listener and the files that it names to what the engine needs for a TLS context. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import type { TlsIdentity, TlsOptions, TlsVersion } from '../../engine/port.js';
import {
  type CertificatePass,
  describeProblem,
  type LoadedIdentity,
  loadIdentity,
  ownIdentity,
  ownIdentityFiles,
  type PartReading,
} from '../../platform/certificates/index.js';
import type { Clock } from '../../platform/clock.js';
import type { Config, ListenerTls } from '../../platform/config/index.js';
import type { Random } from '../../platform/random.js';
import { domainToAscii } from '../../protocol/jid/domain.js';

export interface TlsSurroundings {
  /** Where the certificate is kept that the server makes for itself. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Something that an operator should know and that keeps nothing from working, such as a certificate about to expire. */
  warn(problem: string): void;
  /** What was good before stands in for what is not usable now. */
  readonly pass?: CertificatePass | undefined;
}

/** The files of the configuration are not usable: the server does not start. Each problem begins with its place. */
export class TlsOptionsError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'TlsOptionsError';
    this.problems = problems;
  }
}

type WithTls = readonly { readonly tls?: ListenerTls | undefined }[];

export interface TlsListeners {
  readonly c2s: WithTls;
  readonly http?: WithTls;
}

/** All listeners that may have TLS, in the order in which their TLS options are handed about. */
export function tlsPlaces({ c2s, http = [] }: TlsListeners): { place: string; tls: ListenerTls | undefined }[] {
  return [
    ...c2s.map(({ tls }, index) => ({ place: `listen.c2s[${index}]`, tls })),
    ...http.map(({ tls }, index) => ({ place: `listen.http[${index}]`, tls })),
  ];
}

/** The parts of the snapshot that concern TLS. */
export type TlsConfig = { readonly listen: TlsListeners } & {
  readonly general: Pick<Config['general'], 'hosts' | 'domain_certfile'>;
};

const VERSIONS: Readonly<Record<ListenerTls['versions'][number], TlsVersion>> = {
  tlsv1: 'TLSv1',
  'tlsv1.1': 'TLSv1.1',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.3': 'TLSv1.3',
};
/** What clients ask for on ports that begin with TLS: XEP-0368 section 4, RFC 7301 section 6. */
const ALPN = { c2s: 'xmpp-client', http: 'http/1.1' } as const;

/** Reads every file that the section names. Rejects with all problems at once, as `TlsOptionsError`. */
export async function tlsOptions(
  tls: ListenerTls,
  config: TlsConfig,
  surroundings: TlsSurroundings,
): Promise<TlsOptions> {
  const place = placeOf(tls, config);
  const reader = new TlsFiles(surroundings);
  const [identity, names, ca, dhParameters, ...crls] = await Promise.all([
    reader.listenerIdentity(tls, config.general.hosts, place),
    reader.namedIdentities(config.general.domain_certfile),
    reader.pem(tls.cacertfile, `${place}.cacertfile`, 'CERTIFICATE'),
    reader.pem(tls.dhfile, `${place}.dhfile`, 'DH PARAMETERS'),
    ...tls.crl_files.map((path, index) => reader.pem(path, `${place}.crl_files[${index}]`, 'X509 CRL')),
  ]);
  if (reader.problems.length > 0 || !identity) throw new TlsOptionsError(reader.problems.toSorted());

  const options: TlsOptions = {
    ...identity,
    versions: tls.versions.map((version) => VERSIONS[version]),
    ciphers: tls.ciphers,
    cipherSuites: tls.cipher_suites,
    preferServerCiphers: tls.prefer_server_ciphers,
    dhParameters,
    ca,
    crls: crls.filter((crl) => crl !== undefined),
    verify: tls.verify_mode === 'selfsigned_peer' ? 'selfsigned' : tls.verify_mode,
    requireCertificate: tls.require_certificate,
    disconnectOnFailure: tls.disconnect_on_failure,
    names,
    alpn: tls.mode === 'tls' ? [ALPN[place.startsWith('listen.http') ? 'http' : 'c2s']] : [],
  };
  tryOut(options, place);
  return options;
}

/** Every file that the section names, or stands for, in the order of its parts. */
export function tlsFiles(tls: ListenerTls, config: TlsConfig, dataDir: string): string[] {
  const own = tls.certificate === 'files' ? tls : ownIdentityFiles(dataDir);
  const named = config.general.domain_certfile.map(({ certfile }) => certfile);
  const all = [own.certfile, own.keyfile, ...named, tls.cacertfile, tls.dhfile, ...tls.crl_files];
  return [...new Set(all.filter((file) => file !== undefined))];
}

function placeOf(tls: ListenerTls, config: TlsConfig): string {
  return `${tlsPlaces(config.listen).find((one) => one.tls === tls)?.place}.tls`;
}

/** Reads files and notes what is wrong with them, so that all of it is told at once. */
class TlsFiles {
  readonly problems: string[] = [];
  readonly #surroundings: TlsSurroundings;

  constructor(surroundings: TlsSurroundings) {
    this.#surroundings = surroundings;
  }

  async listenerIdentity(
    tls: ListenerTls,
    domains: readonly string[],
    place: string,
  ): Promise<TlsIdentity | undefined> {
    const { certfile = '', keyfile, password: passphrase } = tls;
    if (tls.certificate === 'files') return this.#fromFiles({ certfile, keyfile, passphrase }, domains, place);
    const { dataDir: folder, clock, random } = this.#surroundings;
    const own = await ownIdentity({ folder, domains, clock, random });
    return this.#judged(own, { place, file: own.certfile, domains });
  }

  /** `general.domain_certfile`: certificates by the domain that the client wants to reach. */
  async namedIdentities(certificates: Config['general']['domain_certfile']): Promise<TlsOptions['names']> {
    const named = certificates.map(async ({ domain, certfile }, index) => {
      const identity = await this.#fromFiles({ certfile }, [domain], `general.domain_certfile[${index}]`);
      // SNI carries the ASCII form (RFC 6066 section 3); a stream without SNI is served by its `to`, which has the other.
      const names = new Set([domain, domainToAscii(domain)].filter((name) => name !== ''));
      return identity ? [...names].map((name) => ({ ...identity, name })) : [];
    });
    return (await Promise.all(named)).flat();
  }

  /** The whole file, which has to hold usable blocks of this kind. */
  async pem(path: string | undefined, place: string, kind: BlockKind): Promise<string | undefined> {
    if (path === undefined) return undefined;
    const part = { place, file: path, domains: [] };
    try {
      const text = await readFile(path, 'latin1');
      const found = blocks(text, kind);
      if (found.length === 0) throw new Error(`holds no "BEGIN ${kind}", expected a file in PEM form`);
      for (const block of found) JUDGES[kind](block);
      return this.#take({ ...part, value: text, errors: [] });
    } catch (error) {
      return this.#take<string>({ ...part, value: undefined, errors: [`${path}: ${reasonOf(error)}`] });
    }
  }

  async #fromFiles(files: Parameters<typeof loadIdentity>[0], domains: readonly string[], place: string) {
    const { clock, pass } = this.#surroundings;
    const mustBeValid = pass?.has(place) ?? false;
    const loaded = await loadIdentity(files, { domains, now: clock.now(), mustBeValid });
    return this.#judged(loaded, { place, file: files.certfile, domains });
  }

  #judged({ identity, problems, subject }: LoadedIdentity, part: Part): TlsIdentity | undefined {
    const told = (severity: string) => problems.filter((one) => one.severity === severity).map(describeProblem);
    for (const warning of told('warning')) this.#surroundings.warn(`${part.place}: ${warning}`);
    const value = identity && { certificate: identity.certificate, key: identity.key };
    return this.#take<TlsIdentity>({ ...part, value, leaf: identity?.leaf, subject, errors: told('error') });
  }

  /** The part itself, or what was in its place before. Without either, its errors keep the section from being used. */
  #take<Value>(reading: PartReading<Value>): Value | undefined {
    const { pass } = this.#surroundings;
    const taken = pass ? pass.take(reading) : reading.value;
    if (taken === undefined) this.problems.push(...reading.errors.map((error) => `${reading.place}: ${error}`));
    return taken;
  }
}

type Part = Pick<PartReading<unknown>, 'place' | 'file' | 'domains'>;

type BlockKind = 'CERTIFICATE' | 'DH PARAMETERS' | 'X509 CRL';

/** Each throws for a block that OpenSSL could not use; left to itself, OpenSSL passes over some of them in silence. */
const JUDGES: Readonly<Record<BlockKind, (block: string) => unknown>> = {
  CERTIFICATE: (block) => new X509Certificate(block),
  'X509 CRL': (crl) => createSecureContext({ crl }),
  'DH PARAMETERS': judgeDhParameters,
};

/** Shorter primes can be broken (RFC 9325 section 4.2). */
const MIN_DH_BITS = 2048;

function judgeDhParameters(block: string): void {
  const bits = primeBits(Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64'));
  if (bits === undefined) throw new Error('it is damaged');
  if (bits < MIN_DH_BITS) throw new Error(`the prime has ${bits} bits, expected at least ${MIN_DH_BITS}`);
}

/** PKCS #3: a sequence that begins with the prime. */
function primeBits(der: Buffer): number | undefined {
  const sequence = derContent(der, 0x30);
  const prime = sequence && derContent(sequence, 0x02);
  return prime?.length ? BigInt(`0x${prime.toString('hex')}`).toString(2).length : undefined;
}

/** The content of the value that begins here, if it has this tag and is whole. */
function derContent(der: Buffer, tag: number): Buffer | undefined {
  const [first, length = 0x80] = der;
  const extra = length > 0x80 ? length - 0x80 : 0;
  if (first !== tag || length === 0x80 || extra > 4 || der.length < 2 + extra) return undefined;
  const start = 2 + extra;
  const end = start + (extra > 0 ? der.readUIntBE(2, extra) : length);
  return end <= der.length ? der.subarray(start, end) : undefined;
}

/** The PEM blocks with this label, each with its first and last line. */
function blocks(text: string, label: BlockKind): string[] {
  return text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g')) ?? [];
}

/** OpenSSL's own judgement, here rather than on every shard: parameters that are too small, a list that does not parse. */
function tryOut({ certificate: cert, key, ca, dhParameters: dhparam, crls }: TlsOptions, place: string): void {
  try {
    createSecureContext({ cert, key, ...(ca && { ca }), ...(dhparam && { dhparam }), crl: [...crls] });
  } catch (error) {
    throw new TlsOptionsError([`${place}: OpenSSL does not take these settings: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : error.message;
}
