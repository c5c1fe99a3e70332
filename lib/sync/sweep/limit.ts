import type { PullRequest } from '../../forge/forge.ts';
import { hasLabel } from '../../model/pull-labels.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { exceedsRemovalLimit } from '../../model/removal-limit.ts';
import { YES_LABEL } from '../../report/impact.ts';
import { count } from '../../report/text.ts';
import type { Base } from '../plan/base.ts';
import { type PreviewPlan, planPreview } from '../plan/plan-preview.ts';
import { collectFailure, type Failure, type HeldBack, type SweepRun, subjectOf } from './run.ts';
import type { Orphan, Survey } from './survey.ts';

export interface SweepPlan {
  readonly plans: readonly PreviewPlan[];
  readonly held: readonly HeldBack[];
  /** Previews that end only because they have expired. */
  readonly ended: readonly Orphan[];
  /** Why removals are held back; null if they are not. */
  readonly heldBack: string | null;
  /** What somebody has to confirm: one sentence for each reason, with the names of the previews. */
  readonly toConfirm: readonly string[];
}

/**
 * Plans all pull requests. Removals above the removal limit are held back, but nothing else is: if thousands seem
 * closed at once, the forge may be wrong, but open pull requests can still get their previews.
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
    return { ...planned, ended: orphans, heldBack: null, toConfirm: [...displacedText(planned.held)] };
  }
  // Plan again: held removals free no slots.
  const { plans, held } = await planInOrder(run, base, pulls, true);
  const expired = orphans.map(({ record: { name } }) => ({ name, sentence: 'is removed: its time is up.' }));
  const heldBack =
    `${removals} of ${survey.live} live previews would be removed or end early, more than the ${Math.round(share * 100)} % that ` +
    `sweep.maxRemovalShare allows: they are kept, and everything else was done. If it is right, run \`greenroom sweep --yes\`, ` +
    `or label a pull request ${YES_LABEL}.`;
  const others = [...held.filter(({ isDisplaced }) => !isDisplaced), ...expired];
  const toConfirm = [`${heldBack} ${namesOf(others)}`, ...displacedText(held)];
  return { plans, held: [...held, ...expired], ended: [], heldBack, toConfirm };
}

/**
 * Plans on one base, in order: earlier plans take or free slots for later ones.
 *
 * @param holdsRemovals whether removals are held back too
 */
export async function planInOrder(
  run: SweepRun,
  base: Base,
  pulls: readonly PullRequest[],
  holdsRemovals = false,
): Promise<{ plans: PreviewPlan[]; held: HeldBack[] }> {
  const plans: PreviewPlan[] = [];
  const held: HeldBack[] = [];
  const ahead = { added: [] as PreviewRecord[], removed: new Set<string>() };
  for (const pull of pulls) {
    await collectFailure(run, subjectOf(pull), async () => {
      const plan = await planPreview(run.context, base, pull, ahead);
      const hold = holdOf(plan, run, holdsRemovals);
      if (hold !== null) return void held.push({ name: plan.name, ...hold });
      if (plan.effect === 'create' && plan.record !== null) ahead.added.push(plan.record);
      if (plan.effect === 'remove') ahead.removed.add(plan.name);
      plans.push(plan);
    });
  }
  return { plans, held };
}

/** Why a plan is held back; null if it is not. */
function holdOf(plan: PreviewPlan, { options }: SweepRun, holdsRemovals: boolean): Omit<HeldBack, 'name'> | null {
  if (options.allowRemovals || isConfirmed(plan.pull)) return null;
  if (plan.displaced !== null) return { sentence: plan.displaced, isDisplaced: true };
  if (!holdsRemovals || !isEnding(plan)) return null;
  if (plan.effect !== 'remove') return { sentence: 'ends early: its images no longer show what is required.' };
  const why = 'sentence' in plan.state ? plan.state.sentence : 'there is no preview.yaml any more.';
  return { sentence: `is removed: ${why}` };
}

/** At most one sentence: what a change of the platform's settings would move or end. */
function displacedText(held: readonly HeldBack[]): string[] {
  const displaced = held.filter(({ isDisplaced }) => isDisplaced);
  if (displaced.length === 0) return [];
  return [
    `greenroom.yaml has changed, and would move or end ${count(displaced.length, 'live preview')}: left as ` +
      `${displaced.length === 1 ? 'it is' : 'they are'}. If it is right, run \`greenroom sweep --yes\`, or label a pull request ${YES_LABEL}. ${namesOf(displaced)}`,
  ];
}

/** More names would fill the page; a dry run prints all of them. */
const NAMED = 10;

function namesOf(held: readonly HeldBack[]): string {
  const named = held.slice(0, NAMED).map(({ name, sentence }) => `${name} ${sentence.replace(/\.$/, '')}`);
  const more = held.length > NAMED ? [`and ${held.length - NAMED} more`] : [];
  return [...named, ...more].join('; ');
}

/** An early end counts as a removal: it only happens later. */
function isEnding({ effect, endsEarly = false }: PreviewPlan): boolean {
  return effect === 'remove' || endsEarly;
}

/** Whether a label on the pull request confirms its removal, however many others are removed. */
function isConfirmed({ labels }: PullRequest): boolean {
  return hasLabel(labels, YES_LABEL);
}

export function pullsOf({ targets }: Survey): PullRequest[] {
  return targets.flatMap((target) => (target.kind === 'pull' ? [target.pull] : []));
}
