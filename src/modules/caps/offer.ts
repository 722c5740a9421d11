/** What a client says it can do, in the short form that its presence carries. */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { hashNames, hashNode } from './capability-hash.js';
import { isKnownHash } from './verification-string.js';

/** As the option `versions` has them: XEP-0115 and XEP-0390. */
export type CapsVersion = 'v1' | 'v2';

/** One hash of an answer that has not been seen yet. */
export interface Proof {
  readonly version: CapsVersion;
  /** By the name that the XEP of its version gives it. */
  readonly algorithm: string;
  readonly hash: string;
  /** The same for the same hash: under it, what it proved is kept. */
  readonly key: string;
}

export interface Offer {
  /** Whom to ask about: the node of a request to the client. */
  readonly node: string;
  /** In the order in which they are looked up. */
  readonly proofs: readonly Proof[];
  /**
   * The keys of which an answer has to have one. Those of XEP-0390 where there are any: it forbids the use of what only XEP-0115
   * has proved (section 7.2). Empty where no hash can be checked: such an answer is good for its sender alone (XEP-0115 section 5.4).
   */
  readonly needed: ReadonlySet<string>;
}

/** Hashes and nodes beyond are nobody's capabilities, but somebody's attempt to fill memory. */
const MAX_HASH_LENGTH = 128;
const MAX_NODE_LENGTH = 1_024;
const MAX_HASHES = 16;

/** `undefined` when the parent, presence as a rule, tells no capabilities of these versions. */
export function offerOf(parent: Element, versions: readonly CapsVersion[]): Offer | undefined {
  const offers = versions.map((version) => (version === 'v1' ? offerOfV1(parent) : offerOfV2(parent)));
  const made = offers.filter((offer) => offer !== undefined);
  const [first] = made;
  if (!first) return undefined;
  const strongest = made.find(({ proofs }) => proofs.some(({ version }) => version === 'v2')) ?? first;
  return { node: first.node, proofs: made.flatMap(({ proofs }) => proofs), needed: strongest.needed };
}

/** Without `hash` it is the format of versions before 1.4, which proves nothing (XEP-0115 section 13). */
function offerOfV1(parent: Element): Offer | undefined {
  const { hash: algorithm, node, ver } = parent.child('c', ns.CAPS)?.attrs ?? {};
  if (!algorithm || !node || !ver || ver.length > MAX_HASH_LENGTH || node.length > MAX_NODE_LENGTH) return undefined;
  const proofs = isKnownHash(algorithm) ? [proof('v1', algorithm, ver)] : [];
  return offer(`${node}#${ver}`, proofs);
}

function offerOfV2(parent: Element): Offer | undefined {
  const hashes = parent.child('c', ns.CAPS2)?.childrenNamed('hash', ns.HASHES).slice(0, MAX_HASHES) ?? [];
  const proofs = hashNames.flatMap((algorithm) => {
    const hash =
      hashes
        .find(({ attrs }) => attrs['algo'] === algorithm)
        ?.text()
        .trim() ?? '';
    return hash === '' || hash.length > MAX_HASH_LENGTH ? [] : [proof('v2', algorithm, hash)];
  });
  const [first] = proofs;
  return first && offer(hashNode(first.algorithm, first.hash), proofs);
}

function offer(node: string, proofs: readonly Proof[]): Offer {
  return { node, proofs, needed: new Set(proofs.map(({ key }) => key)) };
}

function proof(version: CapsVersion, algorithm: string, hash: string): Proof {
  return { version, algorithm, hash, key: `${version} ${algorithm} ${hash}` };
}
