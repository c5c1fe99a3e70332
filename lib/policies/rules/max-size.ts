import { PODS } from '../resources.ts';
import { type Condition, defineRule, OWN_CONTAINERS, VOLUMES } from '../rule.ts';
import { examplePod } from './examples.ts';

const atMost = (value: string, most: string): string =>
  `(isQuantity(string(${value})) && quantity(string(${value})).compareTo(quantity(${most})) <= 0)`;

/** Resources with a limit, and its parameter. No container may have others (GPUs, huge pages). */
const MOST = [
  ['cpu', 'params.maxSize.cpu'],
  ['memory', 'params.maxSize.memory'],
  ['ephemeral-storage', 'params.maxStorage'],
] as const;

const fits = (amounts: string): string =>
  `${amounts}.all(r, ${MOST.map(([name, most]) => `(r == "${name}" && ${atMost(`${amounts}[r]`, most)})`).join(' || ')})`;

const both = (field: 'limits' | 'requests'): Condition[] =>
  [
    { over: OWN_CONTAINERS, owner: 'it' },
    { in: 'podSpec' as const, owner: 'variables.podSpec' },
  ].map(({ owner, ...where }) => {
    const amounts = `${owner}.resources.${field}`;
    return {
      ...where,
      cel: `!${owner}.?resources.?${field}.hasValue() || ${fits(amounts)}`,
      field: `resources.${field}`,
      found: `"${field} of " + ${amounts}.filter(r, !(${MOST.map(([name, most]) => `(r == "${name}" && ${atMost(`${amounts}[r]`, most)})`).join(' || ')})).map(r, string(${amounts}[r]) + " " + r).join(" and ")`,
    };
  });

/** Claimed devices have no price. */
const CLAIMS: readonly Condition[] = [
  {
    over: OWN_CONTAINERS,
    cel: 'it.?resources.?claims.orValue([]).size() == 0',
    field: 'resources.claims',
    fix: 'remove',
  },
  {
    in: 'podSpec',
    cel: 'variables.podSpec.?resourceClaims.orValue([]).size() == 0',
    field: 'resourceClaims',
    fix: 'remove',
  },
];

/** For an emptyDir, zero means no limit, and API servers refuse less than zero. */
const isSome = (value: string): string =>
  `(isQuantity(string(${value})) && quantity(string(${value})).isGreaterThan(quantity("0")))`;

const IN_MEMORY = 'it.emptyDir.?medium.orValue("") != ""';
const SIZE = 'it.emptyDir.sizeLimit';
const TEMPORARY: Condition = {
  over: VOLUMES,
  cel:
    `!has(it.emptyDir) || (has(${SIZE}) ? ${isSome(SIZE)} && (${IN_MEMORY} ? ${atMost(SIZE, 'params.maxSize.memory')} : ${atMost(SIZE, 'params.maxStorage')})` +
    ` : !(${IN_MEMORY}))`,
  field: 'emptyDir.sizeLimit',
  found: `has(${SIZE}) ? "an emptyDir of " + string(${SIZE}) : "an emptyDir in memory without sizeLimit"`,
};

const [first, ...rest] = [...both('limits'), ...both('requests'), ...CLAIMS, TEMPORARY];

export const maxSize = defineRule({
  id: 'max-size',
  title: 'Not larger than previews may be',
  message:
    'A container asks for more than a preview may have: at most {maxSize.cpu} cpu, {maxSize.memory} memory and {maxStorage} ephemeral-storage, and no other resources; choose a smaller size, or ask {contact}.',
  source: 'Kubernetes LimitRange, max; Kubernetes documentation: extended resources',
  why: 'One large preview uses the room and the budget of many small ones. GPUs and other devices have no price here.',
  scope: 'makers',
  match: PODS,
  conditions: [first!, ...rest],
  examples: {
    good: examplePod({ container: 'resources: { limits: { cpu: 500m, memory: 256Mi } }' }),
    bad: examplePod({ container: 'resources: { limits: { memory: 64Gi } }' }),
  },
});
