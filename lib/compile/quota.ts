import { limitRangeProblems } from '../constructs/preview-namespace/limit-range.ts';
import type { Problem } from '../core/errors.ts';
import { fieldName, type Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { quantityValue } from '../model/scalars.ts';
import type { Cost } from './cost.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';
import type { ResolvedApp } from './resolve.ts';

/**
 * A preview that its own namespace's quota would not let start shows nothing but a silent ReplicaSet in the cluster:
 * it is refused here, with the numbers, at the size of the app that asks for most.
 *
 * @param shortfalls what of the preview does not fit into its namespace
 */
export function quotaShortfalls(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  apps: readonly ResolvedApp[],
  shortfalls: readonly Problem[],
  cost: Cost,
): Problem[] {
  const { contact } = platform.policies;
  const { manifests } = preview.value.spec;
  const isOwn = manifests !== undefined;
  const less = (largest: ResolvedApp) => {
    const advice = smaller(apps, largest);
    return isOwn ? `${advice}, let the objects of ${manifests} need less,` : advice;
  };
  const problems = shortfalls.map(({ field = '', message }) => {
    const say = (path: readonly string[], advice: string) =>
      placed(preview, path, `${message}. ${advice} or ask ${contact}`);
    const resource = /\b(cpu|memory)\b/.exec(field)?.[1] as 'cpu' | 'memory' | undefined;
    if (resource !== undefined || field.includes('ephemeral-storage')) {
      const largest = largestBy(apps, resource ?? 'memory');
      return say([...largest.at, 'size'], less(largest));
    }
    if (isOwn && /storage|persistentvolumeclaims/.test(field)) return say(MANIFESTS, `Claim less in ${manifests}`);
    const referring = apps.find(({ spec }) => Object.keys(spec.secrets).length > 0);
    if (field === 'quota[secrets]' && referring !== undefined) return say([...referring.at, 'secrets'], 'Name fewer');
    if (apps.length > 1) return say(['spec', 'apps'], 'Leave out an app');
    if (isOwn) return say(MANIFESTS, `Leave out objects of ${manifests}`);
    return say(['spec', 'template'], 'Choose another template');
  });
  const budget = platform.cost.budgets.perPreviewDay;
  if (budget !== undefined && cost.perDay > budget) {
    const largest = largestBy(apps, 'cpu');
    const found = `costs about ${cost.perDay} ${cost.currency} a day; a preview may cost ${budget}`;
    problems.push(at(preview, largest, `${found}. ${less(largest)} or ask ${contact}`));
  }
  return problems;
}

const MANIFESTS = ['spec', 'manifests'];

function largestBy(apps: readonly ResolvedApp[], resource: 'cpu' | 'memory'): ResolvedApp {
  const asked = ({ size }: ResolvedApp) => quantityValue(size.limits[resource]);
  return apps.reduce((largest, app) => (asked(app) > asked(largest) ? app : largest));
}

function smaller(apps: readonly ResolvedApp[], { key }: ResolvedApp): string {
  if (apps.length === 1) return 'Choose a smaller size';
  return `Choose a smaller size for ${key === null ? 'the first app' : key}, which asks for most,`;
}

function at(preview: Loaded<Preview>, app: ResolvedApp, message: string): Problem {
  return placed(preview, [...app.at, 'size'], message);
}

function placed(preview: Loaded<Preview>, path: readonly string[], message: string): Problem {
  return { ...preview.positions.of(path), field: fieldName(path), message };
}

/**
 * A container that the namespace's LimitRange refuses never starts, and only its ReplicaSet says so: it is refused here.
 *
 * @param fence holds the LimitRanges, those of extensions too
 * @returns a problem each; for what greenroom makes itself it names the size of the app
 */
export function limitRangeShortfalls(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  apps: readonly ResolvedApp[],
  fence: readonly Manifest[],
  generated: readonly Manifest[],
  makers: readonly MakerManifest[],
): Problem[] {
  const ranges = fence.filter(({ kind }) => kind === 'LimitRange');
  const wayOut = `or ask ${platform.policies.contact}`;
  return [
    ...generated.flatMap((object) => {
      const app = apps.find(({ name }) => name === object.metadata.name) ?? apps[0]!;
      return limitRangeProblems(ranges, object).map(({ message }) =>
        at(preview, app, `${message}. Choose another size ${wayOut}`),
      );
    }),
    ...makers.flatMap(({ object, position }) =>
      limitRangeProblems(ranges, object).map(({ field, message }) => {
        const what = `${object.kind} ${object.metadata.name}, ${message}. Change it ${wayOut}`;
        return { ...position, ...(field === undefined ? {} : { field }), message: what };
      }),
    ),
  ];
}
