import { GreenroomError } from '../core/errors.ts';
import type { PullRequest } from '../forge/forge.ts';
import type { Planned } from '../gitops/apply.ts';
import type { Proposal, ProposalRequest, ProposalResult, Proposals } from '../gitops/proposals.ts';
import { proposalMark } from '../model/proposal.ts';
import { type PreviewRecord, recordedPullRequest } from '../model/record.ts';
import { renderProposal } from '../report/proposal.ts';
import type { PreviewState } from '../report/state.ts';
import type { Base, SyncContext } from './plan/base.ts';
import { commitMessageOf } from './plan/message.ts';
import { derivedName, type PreviewPlan } from './plan/plan-preview.ts';

/** A plan, and the platform settings it was made with. */
export interface Attempt {
  readonly base: Base;
  readonly plan: PreviewPlan;
}

export interface Reviewed extends Attempt {
  /** Whether a proposal was opened, updated or withdrawn. */
  readonly wrote: boolean;
  readonly notes: readonly string[];
}

const ATTEMPTS = 5;
/** States that are certain. With any other state an earlier proposal stays as it is. */
const DECIDED: readonly PreviewState['state'][] = ['committed', 'none', 'no-file'];

/** Whether changes of previews are proposed for review instead of being committed. */
export function asksForReview({ platform }: Base): boolean {
  return platform.commit.mode === 'pull-request';
}

/**
 * The apps repo's pull requests.
 *
 * @throws GreenroomError `failed` if the apps repo does not support them
 */
export function proposalsOf({ repo }: Pick<SyncContext, 'repo'>): Proposals {
  if (repo.proposals !== undefined) return repo.proposals;
  throw new GreenroomError(
    'failed',
    `greenroom.yaml asks for a pull request for every preview (commit.mode: pull-request), and ${repo.description} takes ` +
      'none: give the apps repo by its path on the forge (OWNER/NAME), or set commit.mode: direct',
  );
}

/** Starts reading the proposal of the pull request's preview before its files are read. */
export function lookAhead({ repo }: SyncContext, base: Base, pull: PullRequest): void {
  if (asksForReview(base)) repo.proposals?.lookAhead(derivedName(pull, base));
}

/**
 * Proposes what a plan would commit. If the branch has moved since, it plans again.
 *
 * @param again reads everything again and plans; null if there is nothing left to plan
 * @throws GreenroomError `unreachable` if the branch keeps moving
 */
export async function review(
  context: SyncContext,
  first: Attempt,
  again: () => Promise<Attempt | null>,
): Promise<Reviewed> {
  const proposals = proposalsOf(context);
  for (let attempt: Attempt | null = first, i = 0; attempt !== null && i < ATTEMPTS; attempt = await again(), i += 1) {
    const { base, plan } = attempt;
    if (plan.change.size === 0 && plan.isNameTaken) return { ...attempt, wrote: false, notes: [] };
    const isDecided = plan.change.size > 0 || DECIDED.includes(plan.state.state);
    if (!isDecided && plan.loss !== '') return { ...attempt, wrote: false, notes: [] };
    const texts = textsOf(plan);
    const { autoMerge } = base.platform.commit;
    const proposed = await proposals.propose({
      name: plan.name,
      base: base.head,
      change: plan.change,
      autoMerge,
      ...texts,
      ...((!isDecided || plan.endsEarly) && { version: { kind: 'early-end', id: plan.loss ?? '' } }),
    });
    if (proposed.status === 'conflict') continue;
    const wrote = proposed.outcome !== 'unchanged';
    const notes = proposed.status === 'open' && proposed.note !== null ? [proposed.note] : [];
    return { base, plan: planAfter(plan, proposed, base.platform.policies.contact), wrote, notes };
  }
  throw keptChanging(context);
}

function keptChanging({ repo }: SyncContext): GreenroomError {
  return new GreenroomError('unreachable', `${repo.description} kept changing; it is safe to run again`);
}

/** Proposes the removal of an expired preview whose pull request cannot be read. `plan` reads its folder again. */
export async function proposeEnd(
  context: SyncContext,
  { platform }: Base,
  record: PreviewRecord,
  plan: () => Promise<PlannedRemoval>,
): Promise<void> {
  const { name } = record;
  const title = `remove ${name} (expired)`;
  const mark = proposalMark({ preview: name, pullRequest: recordedPullRequest(record) });
  const body = `${mark}\nThe time of \`${name}\` is up, and the forge does not answer about its pull request. Merging ends it.\n`;
  await proposeRemoval(context, platform.commit.autoMerge, { name, title, body }, plan);
}

type PlannedRemoval = Pick<Planned<unknown>, 'head' | 'change' | 'message'>;

/** Proposes the result of `plan`. If the branch has moved since, it plans again. */
export async function proposeRemoval(
  context: SyncContext,
  autoMerge: boolean,
  texts: Pick<ProposalRequest, 'name' | 'title' | 'body'>,
  plan: () => Promise<PlannedRemoval>,
): Promise<Exclude<ProposalResult, { status: 'conflict' }>> {
  for (let i = 0; i < ATTEMPTS; i += 1) {
    const { head, change, message } = await plan();
    const proposed = await proposalsOf(context).propose({ ...texts, base: head, change, autoMerge, message });
    if (proposed.status !== 'conflict') return proposed;
  }
  throw keptChanging(context);
}

/** Closes a proposal whose name is no longer the preview's name. */
export async function withdraw(
  context: SyncContext,
  head: string | null,
  { name }: Pick<Proposal, 'name'>,
): Promise<void> {
  const nothing = { change: new Map(), message: '', title: '', body: '', autoMerge: false };
  await proposalsOf(context).propose({ name, base: head, ...nothing });
}

function textsOf(plan: PreviewPlan): { message: string; title: string; body: string } {
  if (plan.change.size === 0) return { message: '', title: '', body: '' };
  const message = commitMessageOf([plan]);
  return { message, title: message.split('\n')[0]!, body: renderProposal(plan) };
}

/** The platform team decides about the early end. The maker sees what to change, and no end that may not come. */
function withEndInReview({ state, live }: PreviewPlan): PreviewState {
  if (!('live' in state) || state.live?.lost === undefined || live === null) return state;
  return {
    ...state,
    live: { ...live, lost: { ...state.live.lost, endsEarly: false, isInReview: true } },
  } as PreviewState;
}

/** The plan after the proposal: the apps repo does not change until the proposal is merged. */
function planAfter(
  plan: PreviewPlan,
  proposed: Exclude<ProposalResult, { status: 'conflict' }>,
  contact: string,
): PreviewPlan {
  const isNothing = proposed.outcome === 'unchanged';
  const after: PreviewPlan = isNothing ? { ...plan, effect: 'none', change: new Map() } : plan;
  const { live, state } = plan;
  const why = state.state === 'none' ? `${state.sentence.replace(/\.?$/, '.')} ` : '';
  if (state.state !== 'committed' && plan.effect === 'update') return { ...after, state: withEndInReview(plan) };
  if (proposed.status === 'open') {
    const sentence =
      plan.effect === 'remove'
        ? `${why}Its preview ends when the platform team merges its removal, at the latest when its time is up.`
        : plan.effect === 'update'
          ? 'The platform team looks at every change of a preview first. Nothing to do.'
          : 'The platform team looks at every preview before it starts. Nothing to do.';
    return { ...after, state: { state: 'review', decision: 'open', sentence, url: proposed.url, live } };
  }
  if (proposed.status === 'declined') {
    const sentence = `The platform team decided against this version of it; ask ${contact}, or push a change.`;
    return { ...after, state: { state: 'review', decision: 'declined', sentence, url: proposed.url, live } };
  }
  // If it can be started again, the usual text with the box is shown.
  const canStart = state.state === 'none' && (state.reason === 'stopped' || state.reason === 'expired');
  if (proposed.outcome === 'withdrawn' && live === null && state.state !== 'committed' && !canStart) {
    const sentence = `${why}The request for its preview was withdrawn.`;
    return { ...after, state: { state: 'review', decision: 'withdrawn', sentence, url: proposed.url, live } };
  }
  return after;
}
