import type { SecretKey } from '../constructs/preview-app/props.ts';
import type { OperatedService } from '../constructs/preview-namespace/operated.ts';
import { operatedService } from '../constructs/preview-namespace/platform-fence.ts';
import { demandOf } from '../model/platform/class-problems.ts';
import { groupOf } from '../model/platform/kinds.ts';
import { type Output, type ServiceClass, serviceClasses } from '../model/platform/service-class.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Manifest } from './files.ts';

/** A resource that an operator of the platform runs. */
export interface OperatedResource {
  /** Its key under `resources`. */
  readonly name: string;
  /** Its object in the fence. */
  readonly object: OperatedService;
  /** Variables whose values are known before. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables that are read from the Secret of the operator. */
  readonly secretKeys: Readonly<Record<string, SecretKey>>;
  /** What the operator will make, as far as price and quota count it: not committed. */
  readonly expected: {
    readonly lasting: readonly Manifest[];
    /** Pods that run for a while, and objects without a price. */
    readonly others: readonly Manifest[];
  };
}

/** Operators derive the names of pods, Services and Secrets from it, which have at most 63 characters. */
export const MAX_OBJECT_NAME = 50;

/**
 * @param name the preview's name
 * @param isFirst whether it is the first resource with its usual variable, such as `DATABASE_URL`
 */
export function operatedResource(
  platform: PlatformSpec,
  { key, type, chosen, variable }: { key: string; type: string; chosen: ServiceClass; variable: string },
  { name, isFirst }: { name: string; isFirst: boolean },
): OperatedResource {
  const object = operatedService(platform, type, chosen, `${name}-${key}`);
  const variables = Object.entries(chosen.outputs).flatMap(([output, given]) => {
    const names = variablesOf(key, output as Output, isFirst ? variable : null);
    return given === undefined ? [] : names.map((each) => [each, given] as const);
  });
  return {
    name: key,
    object,
    env: Object.fromEntries(
      variables.flatMap(([each, given]) =>
        typeof given === 'string' ? [] : [[each, given.value.replaceAll('{name}', object.name)]],
      ),
    ),
    secretKeys: Object.fromEntries(
      variables.flatMap(([each, given]) =>
        typeof given === 'string' ? [[each, { secret: object.secret ?? '', key: given }]] : [],
      ),
    ),
    expected: expectedOf(chosen, object.name),
  };
}

/** As for services beside an app; Score calls the database `name` too. */
function variablesOf(key: string, output: Output, usual: string | null): string[] {
  const prefix = key.replaceAll('-', '_').toUpperCase();
  return [
    `${prefix}_${output.toUpperCase()}`,
    ...(output === 'database' ? [`${prefix}_NAME`] : []),
    ...(output === 'url' && usual !== null ? [usual] : []),
  ];
}

/** Stand-ins with what price and quota read: they are counted like objects of the preview. */
function expectedOf(chosen: ServiceClass, name: string): OperatedResource['expected'] {
  const { instances, claims, resources, storage } = demandOf(chosen);
  const spec = { containers: [{ name, resources }] };
  const many = (count: number, object: Omit<Manifest, 'metadata'>): Manifest[] =>
    Array.from({ length: count }, (_, i) => ({ ...object, metadata: { name: `${name}-${i + 1}` } }) as Manifest);
  const jobs = chosen.kinds['batch/Job'] ?? 0;
  const morePods = Math.max((chosen.kinds['Pod'] ?? 0) - instances, 0);
  const claim = { resources: { requests: { storage } } };
  const counted = Object.entries(chosen.kinds).filter(
    ([kind]) => !['Pod', 'PersistentVolumeClaim', 'batch/Job'].includes(kind),
  );
  return {
    lasting: [
      ...many(instances, { apiVersion: 'v1', kind: 'Pod', spec }),
      ...many(claims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', spec: claim }),
    ],
    others: [
      ...many(morePods, { apiVersion: 'v1', kind: 'Pod', spec }),
      ...many(jobs, { apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec } } }),
      ...counted.flatMap(([text, count]) => {
        const { group, kind } = groupOf(text);
        return many(count, { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind });
      }),
    ],
  };
}

/** Types of `resources` that an operator runs. */
export function operatedTypes({ services }: Pick<PlatformSpec, 'services'>): ReadonlyMap<string, ServiceClass> {
  return new Map(serviceClasses(services));
}
