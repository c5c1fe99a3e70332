/** An IPv4 network as the numbers of its first and last address. */
export interface Network {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** Reads a valid CIDR notation; host bits are cleared, as packet filters do. */
export function parseNetwork(cidr: string): Network {
  const [address = '', bits = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(value / size) * size;
  return { text: cidr, first, last: first + size - 1 };
}

/** Whether all of `inner` lies in `outer`; a network lies in itself. */
export function contains(outer: Network, inner: Network): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the address part is the network's first one, as in `10.0.0.0/8` but not `10.0.0.1/8`. */
export function isCanonical(cidr: string): boolean {
  const { first } = parseNetwork(cidr);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return cidr.split('/')[0] === octets.join('.');
}

/**
 * The networks to leave out of `allowed`: those strictly inside it (an `except` that is not is refused by the API
 * server), without any that another one covers already.
 */
export function carveOut(allowed: Network, forbidden: readonly Network[]): string[] {
  const inside = forbidden.filter((network) => contains(allowed, network) && !contains(network, allowed));
  return inside
    .filter(
      (network, i) =>
        !inside.some((other, j) => j !== i && contains(other, network) && (j < i || !contains(network, other))),
    )
    .sort((a, b) => a.first - b.first)
    .map((network) => network.text);
}
