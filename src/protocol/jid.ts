/** Addresses of entities (RFC 7622): parsed once, prepared once, compared by their canonical text. */
import { prepareDomain, prepareLocal, prepareResource } from './jid/prepare.js';
import { escapeXml } from './xml-text.js';

export { prepareDomain, prepareLocal, prepareResource };

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const AT = 0x40;

export class Jid {
  /** Empty when absent, as is the resource. */
  readonly local: string;
  readonly domain: string;
  readonly resource: string;

  #text: string | undefined;
  #bare: Jid | undefined;
  /** Signed, as V8 keeps such a number in place; 0 until it is asked for. */
  #hash = 0;

  private constructor(local: string, domain: string, resource: string, text?: string) {
    this.local = local;
    this.domain = domain;
    this.resource = resource;
    this.#text = text;
  }

  /** `undefined` when the text is no valid address. */
  static parse(text: string): Jid | undefined {
    // RFC 7622 section 3.1: the resource begins at the first slash, and an at sign counts only before it.
    const slash = text.indexOf('/');
    let at = text.indexOf('@');
    if (slash !== -1 && at > slash) at = -1;
    if (at === 0 || slash === text.length - 1) return undefined;

    const localText = at === -1 ? '' : text.slice(0, at);
    const local = at === -1 ? '' : prepareLocal(localText);
    if (local === undefined) return undefined;
    const domainText = text.slice(at + 1, slash === -1 ? undefined : slash);
    const domain = prepareDomain(domainText);
    if (domain === undefined) return undefined;
    const resourceText = slash === -1 ? '' : text.slice(slash + 1);
    const resource = slash === -1 ? '' : prepareResource(resourceText);
    if (resource === undefined) return undefined;
    const isCanonical = local === localText && domain === domainText && resource === resourceText;
    return new Jid(local, domain, resource, isCanonical ? text : undefined);
  }

  /** Prepares every part; an empty local part or resource stands for none. */
  static of(local: string, domain: string, resource = ''): Jid | undefined {
    const preparedLocal = local === '' ? '' : prepareLocal(local);
    if (preparedLocal === undefined) return undefined;
    const preparedDomain = prepareDomain(domain);
    if (preparedDomain === undefined) return undefined;
    const preparedResource = resource === '' ? '' : prepareResource(resource);
    if (preparedResource === undefined) return undefined;
    return new Jid(preparedLocal, preparedDomain, preparedResource);
  }

  /** For parts that are known to be prepared, as those that come from our own storage are. Checks nothing. */
  static trusted(local: string, domain: string, resource = ''): Jid {
    return new Jid(local, domain, resource);
  }

  /** This address without its resource; itself when there is none. */
  get bare(): Jid {
    if (this.resource === '') return this;
    this.#bare ??= new Jid(this.local, this.domain, '');
    return this.#bare;
  }

  get isBare(): boolean {
    return this.resource === '';
  }

  /**
   * Unsigned 32 bits over the UTF-8 bytes of the bare address, the same in every process and in native code: FNV-1a,
   * then the finalizer of MurmurHash3, as the low bits of FNV-1a alone divide numbered names badly over few shards.
   */
  get hash(): number {
    if (this.#hash === 0) this.#hash = hashOf(this.local, this.domain) | 0;
    return this.#hash >>> 0;
  }

  withResource(resource: string): Jid | undefined {
    if (resource === '') return this.bare;
    const prepared = prepareResource(resource);
    if (prepared === undefined) return undefined;
    const jid = new Jid(this.local, this.domain, prepared);
    jid.#bare = this.bare;
    return jid;
  }

  equals(other: Jid): boolean {
    if (this === other) return true;
    return this.resource === other.resource && this.local === other.local && this.domain === other.domain;
  }

  toString(): string {
    if (this.#text === undefined) {
      const bare = this.local === '' ? this.domain : `${this.local}@${this.domain}`;
      this.#text = this.resource === '' ? bare : `${bare}/${this.resource}`;
    }
    return this.#text;
  }

  /** As it stands in XML. PERF(login): only a resource may hold what has to be escaped (RFC 7622 section 3.3.1). */
  toXml(): string {
    return this.resource === '' ? this.toString() : escapeXml(this.toString());
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Longer ones are rare, and peers must not fill the memory with them. */
const MAX_CACHED_TEXT = 256;

/**
 * The addresses seen lately, by their text as received. Holds about `capacity` of them, in two generations: when the
 * young one is full it becomes the old one, and what was old and not asked for again is forgotten.
 */
export class JidCache {
  readonly #generationSize: number;
  #young = new Map<string, Jid>();
  #old = new Map<string, Jid>();

  constructor(capacity: number) {
    this.#generationSize = Math.max(1, Math.floor(capacity / 2));
  }

  /** The same text gives the same object for as long as it is remembered. */
  parse(text: string): Jid | undefined {
    const known = this.#young.get(text);
    if (known !== undefined) return known;
    const jid = this.#old.get(text) ?? Jid.parse(text);
    if (jid !== undefined && text.length <= MAX_CACHED_TEXT) this.#remember(text, jid);
    return jid;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #remember(text: string, jid: Jid): void {
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, jid);
  }
}

function hashOf(local: string, domain: string): number {
  const hash = local === '' ? FNV_OFFSET : addByte(addText(FNV_OFFSET, local), AT);
  return finish(addText(hash, domain));
}

function addText(start: number, text: string): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return Buffer.from(text, 'utf8').reduce(addByte, start);
    hash = addByte(hash, unit);
  }
  return hash;
}

function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME);
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
