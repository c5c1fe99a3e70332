import { invalidInput, type Problem } from '../core/errors.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import type { Cost } from './cost.ts';

/**
 * A preview that its own namespace's quota would not let start shows nothing but a silent ReplicaSet in the cluster:
 * it is refused here, with the numbers.
 *
 * @param shortfalls what of the preview does not fit into its namespace
 * @throws GreenroomError `invalid-input`
 */
export function checkQuota(
  preview: Loaded<Preview>,
  platform: PlatformSpec,
  shortfalls: readonly Problem[],
  cost: Cost,
): void {
  const wayOut = `Choose a smaller size or ask ${platform.policies.contact}`;
  const messages = shortfalls.map(({ message }) => `${message}. ${wayOut}`);
  const budget = platform.cost.budgets.perPreviewDay;
  if (budget !== undefined && cost.perDay > budget) {
    const found = `costs about ${cost.perDay} ${cost.currency} a day`;
    messages.push(`${found}; a preview may cost ${budget}. ${wayOut}`);
  }
  const place = { ...preview.positions.of(['spec', 'size']), field: 'spec.size' };
  if (messages.length > 0) throw invalidInput(messages.map((message) => ({ ...place, message })));
}
