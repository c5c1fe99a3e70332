import { claimsOf } from '../constructs/preview-namespace/claims.ts';
import { podsOf, scaledPods, workloadKey } from '../constructs/preview-namespace/pods.ts';
import type { LimitRangeProps } from '../constructs/preview-namespace/props.ts';
import type { PlatformSpec } from '../model/platform.ts';

/** Resource requests of a set of objects. */
export interface ResourceTotals {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly pods: number;
  /** Bytes of claimed volumes. */
  readonly storage: number;
}

/** Cost of a preview, from its requests and the platform's rates. */
export interface Cost {
  readonly currency: string;
  /** Price of 24 hours, from requests, without traffic. Rounded to a hundredth of a cent. */
  readonly perDay: number;
  /** Date of the platform's rates. */
  readonly ratesAsOf: string;
}

/**
 * Sums the requests of all pods of these objects outside of rollouts. As in the API server, a missing request is the
 * limit, or else the namespace's default. An autoscaler counts with its maximum.
 */
export function totalRequests(objects: readonly object[], limitRange: LimitRangeProps): ResourceTotals {
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

/** Without a request, the limit counts: such a pod is not free. */
function reserved(amounts: { readonly requests: number; readonly limits: number } | undefined): number {
  return amounts === undefined ? 0 : amounts.requests || amounts.limits;
}

/** Price per hour of these requests at the platform's rates, not rounded. */
export function pricePerHour({ cpu, memory, storage }: ResourceTotals, { rates }: PlatformSpec['cost']): number {
  const gibibytes = (bytes: number) => bytes / 2 ** 30;
  return cpu * rates.cpuHour + gibibytes(memory) * rates.memoryGiBHour + gibibytes(storage) * rates.storageGiBHour;
}

export function costOf(perHour: number, { currency, rates }: PlatformSpec['cost']): Cost {
  return { currency, perDay: Math.round(perHour * 24 * 10_000) / 10_000, ratesAsOf: rates.asOf };
}
