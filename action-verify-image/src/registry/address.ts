import { BlockList, isIP } from 'node:net';

/** Where an address lies. A registry out there has no business sending us to any but a public one. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'link-local';

const ranges: Readonly<Record<Exclude<AddressKind, 'public'>, readonly string[]>> = {
  // 0.0.0.0 and :: reach the machine itself.
  loopback: ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
  // 169.254.169.254 and its like hand out a cloud machine's credentials; multicast and reserved ranges go with them.
  'link-local': ['169.254.0.0/16', '224.0.0.0/3', 'fe80::/10', 'ff00::/8'],
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '192.0.0.0/24',
    '198.18.0.0/15',
    'fc00::/7',
    'fec0::/10',
    // Addresses that carry an IPv4 address inside, which a gateway would reach.
    '64:ff9b::/96',
    '2002::/16',
  ],
};

const kinds = ['loopback', 'link-local', 'private'] as const;
/** Each is made by the first address that has to be held against it. */
const lists = new Map<AddressKind, BlockList>();
/** One address answers many requests. */
const known = new Map<string, AddressKind>();

/** The kind of an IP address in text; an IPv4 address mapped into IPv6 counts as what it is. Undefined for a name. */
export function addressKind(address: string): AddressKind | undefined {
  const family = isIP(address);
  if (family === 0) return undefined;
  const found = known.get(address) ?? findKind(address, family === 6 ? 'ipv6' : 'ipv4');
  known.set(address, found);
  return found;
}

function findKind(address: string, family: 'ipv4' | 'ipv6'): AddressKind {
  for (const kind of kinds) {
    const list = lists.get(kind) ?? openList(ranges[kind]);
    lists.set(kind, list);
    if (list.check(address, family)) return kind;
  }
  return 'public';
}

function openList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of networks) {
    const [network = '', bits = ''] = range.split('/');
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** The host of a URL without the brackets of an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

/** `localhost` and its addresses: what Docker reaches without TLS unasked. */
export function isLoopbackHost(hostname: string): boolean {
  const host = bareHost(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || addressKind(host) === 'loopback';
}
