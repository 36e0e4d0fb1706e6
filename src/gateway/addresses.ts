// Where a socket comes from. Behind proxies that are trusted it is the rightmost address of
// X-Forwarded-For that is none of theirs: what stands left of it was written by whoever connects,
// and may be a lie. Addresses are counted by group: an IPv4 address is one of its own, of IPv6 it
// is the network of 64 bits, since whoever has one address of it has all.

import { BlockList, isIP, isIPv4 } from 'node:net';

const GROUPS = 8;
const GROUPS_COUNTED = 4;
/** An address that was not told, as that of a socket file. */
export const NOWHERE = 'unknown';

/** Networks in CIDR notation; an address alone is a network of one. */
export class Networks {
  readonly #list = new BlockList();
  readonly #isEmpty: boolean;

  /** @throws {RangeError} with the one that is no network. */
  constructor(networks: readonly string[]) {
    this.#isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = '', bits, ...rest] = network.split('/');
      const family = isIP(address);
      const width = family === 4 ? 32 : 128;
      const length = bits === undefined ? width : Number(bits);
      const isBits = bits === undefined || (/^\d{1,3}$/.test(bits) && length <= width);
      if (family === 0 || !isBits || rest.length > 0) {
        throw new RangeError(`${network} is no network, as 10.0.0.0/8 or 2001:db8::/32 is.`);
      }
      this.#list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
    }
  }

  /** @param address as {@link plainAddress} gives it. */
  has(address: string): boolean {
    if (this.#isEmpty) return false;
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/**
 * An address as it is written in a header: with a port, in brackets, IPv4 within IPv6; null when it
 * is none.
 */
export function plainAddress(text: string): string | null {
  const trimmed = text.trim();
  const found = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed) ?? /^([\d.]+):\d+$/.exec(trimmed);
  const address = (found?.[1] ?? trimmed).split('%')[0] as string;
  const family = isIP(address);
  if (family === 0) return null;
  if (family === 4) return address;
  const groups = groupsOf(address);
  const [a, b] = groups.slice(6) as [number, number];
  const isMapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff;
  return isMapped ? `${a >> 8}.${a & 0xff}.${b >> 8}.${b & 0xff}` : address;
}

/** Who connected, behind the proxies that are trusted. */
export function clientAddress(
  peer: string,
  forwardedFor: readonly string[],
  trusted: Networks,
): string {
  const hops = forwardedFor.join(',').split(',');
  let client = plainAddress(peer);
  while (client !== null && trusted.has(client)) {
    const hop = plainAddress(hops.pop() ?? '');
    if (hop === null) break;
    client = hop;
  }
  return client ?? NOWHERE;
}

/** What an address is counted as. @param address as {@link clientAddress} gives it. */
export function addressGroup(address: string): string {
  if (isIPv4(address) || address === NOWHERE) return address;
  const groups = groupsOf(address).slice(0, GROUPS_COUNTED);
  return `${groups.map(group => group.toString(16)).join(':')}::/64`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  // IPv4 at its end stands for the last two.
  const whole = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const pair = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${pair(a, b)}:${pair(c, d)}`;
  });
  const [head = '', tail] = whole.split('::');
  const numbers = (part: string) =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16));
  const first = numbers(head);
  const last = numbers(tail ?? '');
  const between = tail === undefined ? 0 : GROUPS - first.length - last.length;
  return [...first, ...new Array<number>(between).fill(0), ...last];
}
