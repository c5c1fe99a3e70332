import type { CompiledPreview } from '../../compile/compiler.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { money } from '../../report/text.ts';
import type { Base } from './base.ts';

/** Average hours in a month, with 365 days a year. */
const MONTH_HOURS = 730;

/**
 * A note if a repository's previews cost more than the budget in its registration, at the current rate. Null if they do
 * not, or if there is no budget. Money that was already spent this month is not counted.
 */
export async function budgetNote(
  base: Base,
  { repository }: PullRequest,
  { name, cost }: CompiledPreview,
): Promise<string | null> {
  const budget = base.registrations?.of(repository)?.budget;
  if (budget === undefined) return null;
  const others = (await base.records()).flatMap(({ record }) =>
    record?.identity.repositoryId === repository.id && record.name !== name && record.cost.currency === cost.currency
      ? [record.cost.perDay]
      : [],
  );
  const month = ([cost.perDay, ...others].reduce((sum, perDay) => sum + perDay, 0) / 24) * MONTH_HOURS;
  if (month <= budget) return null;
  const whose =
    others.length === 0 ? 'This preview costs' : `The ${others.length + 1} previews of this repository cost`;
  return `${whose} about ${money(month, cost.currency)} a month at this rate; its budget is ${money(budget, cost.currency)}. Choose a smaller size or a shorter ttl, or end one.`;
}
