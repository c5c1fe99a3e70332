import type { PlatformSpec } from '../model/platform.ts';
import { quantityValue } from '../model/scalars.ts';

/** What a set of objects asks for. */
export interface Resources {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly pods: number;
}

export interface Cost {
  readonly currency: string;
  /** Price of 24 hours, from requests; traffic and storage are not in it. Rounded to a hundredth of a cent. */
  readonly perDay: number;
  /** Date of the platform's rates. */
  readonly ratesAsOf: string;
}

type Dict = Readonly<Record<string, unknown>>;
const dict = (value: unknown): Dict =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Dict) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function podSpec(object: Dict): Dict | undefined {
  const spec = dict(object.spec);
  switch (object.kind) {
    case 'Pod':
      return spec;
    case 'CronJob':
      return dict(dict(dict(dict(spec.jobTemplate).spec).template).spec);
    default:
      return 'template' in spec ? dict(dict(spec.template).spec) : undefined;
  }
}

function replicas(object: Dict): number {
  const spec = dict(object.spec);
  const count = object.kind === 'Job' ? spec.parallelism : spec.replicas;
  return typeof count === 'number' ? count : 1;
}

/** Sums what all pods of these objects request. A container without a request counts as `fallback`. */
export function totalRequests(objects: readonly unknown[], fallback: { cpu: string; memory: string }): Resources {
  let [cpu, memory, pods] = [0, 0, 0];
  for (const object of objects) {
    const spec = podSpec(dict(object));
    if (spec === undefined) continue;
    const count = replicas(dict(object));
    pods += count;
    for (const container of list(spec.containers)) {
      const asked = dict(dict(dict(container).resources).requests);
      cpu += count * quantityValue(String(asked.cpu ?? fallback.cpu));
      memory += count * quantityValue(String(asked.memory ?? fallback.memory));
    }
  }
  return { cpu, memory, pods };
}

/** Price of a day of these requests at the platform's rates. */
export function costOf(requests: Resources, cost: PlatformSpec['cost']): Cost {
  const perHour = requests.cpu * cost.rates.cpuHour + (requests.memory / 2 ** 30) * cost.rates.memoryGiBHour;
  return {
    currency: cost.currency,
    perDay: Math.round(perHour * 24 * 10_000) / 10_000,
    ratesAsOf: cost.rates.asOf,
  };
}
