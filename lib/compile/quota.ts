import { limitRangeProblems } from '../constructs/preview-namespace/limit-range.ts';
import type { Problem } from '../core/errors.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { Cost } from './cost.ts';
import type { Manifest } from './files.ts';
import type { MakerManifest } from './manifests.ts';

/**
 * A preview that its own namespace's quota would not let start shows nothing but a silent ReplicaSet in the cluster:
 * it is refused here, with the numbers.
 *
 * @param shortfalls what of the preview does not fit into its namespace
 */
export function quotaShortfalls(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  shortfalls: readonly Problem[],
  cost: Cost,
): Problem[] {
  const wayOut = `Choose a smaller size or ask ${platform.policies.contact}`;
  const messages = shortfalls.map(({ message }) => `${message}. ${wayOut}`);
  const budget = platform.cost.budgets.perPreviewDay;
  if (budget !== undefined && cost.perDay > budget) {
    const found = `costs about ${cost.perDay} ${cost.currency} a day`;
    messages.push(`${found}; a preview may cost ${budget}. ${wayOut}`);
  }
  const place = { ...preview.positions.of(['spec', 'size']), field: 'spec.size' };
  return messages.map((message) => ({ ...place, message }));
}

/**
 * A container that the namespace's LimitRange refuses never starts, and only its ReplicaSet says so: it is refused here.
 *
 * @param fence holds the LimitRanges, those of extensions too
 * @returns a problem each; for what greenroom makes itself it names `spec.size`
 */
export function limitRangeShortfalls(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  fence: readonly Manifest[],
  generated: readonly Manifest[],
  makers: readonly MakerManifest[],
): Problem[] {
  const ranges = fence.filter(({ kind }) => kind === 'LimitRange');
  const wayOut = `or ask ${platform.policies.contact}`;
  const size = { ...preview.positions.of(['spec', 'size']), field: 'spec.size' };
  return [
    ...generated
      .flatMap((object) => limitRangeProblems(ranges, object))
      .map(({ message }) => ({ ...size, message: `${message}. Choose another size ${wayOut}` })),
    ...makers.flatMap(({ object, position }) =>
      limitRangeProblems(ranges, object).map(({ field, message }) => {
        const what = `${object.kind} ${object.metadata.name}, ${message}. Change it ${wayOut}`;
        return { ...position, ...(field === undefined ? {} : { field }), message: what };
      }),
    ),
  ];
}
