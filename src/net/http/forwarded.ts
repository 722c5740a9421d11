/** Who is behind a reverse proxy: read from the field that the proxy writes, and only from proxies that are trusted. */
import { BlockList, isIP } from 'node:net';

/** The field that the proxy in front sets or appends to; another one may come from the client itself. */
export type ForwardedField = 'x-forwarded-for' | 'forwarded';

export interface ForwardedClient {
  readonly address: string;
  /** Undefined when the proxy does not say. */
  readonly scheme: 'http' | 'https' | undefined;
  /** A proxy speaks for the client, so the connection is the proxy's. */
  readonly isForwarded: boolean;
}

interface Hop {
  readonly address: string | undefined;
  readonly scheme: 'http' | 'https' | undefined;
}

export class TrustedProxies {
  readonly #field: ForwardedField;
  readonly #networks = { 4: new BlockList(), 6: new BlockList() };
  readonly #isEmpty: boolean;

  constructor(networks: readonly string[], field: ForwardedField) {
    this.#field = field;
    this.#isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = '', bits] = network.split('/');
      const version = isIP(address) === 6 ? 6 : 4;
      const size = version === 6 ? 128 : 32;
      this.#networks[version].addSubnet(address, bits === undefined ? size : Number(bits), `ipv${version}`);
    }
  }

  /** Goes back from the connection, proxy by proxy, to the first address that is not trusted to speak for others. */
  client(peer: string, field: (name: string) => string | undefined): ForwardedClient {
    if (this.#isEmpty || !this.#trusts(peer)) return { address: peer, scheme: undefined, isForwarded: false };
    const hops = this.#field === 'forwarded' ? forwardedHops(field('forwarded')) : legacyHops(field);
    let found: ForwardedClient = { address: peer, scheme: undefined, isForwarded: hops.length > 0 };
    for (const hop of hops.reverse()) {
      // A hop that hides itself ends the trail: who is before it is not known.
      if (hop.address === undefined) break;
      found = { address: hop.address, scheme: hop.scheme ?? found.scheme, isForwarded: true };
      if (!this.#trusts(hop.address)) break;
    }
    return found;
  }

  #trusts(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#networks[version as 4 | 6].check(address, version === 6 ? 'ipv6' : 'ipv4');
  }
}

/** One field for the addresses, and one for how the client came to the proxy. */
function legacyHops(field: (name: string) => string | undefined): Hop[] {
  const proto = (field('x-forwarded-proto') ?? '').split(',').at(-1)?.trim();
  const texts = (field('x-forwarded-for') ?? '').split(',').map((text) => text.trim());
  return texts.filter((text) => text !== '').map((text) => ({ address: addressOf(text), scheme: schemeOf(proto) }));
}

/** RFC 7239 section 4. */
function forwardedHops(value: string | undefined): Hop[] {
  return elements(value ?? '', ',').map((element) => {
    const pairs = elements(element, ';').map((pair) => {
      const [name = '', text = ''] = pair.split(/=(.*)/s);
      return [
        name.trim().toLowerCase(),
        text
          .trim()
          .replace(/^"(.*)"$/s, '$1')
          .replace(/\\(.)/gs, '$1'),
      ] as const;
    });
    const parameters = new Map(pairs);
    return { address: addressOf(parameters.get('for') ?? ''), scheme: schemeOf(parameters.get('proto')) };
  });
}

/** Parts between separators that stand outside of quotes. */
function elements(text: string, separator: ',' | ';'): string[] {
  const parts = text.match(separator === ',' ? /(?:"(?:\\.|[^"\\])*"|[^,])+/gs : /(?:"(?:\\.|[^"\\])*"|[^;])+/gs) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Without a port, and without the brackets of IPv6; undefined for `unknown` and made-up names. */
function addressOf(text: string): string | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\d+)?$/.exec(text)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1];
  const address = (bracketed ?? withPort ?? text).replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

function schemeOf(text: string | undefined): 'http' | 'https' | undefined {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : undefined;
}
