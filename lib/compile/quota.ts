import { invalidInput, type Problem } from '../core/errors.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { quantityValue } from '../model/scalars.ts';
import { type Cost, type Resources, totalResources } from './cost.ts';

/**
 * A preview that its own namespace's quota would not let start shows nothing but a silent ReplicaSet in the cluster:
 * it is refused here, with the numbers.
 *
 * @throws GreenroomError `invalid-input`
 */
export function checkQuota(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  requests: Resources,
  objects: readonly unknown[],
  cost: Cost,
): void {
  const { quota, limitRange } = platform.namespace;
  const limits = totalResources(objects, 'limits', limitRange.default);
  const asked: Readonly<Record<string, number>> = {
    'requests.cpu': requests.cpu,
    'requests.memory': requests.memory,
    'limits.cpu': limits.cpu,
    'limits.memory': limits.memory,
    pods: requests.pods,
  };
  const problems: Problem[] = [];
  const position = { ...preview.positions.of(['spec', 'size']), field: 'spec.size' };
  for (const [resource, amount] of Object.entries(asked)) {
    const hard = Object.hasOwn(quota, resource) ? quota[resource] : undefined;
    // Sums of milli-cores are not exact in binary: a difference below a thousandth of a unit is none.
    if (hard === undefined || amount <= quantityValue(hard) + 0.001) continue;
    const unit = resource.endsWith('memory')
      ? `${Math.ceil(amount / 2 ** 20)}Mi`
      : String(Math.round(amount * 1000) / 1000);
    problems.push({
      ...position,
      message: `asks for ${unit} of ${resource} in all; a preview has ${hard}. Choose a smaller size or ask ${platform.policies.contact}`,
    });
  }
  const budget = platform.cost.budgets.perPreviewDay;
  if (budget !== undefined && cost.perDay > budget) {
    problems.push({
      ...position,
      message: `costs about ${cost.perDay} ${cost.currency} a day; a preview may cost ${budget}. Choose a smaller size or ask ${platform.policies.contact}`,
    });
  }
  if (problems.length > 0) throw invalidInput(problems);
}
