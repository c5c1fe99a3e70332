import { isRecord } from '../../core/json.ts';
import { Quantity } from '../quantity.ts';

/** Allowed values of a field, beyond its type. The message lists them. Every item of a list is tested. */
export type Test = readonly [allowed: string, fits: (value: unknown) => boolean];

export const oneOf = (...values: readonly string[]): Test => [
  `one of ${values.join(', ')}`,
  (value) => values.includes(String(value)),
];

export const between = (low: number, high = Number.POSITIVE_INFINITY): Test => [
  high === Number.POSITIVE_INFINITY ? `at least ${low}` : `from ${low} to ${high}`,
  (value) => typeof value !== 'number' || (value >= low && value <= high),
];

export const like = (allowed: string, pattern: RegExp): Test => [allowed, (value) => pattern.test(String(value))];

/** For a text that counts as not set if it is empty. Source: Kubernetes, pkg/apis/{core,apps,batch}/v1/defaults.go */
export const orEmpty = ([allowed, fits]: Test): Test => [allowed, (value) => value === '' || fits(value)];

/** The test of one field of a map. */
export const member = (field: string, [allowed, fits]: Test): Test => [
  `a map whose ${field} is ${allowed}`,
  (value) => !isRecord(value) || fits(value[field] ?? ''),
];

export const COUNT = between(0);
export const FROM_ONE = between(1);
export const PORT = between(1, 65535);
export const MODE = between(0, 511);
/** Numbers of users and groups. */
export const ID = between(0, 2_147_483_647);

export const FILLED = like('a text that is not empty', /^.+$/s);
export const LABEL = like(
  'at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends',
  /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
);
export const NAME = like(
  'a name of at most 253 lower-case letters, digits, dashes and dots, with a letter or digit at both ends',
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
);
export const PORT_NAME = like(
  'at most 15 lower-case letters, digits and single dashes, with a letter among them',
  /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/,
);
export const PORT_OR_NAME: Test = [
  'a port from 1 to 65535 or the name of one',
  (value) => (typeof value === 'number' ? value >= 1 && value <= 65535 : PORT_NAME[1](value)),
];
export const PROTOCOL = oneOf('TCP', 'UDP', 'SCTP');
export const RELATIVE = like('a path without .. that begins with no slash', /^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/s);
export const DATA_KEY = like(
  'a key of letters, digits, - _ and . such as app.properties',
  /^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/,
);
/** The key of a label, with or without a prefix. */
export const QUALIFIED = like(
  'a key such as app or example.com/app',
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
);
export const VARIABLE = like('a name of printable ASCII characters without =', /^[ -<>-~]+$/);

const nanoOf = (value: unknown): bigint | undefined => Quantity.parse(String(value))?.nano;
export const AMOUNT: Test = ['an amount such as 500m or 256Mi', (value) => nanoOf(value) !== undefined];
export const NO_LESS: Test = ['an amount from 0, such as 500m or 256Mi', (value) => (nanoOf(value) ?? -1n) >= 0n];
export const SOME: Test = ['an amount above 0, such as 500m or 1Gi', (value) => (nanoOf(value) ?? 0n) > 0n];
export const COUNT_OR_SHARE: Test = [
  'a number from 0 or a share such as 25%',
  (value) => (typeof value === 'number' ? value >= 0 : /^[0-9]+%$/.test(String(value))),
];
