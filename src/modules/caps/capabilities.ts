/** What the client of a session can do, from an answer that has been checked against the hashes that it gave before. */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { capabilityHash, hashInput } from './capability-hash.js';
import type { Offer, Proof } from './offer.js';
import { verifiable, verificationString } from './verification-string.js';

export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name: string | undefined;
}

export interface Capabilities {
  readonly identities: readonly Identity[];
  readonly features: ReadonlySet<string>;
  /** The keys of the hashes that it has proved; empty for what is known of one session only. */
  readonly proved: ReadonlySet<string>;
}

/** More than any client has: what is larger is not kept. */
const MAX_ELEMENTS = 1_000;
const MAX_CHARACTERS = 32_768;

export type Rejection = 'not-an-answer' | 'too-large' | 'ill-formed' | 'hash-mismatch';

/**
 * `query` is the payload of the answer. `langs` are the languages that identities without one may have been hashed with: XEP-0390
 * wants that of the stanza or the stream (section 4.1), and not all clients know.
 */
export function checkedCapabilities(
  query: Element | undefined,
  offer: Offer,
  langs: readonly string[],
): Capabilities | Rejection {
  if (!query?.is('query', ns.DISCO_INFO)) return 'not-an-answer';
  const info = query.elements();
  if (info.length > MAX_ELEMENTS || query.toXml().length > MAX_CHARACTERS) return 'too-large';
  if (offer.needed.size === 0) return capabilitiesOf(info, []);

  const proved = offer.proofs.filter((proof) => proves(info, proof, langs)).map(({ key }) => key);
  if (proved.some((key) => offer.needed.has(key))) return capabilitiesOf(info, proved);
  return verifiable(info) === undefined || hashInput(info) === undefined ? 'ill-formed' : 'hash-mismatch';
}

function proves(info: readonly Element[], { version, algorithm, hash }: Proof, langs: readonly string[]): boolean {
  if (version === 'v1') {
    const checked = verifiable(info);
    return checked !== undefined && verificationString(checked, algorithm) === hash;
  }
  return langs.some((lang) => {
    const input = hashInput(info, lang);
    return input !== undefined && capabilityHash(input, algorithm) === hash;
  });
}

function capabilitiesOf(info: readonly Element[], proved: readonly string[]): Capabilities {
  const features = info.filter((one) => one.is('feature', ns.DISCO_INFO)).map(({ attrs }) => detached(attrs['var']));
  const identities = info
    .filter((one) => one.is('identity', ns.DISCO_INFO))
    .map(({ attrs }) => ({
      category: detached(attrs['category']),
      type: detached(attrs['type']),
      name: attrs['name'] && detached(attrs['name']),
    }));
  return { identities, features: new Set(features), proved: new Set(proved) };
}

/** A text of its own: as a piece of the stanza's it would keep all of that in memory. */
function detached(text = ''): string {
  return Buffer.from(text).toString();
}
