import { isDeepStrictEqual } from 'node:util';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import type { Base } from './base.ts';
import { findExisting } from './existing.ts';
import { derivedName, identityOf, type PreviewPlan } from './plan-preview.ts';
import { hasLimits } from './slots.ts';

/** Seconds for which data read from a pull request counts as current. */
const FRESH_SECONDS = 20;

/** A plan that lost the race for the branch, and its base. */
export interface Lost {
  readonly base: Base;
  readonly plan: PreviewPlan;
}

/**
 * Whether a plan is still valid on the commit that won: nothing in the apps repo that it depends on has changed, and
 * its pull request was read a moment ago. Reading and compiling again would take so long that it could lose again.
 */
export async function holdsOn(repo: AppsRepo, { base: before, plan }: Lost, base: Base): Promise<boolean> {
  if (plan.found === undefined || hasLimits(base.platform) || before.source === null) return false;
  const age = base.now - before.now;
  if (age < 0 || age > FRESH_SECONDS || !isDeepStrictEqual(before.source, base.source)) return false;
  const found = await findExisting(repo, base, identityOf(plan.pull), derivedName(plan.pull, base));
  return isDeepStrictEqual(found, plan.found);
}
