/** From the `tls` section of a listener and the files that it names to what the engine needs for a TLS context. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { TlsIdentity, TlsOptions, TlsVersion } from '../../engine/port.js';
import type { Config, ListenerTls } from '../../platform/config/index.js';

/** Where certificates come from. */
export interface CertificateSource {
  /** The text of a PEM file. Rejects with a reason when it cannot be read. */
  read(path: string): Promise<string>;
  /** The certificate that this server made for itself at its first start, for these domains. */
  automatic(domains: readonly string[]): Promise<TlsIdentity>;
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

/** The parts of the snapshot that concern TLS. */
export type TlsConfig = { readonly listen: Pick<Config['listen'], 'c2s'> } & {
  readonly general: Pick<Config['general'], 'hosts' | 'domain_certfile'>;
};

const VERSIONS: Readonly<Record<ListenerTls['versions'][number], TlsVersion>> = {
  tlsv1: 'TLSv1',
  'tlsv1.1': 'TLSv1.1',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.3': 'TLSv1.3',
};
/** XEP-0368 section 4: what clients ask for on ports that begin with TLS. */
const ALPN = 'xmpp-client';

/** Reads every file that the section names. Rejects with all problems at once, as `TlsOptionsError`. */
export async function tlsOptions(tls: ListenerTls, config: TlsConfig, source: CertificateSource): Promise<TlsOptions> {
  const place = `listen.c2s[${config.listen.c2s.findIndex((listener) => listener.tls === tls)}].tls`;
  const reader = new FileReader(source);
  const identity = await ownIdentity(tls, config, reader, place);
  const ca = await reader.pem(tls.cacertfile, `${place}.cacertfile`, 'CERTIFICATE');
  const dhParameters = await reader.pem(tls.dhfile, `${place}.dhfile`, 'DH PARAMETERS');
  const crls = await Promise.all(
    tls.crl_files.map((path, index) => reader.pem(path, `${place}.crl_files[${index}]`, 'X509 CRL')),
  );
  const names = await namedIdentities(config, reader);
  if (reader.problems.length > 0 || !identity) throw new TlsOptionsError(reader.problems);

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
    alpn: tls.mode === 'tls' ? [ALPN] : [],
  };
  tryOut(options, place);
  return options;
}

function ownIdentity(
  tls: ListenerTls,
  config: TlsConfig,
  reader: FileReader,
  place: string,
): Promise<TlsIdentity | undefined> {
  if (tls.certificate === 'automatic') return reader.automatic(config.general.hosts, place);
  const { certfile = '', keyfile = certfile, password } = tls;
  return reader.identity({ certfile, keyfile, password, place: `${place}.certfile`, keyPlace: `${place}.keyfile` });
}

/** `general.domain_certfile`: certificates by the domain that the client wants to reach. */
async function namedIdentities(config: TlsConfig, reader: FileReader): Promise<TlsOptions['names']> {
  const named = config.general.domain_certfile.map(async ({ domain, certfile }, index) => {
    const place = `general.domain_certfile[${index}].certfile`;
    const identity = await reader.identity({ certfile, keyfile: certfile, place, keyPlace: place });
    // SNI carries the ASCII form (RFC 6066 section 3); a stream without SNI is served by its `to`, which has the other.
    const names = new Set([domain, domainToASCII(domain)].filter((name) => name !== ''));
    return identity ? [...names].map((name) => ({ ...identity, name })) : [];
  });
  return (await Promise.all(named)).flat();
}

interface IdentityFiles {
  readonly certfile: string;
  readonly keyfile: string;
  readonly password?: string | undefined;
  readonly place: string;
  readonly keyPlace: string;
}

/** Reads files and notes what is wrong with them, so that all of it is told at once. */
class FileReader {
  readonly problems: string[] = [];
  readonly #source: CertificateSource;

  constructor(source: CertificateSource) {
    this.#source = source;
  }

  /** The whole file, which has to hold at least one block of this kind. */
  async pem(path: string | undefined, place: string, kind: BlockKind): Promise<string | undefined> {
    const text = path === undefined ? undefined : await this.#read(path, place);
    if (text === undefined) return undefined;
    const found = blocks(text, kind);
    if (found.length === 0)
      return this.#problem(place, `${path} holds no "BEGIN ${kind}", expected a file in PEM form`);
    try {
      for (const block of found) JUDGES[kind](block);
      return text;
    } catch (error) {
      return this.#problem(place, `a "BEGIN ${kind}" in ${path} cannot be used: ${reasonOf(error)}`);
    }
  }

  async identity({ certfile, keyfile, password, place, keyPlace }: IdentityFiles): Promise<TlsIdentity | undefined> {
    const certificateText = await this.pem(certfile, place, 'CERTIFICATE');
    const keyText = keyfile === certfile ? certificateText : await this.#read(keyfile, keyPlace);
    if (certificateText === undefined || keyText === undefined) return undefined;
    const [key] = blocks(keyText, '(?:[A-Z]+ )?PRIVATE KEY');
    if (key === undefined) return this.#problem(keyPlace, `${keyfile} holds no private key, expected one in PEM form`);

    const certificates = blocks(certificateText, 'CERTIFICATE');
    try {
      const own = new X509Certificate(certificates[0] as string);
      const isPair = own.checkPrivateKey(
        createPrivateKey({ key, ...(password !== undefined && { passphrase: password }) }),
      );
      if (!isPair)
        return this.#problem(keyPlace, `the key in ${keyfile} does not belong to the first certificate in ${certfile}`);
    } catch (error) {
      return this.#problem(keyPlace, `certificate and key cannot be used: ${reasonOf(error)}`);
    }
    return { certificate: certificates.join('\n'), key, ...(password !== undefined && { passphrase: password }) };
  }

  async automatic(domains: readonly string[], place: string): Promise<TlsIdentity | undefined> {
    try {
      return await this.#source.automatic(domains);
    } catch (error) {
      return this.#problem(`${place}.certificate`, `no certificate could be made: ${reasonOf(error)}`);
    }
  }

  async #read(path: string, place: string): Promise<string | undefined> {
    try {
      return await this.#source.read(path);
    } catch (error) {
      return this.#problem(place, `${path} cannot be read: ${reasonOf(error)}`);
    }
  }

  #problem(place: string, text: string): undefined {
    this.problems.push(`${place}: ${text}`);
    return undefined;
  }
}

type BlockKind = 'CERTIFICATE' | 'DH PARAMETERS' | 'X509 CRL';

/** Each throws for a block that OpenSSL could not use; left to itself, OpenSSL passes over some of them in silence. */
const JUDGES: Readonly<Record<BlockKind, (block: string) => unknown>> = {
  CERTIFICATE: (block) => new X509Certificate(block),
  'X509 CRL': (crl) => createSecureContext({ crl }),
  'DH PARAMETERS': judgeDhParameters,
};

/** Shorter primes can be broken (RFC 9325 section 4.2). */
const MIN_DH_BITS = 2048;

/** PKCS #3: a sequence of the prime, the generator and perhaps a length. */
function judgeDhParameters(block: string): void {
  const der = Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64');
  const lengthAt = (at: number) => ((der[at] ?? 0) <= 0x80 ? 1 : 1 + ((der[at] ?? 0) & 0x7f));
  const prime = 1 + lengthAt(1);
  const start = prime + 1 + lengthAt(prime + 1);
  const length = der.readUIntBE(prime + 2, Math.max(1, lengthAt(prime + 1) - 1));
  if (der[0] !== 0x30 || der[prime] !== 0x02 || start + length > der.length) throw new Error('it is damaged');
  const bits = BigInt(`0x${der.subarray(start, start + length).toString('hex')}`).toString(2).length;
  if (bits < MIN_DH_BITS) throw new Error(`the prime has ${bits} bits, expected at least ${MIN_DH_BITS}`);
}

/** The PEM blocks whose label matches, each with its first and last line. */
function blocks(text: string, label: string): string[] {
  const pattern = new RegExp(`-----BEGIN (${label})-----[\\s\\S]+?-----END \\1-----`, 'g');
  return [...text.matchAll(pattern)].map(([block]) => block);
}

/** OpenSSL's own judgement, here rather than on every shard: parameters that are too small, a list that does not parse. */
function tryOut(options: TlsOptions, place: string): void {
  const { certificate, key, passphrase, ca, dhParameters, crls } = options;
  try {
    createSecureContext({
      cert: certificate,
      key,
      ...(passphrase !== undefined && { passphrase }),
      ...(ca !== undefined && { ca }),
      ...(dhParameters !== undefined && { dhparam: dhParameters }),
      ...(crls.length > 0 && { crl: [...crls] }),
    });
  } catch (error) {
    throw new TlsOptionsError([`${place}: OpenSSL does not take these settings: ${reasonOf(error)}`]);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : error.message;
}
