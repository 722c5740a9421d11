/** Networks in CIDR notation, as the option `ip_access` names them. */
import { BlockList, isIP } from 'node:net';

export interface NetworkRule {
  /** An address, or a network such as `10.0.0.0/8`. */
  readonly address: string;
  readonly policy: 'allow' | 'deny';
}

/** The first network that holds the address decides; without one it is allowed. An address that is none is denied. */
export function networkPolicy(rules: readonly NetworkRule[]): (ip: string) => 'allow' | 'deny' {
  const lists = rules.map(({ address, policy }) => ({ list: listOf(address), policy }));
  return (ip) => {
    const family = isIP(ip);
    if (family === 0) return rules.length === 0 ? 'allow' : 'deny';
    return lists.find(({ list }) => list.check(ip, family === 4 ? 'ipv4' : 'ipv6'))?.policy ?? 'allow';
  };
}

function listOf(network: string): BlockList {
  const [address = '', prefix] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number.parseInt(prefix, 10), family);
  return list;
}
