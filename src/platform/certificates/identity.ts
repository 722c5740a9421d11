/** A server's certificate and key as files hold them, checked before they are used. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { domainToAscii } from '../../protocol/jid/domain.js';
import { certificateIdentities } from './identities.js';
import { isEncrypted, type PemBlock, type PemFile, readPem } from './pem.js';

export interface IdentityFiles {
  /** Certificate and chain, and the key too unless `keyfile` has it. */
  readonly certfile: string;
  readonly keyfile?: string | undefined;
  readonly passphrase?: string | undefined;
}

/** Fit for the engine. */
export interface Identity {
  /** PEM: own certificate first, then each one's issuer. */
  readonly certificate: string;
  /** PEM, not encrypted. */
  readonly key: string;
  readonly leaf: X509Certificate;
}

export interface CertificateProblem {
  /** A warning leaves the identity usable. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** Goes on after the file's name and a colon. */
  readonly reason: string;
}

export interface LoadedIdentity {
  /** `undefined` when one of the problems is an error. */
  readonly identity: Identity | undefined;
  readonly problems: readonly CertificateProblem[];
  /** Of the certificate that was read, usable or not; one line. */
  readonly subject: string | undefined;
}

export interface Expectations {
  /** Prepared domains that the certificate is to be shown for. */
  readonly domains: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A certificate that has expired or is not valid yet is an error: there is one in use that it would replace. */
  readonly mustBeValid?: boolean;
}

interface Certificate {
  readonly x509: X509Certificate;
  readonly block: PemBlock;
}

const MAX_FILE_BYTES = 1024 * 1024;
const MS_PER_DAY = 86_400_000;
const EXPIRY_WARNING_DAYS = 14;

/** Never throws for what the files hold or lack. */
export async function loadIdentity(files: IdentityFiles, expected: Expectations): Promise<LoadedIdentity> {
  const loader = new Loader(files, expected);
  const identity = await loader.load();
  return { identity, problems: loader.problems, subject: loader.subject };
}

/** `cert.pem: expired on 2024-05-01`. */
export function describeProblem({ file, reason }: CertificateProblem): string {
  return `${file}: ${reason}`;
}

/** Whether the certificate may be shown for this prepared domain (RFC 6120 section 13.7.1.2). */
export function coversDomain(x509: X509Certificate, domain: string): boolean {
  if (domain.startsWith('[')) return x509.checkIP(domain.slice(1, -1)) !== undefined;
  if (/^[\d.]+$/.test(domain) && x509.checkIP(domain) !== undefined) return true;
  const name = domainToAscii(domain);
  if (x509.checkHost(name, { partialWildcards: false }) !== undefined) return true;
  const identities = certificateIdentities(x509.raw);
  if (!identities) return false;
  const isService = (srv: string) => /^_xmpp-(client|server)\./.test(srv) && srv.replace(/^[^.]*\./, '') === name;
  return (
    identities.xmppAddresses.includes(domain) || identities.srvNames.map((srv) => srv.toLowerCase()).some(isService)
  );
}

class Loader {
  readonly problems: CertificateProblem[] = [];
  subject: string | undefined;
  readonly #files: IdentityFiles;
  readonly #expected: Expectations;

  constructor(files: IdentityFiles, expected: Expectations) {
    this.#files = files;
    this.#expected = expected;
  }

  async load(): Promise<Identity | undefined> {
    const { certfile, keyfile } = this.#files;
    const certificatePem = await this.#read(certfile);
    const keyPem = keyfile === undefined || keyfile === certfile ? certificatePem : await this.#read(keyfile);
    if (!certificatePem || !keyPem) return undefined;
    const certificates = this.#certificates(certificatePem);
    this.subject = certificates[0] && oneLine(certificates[0].x509.subject);
    const keys = this.#keys(keyPem);
    if (this.problems.some((problem) => problem.severity === 'error')) return undefined;

    for (const key of keys) {
      const leaf = certificates.find(({ x509 }) => x509.checkPrivateKey(key));
      if (leaf) return this.#identity(leaf, certificates, key);
    }
    this.#fault(keyfile ?? certfile, 'error', `the private key belongs to no certificate in ${certfile}`);
    return undefined;
  }

  async #read(file: string): Promise<PemFile | undefined> {
    try {
      if ((await stat(file)).size > MAX_FILE_BYTES) return this.#fault(file, 'error', 'is larger than 1 MiB');
      const pem = readPem(await readFile(file, 'latin1'));
      for (const fault of pem.faults) this.#fault(file, 'error', fault);
      return pem;
    } catch (error) {
      return this.#fault(file, 'error', readingFault(error));
    }
  }

  #certificates(pem: PemFile): Certificate[] {
    const { certfile } = this.#files;
    if (pem.certificates.length === 0) this.#fault(certfile, 'error', 'holds no certificate in PEM form');
    return pem.certificates.flatMap((block) => {
      try {
        return [{ x509: new X509Certificate(block.text), block }];
      } catch {
        this.#fault(certfile, 'error', `the certificate that begins in line ${block.line} cannot be decoded`);
        return [];
      }
    });
  }

  #keys(pem: PemFile): KeyObject[] {
    const file = this.#files.keyfile ?? this.#files.certfile;
    if (pem.keys.length === 0) this.#fault(file, 'error', 'holds no private key in PEM form');
    return pem.keys.flatMap((block) => {
      const { passphrase } = this.#files;
      const name = `the private key that begins in line ${block.line}`;
      if (isEncrypted(block) && passphrase === undefined) {
        this.#fault(file, 'error', `${name} is encrypted, and no password is given for it`);
        return [];
      }
      try {
        return [createPrivateKey({ key: block.text, ...(passphrase === undefined ? {} : { passphrase }) })];
      } catch {
        const why = isEncrypted(block) ? 'cannot be decrypted with the password given' : 'cannot be decoded';
        this.#fault(file, 'error', `${name} ${why}`);
        return [];
      }
    });
  }

  #identity(leaf: Certificate, certificates: readonly Certificate[], key: KeyObject): Identity | undefined {
    const chain = chainFrom(leaf, certificates);
    this.subject = oneLine(leaf.x509.subject);
    this.#checkOrder(chain, certificates);
    for (const certificate of chain) this.#checkValidity(certificate, certificate === leaf);
    if (this.problems.some((problem) => problem.severity === 'error')) return undefined;
    const uncovered = this.#expected.domains.filter((domain) => !coversDomain(leaf.x509, domain));
    if (uncovered.length > 0) {
      this.#fault(this.#files.certfile, 'warning', `the certificate is not made out to ${uncovered.join(', ')}`);
    }
    return {
      certificate: chain.map(({ x509 }) => x509.toString()).join(''),
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      leaf: leaf.x509,
    };
  }

  #checkOrder(chain: readonly Certificate[], certificates: readonly Certificate[]): void {
    const { certfile } = this.#files;
    for (const { block } of certificates.filter((certificate) => !chain.includes(certificate))) {
      const where = `the certificate that begins in line ${block.line}`;
      this.#fault(certfile, 'warning', `${where} does not belong to the chain, and is left out`);
    }
    const isSorted = chain.every(
      (certificate, index) => index === 0 || chain[index - 1]!.block.line < certificate.block.line,
    );
    if (!isSorted) {
      this.#fault(certfile, 'warning', 'the certificates are not in the order of their chain; they are sent sorted');
    }
  }

  /** Only the own certificate is refused: chains live with old cross-signatures that clients pass over. */
  #checkValidity({ x509, block }: Certificate, isLeaf: boolean): void {
    const { now, mustBeValid = false } = this.#expected;
    const severity = mustBeValid && isLeaf ? 'error' : 'warning';
    const begins = Date.parse(x509.validFrom);
    const ends = Date.parse(x509.validTo);
    const name = `the certificate that begins in line ${block.line}`;
    if (now > ends) this.#fault(this.#files.certfile, severity, `${name} expired on ${dayOf(ends)}`);
    else if (now < begins) this.#fault(this.#files.certfile, severity, `${name} is not valid before ${dayOf(begins)}`);
    else if (ends - now < EXPIRY_WARNING_DAYS * MS_PER_DAY) {
      this.#fault(this.#files.certfile, 'warning', `${name} expires on ${dayOf(ends)}`);
    }
  }

  #fault(file: string, severity: 'error' | 'warning', reason: string): undefined {
    this.problems.push({ severity, file, reason });
  }
}

/** From the leaf to the last issuer that is at hand; a root that signed itself ends it. */
function chainFrom(leaf: Certificate, certificates: readonly Certificate[]): Certificate[] {
  const chain = [leaf];
  let current = leaf;
  while (!current.x509.checkIssued(current.x509)) {
    const issuer = certificates.find(
      (candidate) =>
        !chain.includes(candidate) &&
        current.x509.checkIssued(candidate.x509) &&
        current.x509.verify(candidate.x509.publicKey),
    );
    if (!issuer) break;
    chain.push(issuer);
    current = issuer;
  }
  return chain;
}

function readingFault(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by the user that runs the server';
    case 'EISDIR':
      return 'is a folder';
    default:
      return `cannot be read: ${(error as Error).message}`;
  }
}

/** Node puts each part of a name on a line of its own. */
export function oneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
