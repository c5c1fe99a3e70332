import type { PullRequest } from '../../forge/forge.ts';
import { hasLabel } from '../../model/pull-labels.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { exceedsRemovalLimit } from '../../model/removal-limit.ts';
import { YES_LABEL } from '../../report/impact.ts';
import type { Base } from '../plan/base.ts';
import { type PreviewPlan, planPreview } from '../plan/plan-preview.ts';
import { collect, type Failure, type Held, type SweepRun, subjectOf } from './run.ts';
import type { Orphan, Survey } from './survey.ts';

export interface SweepPlan {
  readonly plans: readonly PreviewPlan[];
  readonly held: readonly Held[];
  /** Previews that time alone ends. */
  readonly ended: readonly Orphan[];
  /** Why removals are held back; null where they are not. */
  readonly heldBack: string | null;
}

/**
 * Plans all, and holds back removals, and nothing else, where they are more than the platform's share: what is closed by
 * the thousand may be a forge that lies, but what is open can start all the same.
 */
export async function planWithinLimit(run: SweepRun, base: Base, survey: Survey): Promise<SweepPlan> {
  const pulls = pullsOf(survey);
  const orphans = survey.targets.filter((target) => target.kind === 'orphan');
  const first = { ...run, failures: [] as Failure[] };
  const planned = await planInOrder(first, base, pulls);
  const asked = planned.plans.filter((plan) => isEnding(plan) && !isConfirmed(plan.pull));
  const removals = asked.length + orphans.length + survey.strays.length;
  const share = base.platform.sweep.maxRemovalShare;
  if (run.options.allowRemovals || !exceedsRemovalLimit(removals, survey.live, share)) {
    run.failures.push(...first.failures);
    return { ...planned, ended: orphans, heldBack: null };
  }
  // Places that would have become free do not.
  const { plans, held } = await planInOrder(run, base, pulls, true);
  const expired = orphans.map(({ record: { name } }) => ({ name, sentence: 'is removed: its time is up.' }));
  const heldBack =
    `${removals} of ${survey.live} live previews would be removed or end early, more than the ${Math.round(share * 100)} % that ` +
    `sweep.maxRemovalShare allows: they are kept, and everything else was done. If it is right, run \`greenroom sweep --yes\`, ` +
    `or label a pull request ${YES_LABEL}.`;
  return { plans, held: [...held, ...expired], ended: [], heldBack };
}

/**
 * Plans for one base: what comes first takes places, or frees some, for what comes after.
 *
 * @param holdsRemovals whether removals are held back as well
 */
export async function planInOrder(
  run: SweepRun,
  base: Base,
  pulls: readonly PullRequest[],
  holdsRemovals = false,
): Promise<{ plans: PreviewPlan[]; held: Held[] }> {
  const plans: PreviewPlan[] = [];
  const held: Held[] = [];
  const ahead = { added: [] as PreviewRecord[], removed: new Set<string>() };
  for (const pull of pulls) {
    await collect(run, subjectOf(pull), async () => {
      const plan = await planPreview(run.context, base, pull, ahead);
      const sentence = holdOf(plan, run, holdsRemovals);
      if (sentence !== null) return void held.push({ name: plan.name, sentence });
      if (plan.effect === 'create' && plan.record !== null) ahead.added.push(plan.record);
      if (plan.effect === 'remove') ahead.removed.add(plan.name);
      plans.push(plan);
    });
  }
  return { plans, held };
}

/** What a plan is held back for; null for nothing. */
function holdOf(plan: PreviewPlan, { options }: SweepRun, holdsRemovals: boolean): string | null {
  if (options.allowRemovals) return null;
  if (plan.displaced !== null) return plan.displaced;
  if (!holdsRemovals || !isEnding(plan) || isConfirmed(plan.pull)) return null;
  if (plan.effect !== 'remove') return 'ends early: its images no longer show what is required.';
  return `is removed: ${'sentence' in plan.state ? plan.state.sentence : 'there is no preview.yaml any more.'}`;
}

/** An early end is a removal that was given a date. */
function isEnding({ effect, endsEarly = false }: PreviewPlan): boolean {
  return effect === 'remove' || endsEarly;
}

/** Whether somebody who may label the pull request said that its preview may go, however many others go as well. */
function isConfirmed({ labels }: PullRequest): boolean {
  return hasLabel(labels, YES_LABEL);
}

export function pullsOf({ targets }: Survey): PullRequest[] {
  return targets.flatMap((target) => (target.kind === 'pull' ? [target.pull] : []));
}
