import { GreenroomError } from '../../core/errors.ts';
import type { PullRequestRef } from '../../core/repository.ts';
import type { Proposal } from '../../gitops/proposals.ts';
import { STRAYS_PROPOSAL } from '../../model/proposal.ts';
import type { Base, SyncContext } from '../plan/base.ts';
import { type PreviewPlan, planPreview } from '../plan/plan-preview.ts';
import { proposalsOf, review, withdraw } from '../review.ts';

export interface ReviewSteps {
  /** Names of previews that end only because they have expired: not planned here. */
  readonly ended: readonly string[];
  /** Whether a pull request was planned, held or failed in this sweep. */
  readonly isHandled: (repositoryId: number, number: number) => boolean;
  /** Whether the removal of folders is proposed. */
  readonly hasStrays: boolean;
  /** Plans the same pull request again. */
  readonly again: (plan: PreviewPlan) => Promise<{ readonly base: Base; readonly plans: readonly PreviewPlan[] }>;
  /** Runs work; if it fails, only this plan fails. */
  readonly collect: (plan: PreviewPlan, work: () => Promise<void>) => Promise<void>;
}

export interface SweptByReview {
  readonly settled: readonly { readonly plan: PreviewPlan; readonly commit: null; readonly notes: readonly string[] }[];
  /** Why proposals were not changed. */
  readonly unknown: readonly string[];
}

/**
 * Replaces the commits of a sweep if changes are reviewed: one proposal for each preview, and one that fails does not
 * block the others. A plan without a change and without a proposal needs no request.
 */
export async function sweepByReview(
  context: SyncContext,
  base: Base,
  plans: readonly PreviewPlan[],
  steps: ReviewSteps,
): Promise<SweptByReview> {
  const all = await proposalsOf(context).list();
  const proposals = all.filter(isOfPreview);
  if (all.length > proposals.length && !steps.hasStrays) await withdraw(context, base.head, { name: STRAYS_PROPOSAL });
  const proposed = new Set(proposals.map(({ name }) => name));
  const left = await leftOver(context, base, proposals, [...plans.map(({ name }) => name), ...steps.ended], steps);
  const settled: SweptByReview['settled'][number][] = [];
  for (const plan of [...plans, ...left.plans]) {
    await steps.collect(plan, async () => {
      const isDone = plan.change.size === 0 && !proposed.has(plan.name);
      const reviewed = isDone
        ? { plan, notes: [] }
        : await review(context, { base, plan }, async () => {
            const { base: present, plans: made } = await steps.again(plan);
            return made[0] === undefined ? null : { base: present, plan: made[0] };
          });
      settled.push({ plan: reviewed.plan, commit: null, notes: reviewed.notes });
    });
  }
  return { settled, unknown: left.unknown };
}

interface PreviewProposal extends Proposal {
  readonly pullRequest: PullRequestRef;
}

const isOfPreview = (proposal: Proposal): proposal is PreviewProposal => proposal.pullRequest !== null;

/**
 * Proposals without a plan: the pull request was closed before the proposal was merged, or its repository was renamed.
 * Those under an old name are withdrawn. Without a certain answer nothing is done.
 */
async function leftOver(
  context: SyncContext,
  base: Base,
  proposals: readonly PreviewProposal[],
  names: readonly string[],
  steps: ReviewSteps,
): Promise<{ plans: PreviewPlan[]; unknown: string[] }> {
  const plans: PreviewPlan[] = [];
  const unknown: string[] = [];
  for (const proposal of proposals.filter(({ name }) => !names.includes(name))) {
    try {
      const plan = await planOf(context, base, proposal, steps);
      if (typeof plan === 'string') unknown.push(plan);
      else if (plan !== null) plans.push(plan);
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      unknown.push(`${proposal.name}: ${error.message}`);
    }
  }
  return { plans, unknown };
}

/** The plan of the proposal's pull request; a text if it is not known; null if nothing is left to do. */
async function planOf(
  context: SyncContext,
  base: Base,
  proposal: PreviewProposal,
  { isHandled }: ReviewSteps,
): Promise<PreviewPlan | string | null> {
  const { pullRequest } = proposal;
  const lookup = await context.forge.pullRequest(pullRequest, pullRequest.number);
  if (lookup.status === 'unknown') return `${proposal.name}: ${lookup.reason}; its request for review is kept`;
  const pull = lookup.value;
  const plan = await planPreview(context, base, pull);
  if (plan.name !== proposal.name) await withdraw(context, base.head, proposal);
  return isHandled(pull.repository.id, pull.number) ? null : plan;
}
