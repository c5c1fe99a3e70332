import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Never requested: cloud metadata services, and addresses that are not another machine. */
const NEVER = blockList(
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd00:ec2::253', 128],
  ['fd00:ec2::123', 128],
  ['fd20:ce::254', 128],
);

/** Private networks and this machine. Source: IANA's registries of special-purpose addresses. */
const PRIVATE = blockList(
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Inside the public range: Teredo and other tunnels, benchmarks, documentation.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
);

/** All of IPv6 that is routed in the Internet. */
const PUBLIC_V6 = blockList(['2000::', 3]);

function blockList(...networks: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return list;
}

/** Class of an address. An IPv4 address inside IPv6 is classified as IPv4. */
export function kindOfAddress(address: string): 'public' | 'private' | 'never' {
  const plain = inner(address);
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
  if (!isIPv4(plain) && !isIPv6(plain)) return 'never';
  if (NEVER.check(plain, family)) return 'never';
  if (family === 'ipv6' && !PUBLIC_V6.check(plain, family)) return 'private';
  return PRIVATE.check(plain, family) ? 'private' : 'public';
}

/** The IPv4 address inside an IPv6 one (compatible, mapped, translated, 6to4, ISATAP); other addresses unchanged. */
function inner(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const v4 = (high: number, low: number) => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const [a = 0, b = 0, c = 0, , e = 0, f = 0, g = 0, h = 0] = groups;
  const isFirstZero = groups.slice(0, 4).every((group) => group === 0);
  const isMapped = isFirstZero && e === 0 && f === 0xffff;
  const isCompatible = isFirstZero && e === 0 && f === 0 && (g > 0 || h > 1);
  const isTranslated = (a === 0x64 && b === 0xff9b) || (isFirstZero && e === 0xffff && f === 0);
  const isIsatap = (e & 0xfdff) === 0 && f === 0x5efe;
  if (isMapped || isCompatible || isTranslated || isIsatap) return v4(g, h);
  return a === 0x2002 ? v4(b, c) : address;
}

function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const text = dotted === null ? plain : `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}`;
  const [head = '', tail] = text.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return parse(head);
  const [left, right] = [parse(head), parse(tail)];
  return [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
}
