/** What our own domains can do, in the short forms that streams tell and under the nodes by which it is asked for. */
import type { Host } from '../../core/hosts/host.js';
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { capabilityHash, hashInput, hashNode, OWN_HASHES } from './capability-hash.js';
import type { CapsVersion } from './offer.js';
import { verificationString } from './verification-string.js';

/** XEP-0115 section 4: identifies the software, not this server. */
const CAPS_NODE = 'https://meerkat.im/caps';

/** XEP-0390 section 6.1: so many of the last hash sets have to be answered for. */
const KEPT = 3;

interface Shown {
  /** The elements `<c/>`, in the order of the option `versions`. */
  readonly elements: readonly Element[];
  readonly nodes: ReadonlySet<string>;
  readonly info: readonly Element[];
}

interface Known {
  revision: number;
  /** The last ones, the newest first. */
  readonly shown: Shown[];
}

export class OwnCapabilities {
  readonly #host: Host;
  readonly #versions: readonly CapsVersion[];
  readonly #infoOf: (domain: string) => readonly Element[] | undefined;
  readonly #byDomain = new Map<string, Known>();

  /** `infoOf` tells what a domain says of itself; nothing where service discovery is off. */
  constructor(
    host: Host,
    versions: readonly CapsVersion[],
    infoOf: (domain: string) => readonly Element[] | undefined,
  ) {
    this.#host = host;
    this.#versions = versions;
    this.#infoOf = infoOf;
  }

  /** XEP-0115 section 6.3 and XEP-0390 section 5.2: for the features of a stream. */
  elements(domain: string): readonly Element[] {
    return this.#current(domain)[0]?.elements ?? [];
  }

  /** XEP-0115 section 6.2 and XEP-0390 section 5.5: what was said under this node. */
  info(domain: string, node: string): readonly Element[] | undefined {
    return this.#current(domain).find(({ nodes }) => nodes.has(node))?.info;
  }

  /** Computed anew only when features or handlers have changed. */
  #current(domain: string): readonly Shown[] {
    const known = this.#byDomain.get(domain) ?? { revision: Number.NaN, shown: [] };
    const { revision } = this.#host;
    if (known.revision === revision) return known.shown;
    known.revision = revision;
    this.#byDomain.set(domain, known);
    const info = this.#infoOf(domain);
    if (info) this.#remember(known, info);
    return known.shown;
  }

  #remember({ shown }: Known, info: readonly Element[]): void {
    const made = this.#versions.map((version) => (version === 'v1' ? inV1(info) : inV2(info)));
    const nodes = new Set(made.flatMap((one) => one.nodes));
    const old = shown.findIndex((one) => [...nodes].every((node) => one.nodes.has(node)));
    if (old >= 0) shown.splice(old, 1);
    shown.unshift({ elements: made.map(({ element }) => element), nodes, info });
    shown.splice(KEPT);
  }
}

interface Made {
  readonly element: Element;
  readonly nodes: readonly string[];
}

function inV1(info: readonly Element[]): Made {
  const ver = verificationString(info);
  const element = el('c', { xmlns: ns.CAPS, hash: 'sha-1', node: CAPS_NODE, ver });
  return { element, nodes: [`${CAPS_NODE}#${ver}`] };
}

function inV2(info: readonly Element[]): Made {
  const input = hashInput(info);
  if (input === undefined) throw new Error('what the server says of itself has no hash (XEP-0390 section 4.1)');
  const hashes = OWN_HASHES.map((algorithm) => ({ algorithm, hash: capabilityHash(input, algorithm) }));
  const element = el(
    'c',
    { xmlns: ns.CAPS2 },
    hashes.map(({ algorithm, hash }) => el('hash', { xmlns: ns.HASHES, algo: algorithm }, hash)),
  );
  return { element, nodes: hashes.map(({ algorithm, hash }) => hashNode(algorithm, hash)) };
}
