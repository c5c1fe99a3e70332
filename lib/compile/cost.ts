import { claimsOf } from '../constructs/preview-namespace/claims.ts';
import { podsOf, scaledPods, workloadKey } from '../constructs/preview-namespace/pods.ts';
import type { LimitRangeProps } from '../constructs/preview-namespace/props.ts';
import type { PlatformSpec } from '../model/platform.ts';

/** What a set of objects asks for. */
export interface Resources {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly pods: number;
  /** Bytes of disks that are claimed. */
  readonly storage: number;
}

/** What a preview costs by what it requests, at the rates of the platform. */
export interface Cost {
  readonly currency: string;
  /** Price of 24 hours, from requests; traffic is not in it. Rounded to a hundredth of a cent. */
  readonly perDay: number;
  /** Date of the platform's rates. */
  readonly ratesAsOf: string;
}

/**
 * Sums what all pods of these objects reserve while nothing is updated, as the API server counts it: a request that is
 * not named is the limit, or else the namespace's default. What an autoscaler may make counts as if it were there.
 */
export function totalRequests(objects: readonly object[], limitRange: LimitRangeProps): Resources {
  let [cpu, memory, pods, storage] = [0, 0, 0, 0];
  const scaled = scaledPods(objects);
  for (const object of objects) {
    const { steady, usage } = podsOf(object, limitRange, ['cpu', 'memory']);
    const most = Math.max(steady, scaled.get(workloadKey(object)) ?? 0);
    pods += most;
    cpu += most * reserved(usage.cpu);
    memory += most * reserved(usage.memory);
    storage += claimsOf(object, most).storage;
  }
  return { cpu, memory, pods, storage };
}

/** Who asks for nothing and may use much is not free. */
function reserved(amounts: { readonly requests: number; readonly limits: number } | undefined): number {
  return amounts === undefined ? 0 : amounts.requests || amounts.limits;
}

/** Price of a day of these requests at the platform's rates. */
export function costOf(requests: Resources, cost: PlatformSpec['cost']): Cost {
  const { cpuHour, memoryGiBHour, storageGiBHour } = cost.rates;
  const gibibytes = (bytes: number) => bytes / 2 ** 30;
  const perHour =
    requests.cpu * cpuHour + gibibytes(requests.memory) * memoryGiBHour + gibibytes(requests.storage) * storageGiBHour;
  return {
    currency: cost.currency,
    perDay: Math.round(perHour * 24 * 10_000) / 10_000,
    ratesAsOf: cost.rates.asOf,
  };
}
