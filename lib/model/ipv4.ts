/** An IPv4 network as the numbers of its first and last address. */
export interface Network {
  readonly text: string;
  readonly first: number;
  readonly last: number;
}

/** Parses a valid CIDR notation. Host bits are cleared, as in packet filters. */
export function parseNetwork(cidr: string): Network {
  const [address = '', bits = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(value / size) * size;
  return { text: cidr, first, last: first + size - 1 };
}

/** Whether `inner` is completely inside `outer`; a network contains itself. */
export function contains(outer: Network, inner: Network): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether the address is the first one of the network, as in `10.0.0.0/8` but not `10.0.0.1/8`. */
export function isCanonical(cidr: string): boolean {
  const { first } = parseNetwork(cidr);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return cidr.split('/')[0] === octets.join('.');
}

/**
 * The `except` networks for `allowed`: those strictly inside it (the API server refuses any other `except`), without
 * networks that another one already covers.
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
