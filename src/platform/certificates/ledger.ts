/** What is known of every certificate, by its place in the configuration: the one in use, and the one that was refused. */
import type { X509Certificate } from 'node:crypto';
import { oneLine } from './identity.js';

/** What the files of one place gave. */
export interface PartReading<Value> {
  /** `listen.c2s[0].tls`. */
  readonly place: string;
  readonly file: string;
  /** That it is to be shown for; none for what is no certificate of the server's own. */
  readonly domains: readonly string[];
  /** `undefined` when it cannot be used: the errors tell why. */
  readonly value: Value | undefined;
  readonly leaf?: X509Certificate | undefined;
  /** Of the certificate that was read, usable or not. */
  readonly subject?: string | undefined;
  readonly errors: readonly string[];
}

export interface Refusal {
  readonly place: string;
  readonly file: string;
  readonly subject: string | undefined;
  readonly domains: readonly string[];
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** One certificate as operators see it. */
export interface CertificateRow {
  readonly place: string;
  readonly domains: readonly string[];
  readonly file: string;
  readonly subject: string | undefined;
  readonly names: string | undefined;
  readonly issuer: string | undefined;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** SHA-256, in hexadecimal with colons. */
  readonly fingerprint: string | undefined;
  readonly state: 'in use' | 'refused';
  readonly reason: string | undefined;
  readonly since: number;
}

interface Used {
  readonly reading: PartReading<unknown>;
  readonly since: number;
}

export class CertificateLedger {
  readonly #used = new Map<string, Used>();
  readonly #refused = new Map<string, Refusal>();

  /** Begins to read all files once more. Nothing changes here until `settle`. */
  begin(): CertificatePass {
    return new CertificatePass(new Map([...this.#used].map(([place, { reading }]) => [place, reading])));
  }

  /** What was read is in use now. Returns what was refused in another way than before: each refusal is told once. */
  settle(pass: CertificatePass, now: number): Refusal[] {
    for (const [place, reading] of pass.good) {
      const before = this.#used.get(place);
      const isSame = before !== undefined && isSameReading(before.reading, reading);
      this.#used.set(place, { reading, since: isSame ? before.since : now });
      this.#refused.delete(place);
    }
    return [...pass.bad.values()]
      .filter((reading) => this.#refuse(reading, reading.errors.join('; '), now))
      .map(this.#refusal);
  }

  /** What was read was good by itself, and yet cannot be used: all that is new in it is refused. */
  refuse(pass: CertificatePass, reason: string, now: number): Refusal[] {
    const changed = [...pass.good.values()].filter((reading) => {
      const before = this.#used.get(reading.place);
      return !before || !isSameReading(before.reading, reading);
    });
    const told = [...changed.map((reading) => [reading, reason] as const)];
    for (const reading of pass.bad.values()) told.push([reading, reading.errors.join('; ')]);
    return told.filter(([reading, why]) => this.#refuse(reading, why, now)).map(([reading]) => this.#refusal(reading));
  }

  /** Certificates in use, each with the one that was refused in its place behind it. */
  rows(): CertificateRow[] {
    const places = [...new Set([...this.#used.keys(), ...this.#refused.keys()])].sort();
    return places.flatMap((place) => {
      const used = this.#used.get(place);
      const refused = this.#refused.get(place);
      return [...(used?.reading.leaf ? [rowInUse(used)] : []), ...(refused ? [rowRefused(refused)] : [])];
    });
  }

  readonly #refusal = ({ place }: PartReading<unknown>): Refusal => this.#refused.get(place) as Refusal;

  #refuse(reading: PartReading<unknown>, reason: string, now: number): boolean {
    const { place, file, subject, domains } = reading;
    const before = this.#refused.get(place);
    if (before?.reason === reason && before.subject === subject) return false;
    this.#refused.set(place, { place, file, subject, domains, reason, since: before?.since ?? now });
    return true;
  }
}

/** One reading of all files. */
export class CertificatePass {
  readonly good = new Map<string, PartReading<unknown>>();
  readonly bad = new Map<string, PartReading<unknown>>();
  readonly #known: ReadonlyMap<string, PartReading<unknown>>;

  constructor(known: ReadonlyMap<string, PartReading<unknown>>) {
    this.#known = known;
  }

  /** Whether something is in use in this place. */
  has(place: string): boolean {
    return this.#known.has(place);
  }

  /** The value to be used: this one, or that in use when this one is bad. Several readers of a place get the same. */
  take<Value>(reading: PartReading<Value>): Value | undefined {
    const first = this.good.get(reading.place) ?? this.bad.get(reading.place);
    const taken = (first ?? reading) as PartReading<Value>;
    if (!first) (taken.value === undefined ? this.bad : this.good).set(reading.place, reading);
    return taken.value ?? (this.#known.get(reading.place)?.value as Value | undefined);
  }
}

function isSameReading(one: PartReading<unknown>, other: PartReading<unknown>): boolean {
  return JSON.stringify(one.value) === JSON.stringify(other.value);
}

function rowInUse({ reading, since }: Used): CertificateRow {
  const leaf = reading.leaf as X509Certificate;
  return {
    place: reading.place,
    domains: reading.domains,
    file: reading.file,
    subject: oneLine(leaf.subject),
    names: leaf.subjectAltName,
    issuer: oneLine(leaf.issuer),
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    fingerprint: leaf.fingerprint256,
    state: 'in use',
    reason: undefined,
    since,
  };
}

function rowRefused({ place, domains, file, subject, reason, since }: Refusal): CertificateRow {
  const unknown = { names: undefined, issuer: undefined, notBefore: undefined, notAfter: undefined };
  return { place, domains, file, subject, ...unknown, fingerprint: undefined, state: 'refused', reason, since };
}
