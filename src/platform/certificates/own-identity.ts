/** The self-signed certificate in the data directory: made at the first start, used again at every later one. */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import { type CertificateProblem, coversDomain, type Expectations, type Identity, loadIdentity } from './identity.js';
import { ISSUED_BY, makeKey, signOwnCertificate } from './self-signed.js';

export interface OwnIdentity {
  /** `undefined` when one of the problems is an error. */
  readonly identity: Identity | undefined;
  readonly problems: readonly CertificateProblem[];
  readonly subject: string | undefined;
  readonly certfile: string;
  readonly keyfile: string;
  /** `renewed`: the same key, but a new certificate because the old one had expired or lacked a domain. */
  readonly state: 'made' | 'renewed' | 'kept';
}

export interface OwnIdentityOptions {
  /** The data directory; it exists. */
  readonly folder: string;
  /** Prepared, at least one. */
  readonly domains: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
}

/** What cannot be read is reported and left alone. */
export async function ownIdentity(options: OwnIdentityOptions): Promise<OwnIdentity> {
  const files = ownIdentityFiles(options.folder);
  const folder = dirname(files.certfile);
  try {
    const isNew = !(await exists(folder)) && (await makeFolder(folder, options));
    const isRenewed = !isNew && (await renewIfOutOfDate(files, options));
    const { identity, problems, subject } = await loadIdentity(files, expectations(options));
    const state = isNew ? 'made' : isRenewed ? 'renewed' : 'kept';
    const all = [...problems, ...(await keyModeProblems(files.keyfile))];
    return { identity, problems: all, subject, ...files, state };
  } catch (error) {
    const reason = `cannot be written: ${(error as Error).message}`;
    const problems = [{ severity: 'error', file: folder, reason } as const];
    return { identity: undefined, problems, subject: undefined, ...files, state: 'kept' };
  }
}

/** Where it is in this data directory. */
export function ownIdentityFiles(dataDir: string): { readonly certfile: string; readonly keyfile: string } {
  const folder = join(dataDir, 'self-signed');
  return { certfile: join(folder, 'certificate.pem'), keyfile: join(folder, 'key.pem') };
}

async function renewIfOutOfDate(
  files: { certfile: string; keyfile: string },
  options: OwnIdentityOptions,
): Promise<boolean> {
  const { identity } = await loadIdentity(files, expectations(options));
  if (!identity || !isOutOfDate(identity, options)) return false;
  const temporary = `${files.certfile}.${options.random.hex(6)}.tmp`;
  await writeDurably(temporary, await signOwn(identity.key, options), 0o644);
  await rename(temporary, files.certfile);
  return true;
}

function expectations({ domains, clock }: OwnIdentityOptions): Expectations {
  return { domains, now: clock.now() };
}

/** Only what we made ourselves is replaced: an operator may have put another certificate in its place. */
function isOutOfDate({ leaf }: Identity, { domains, clock }: OwnIdentityOptions): boolean {
  if (!leaf.subject.split('\n').includes(`O=${ISSUED_BY}`) || leaf.subject !== leaf.issuer) return false;
  return Date.parse(leaf.validTo) <= clock.now() || !domains.every((domain) => coversDomain(leaf, domain));
}

/** False when another process was first. A rename of a folder brings both files at once or not at all. */
async function makeFolder(folder: string, options: OwnIdentityOptions): Promise<boolean> {
  const key = await makeKey();
  const temporary = `${folder}.${options.random.hex(6)}.tmp`;
  await mkdir(temporary, { mode: 0o700 });
  try {
    await writeDurably(join(temporary, 'key.pem'), key, 0o600);
    await writeDurably(join(temporary, 'certificate.pem'), await signOwn(key, options), 0o644);
    await rename(temporary, folder);
    return true;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (isTaken(error)) return false;
    throw error;
  }
}

function signOwn(key: string, { domains, clock, random }: OwnIdentityOptions): Promise<string> {
  return signOwnCertificate(key, domains, clock.now(), random);
}

async function writeDurably(file: string, content: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function keyModeProblems(file: string): Promise<CertificateProblem[]> {
  const mode = (await stat(file).catch(() => undefined))?.mode ?? 0;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  return [{ severity: 'warning', file, reason: 'other users may read the private key; its mode should be 600' }];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

function isTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
