import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { PullRequest, PullRequestReport, RepositoryRef } from '../forge/forge.ts';
import { type ApplyOptions, apply } from '../gitops/apply.ts';
import { renderCheck } from '../report/check.ts';
import { renderComment } from '../report/comment.ts';
import type { PreviewState } from '../report/state.ts';
import { type Base, readBase, type SyncContext } from './base.ts';
import { messageOf } from './message.ts';
import { type PreviewPlan, planPreview } from './plan-preview.ts';
import { raceOptions } from './race.ts';
import { asksForReview, review } from './review.ts';

export interface SyncOptions {
  /** Plan and say, write nothing anywhere. @default false */
  readonly dryRun?: boolean;
  /** How a lost race is tried again. */
  readonly apply?: Partial<ApplyOptions>;
}

/** What happened to one pull request's preview. */
export interface SyncResult {
  readonly repository: string;
  readonly number: number;
  /** Null where nothing certain is known of the pull request. */
  readonly name: string | null;
  readonly state: PreviewState;
  readonly effect: PreviewPlan['effect'];
  readonly change: ChangeSet;
  /** The commit that carried the change; null for none, and in a dry run. */
  readonly commit: string | null;
  /** What went wrong beside the way, e.g. a comment that could not be written. */
  readonly notes: readonly string[];
}

/**
 * Makes the apps repo match one pull request's live state, whatever woke it up. The state is read again on every try,
 * so that a close that overtakes a push wins.
 *
 * @throws GreenroomError `unreachable` when the other side cannot be asked or the race is lost again and again
 */
export async function syncPullRequest(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  options: SyncOptions = {},
): Promise<SyncResult> {
  const attempt = async () => {
    const base = await readBase(context);
    const lookup = await context.forge.pullRequest(repository, number);
    if (lookup.status === 'unknown') return { base, plan: null, reason: lookup.reason };
    return { base, plan: await planPreview(context, base, lookup.value), reason: '' };
  };
  const planAgain = async () => {
    const { base, plan } = await attempt();
    return plan && { base, plan };
  };
  const once = () =>
    apply(
      context.repo,
      async () => {
        const { base, plan, reason } = await attempt();
        const value = { base, plan, reason, wrote: false, notes: [] as readonly string[] };
        const idle = { head: base.head, change: NOTHING, message: '', value };
        if (plan === null || options.dryRun) return idle;
        if (!asksForReview(base)) return { ...idle, change: plan.change, message: messageOf([plan]) };
        return { ...idle, value: { ...value, ...(await review(context, { base, plan }, planAgain)) } };
      },
      raceOptions(options.apply),
    );
  let applied = await once();
  let commit: string | null = null;
  for (let i = 0; i < MAX_FOLLOW_UPS && (applied.status === 'committed' || applied.value.wrote); i++) {
    if (applied.status === 'committed') commit = applied.head;
    if (!(await movedOn(context, applied.value.plan))) break;
    applied = await once();
  }
  const result = applied.value;
  const subject = `${repository.owner}/${repository.name}`;
  if (result.plan === null) {
    const state: PreviewState = { state: 'unknown', reason: result.reason };
    return { repository: subject, number, name: null, state, effect: 'none', change: new Map(), commit, notes: [] };
  }
  const notes = options.dryRun ? [] : await publish(context, result.base, result.plan);
  return resultOf(result.plan, commit, [...result.notes, ...notes]);
}

const NOTHING: ChangeSet = new Map();

/** A pull request that keeps changing while it is handled is left to the event of its latest change. */
const MAX_FOLLOW_UPS = 3;

/**
 * Whether the pull request changed while the commit was made. A close that was handled in between found nothing to
 * remove, so nobody else would come back for it.
 */
async function movedOn(context: SyncContext, plan: PreviewPlan | null): Promise<boolean> {
  if (plan === null) return false;
  const { pull } = plan;
  // What was committed stands, whether this can be asked or not.
  const lookup = await context.forge.pullRequest(pull.repository, pull.number).catch((error: unknown) => {
    if (!(error instanceof GreenroomError)) throw error;
    return null;
  });
  if (lookup?.status !== 'found') return false;
  const key = (p: PullRequest) => JSON.stringify([p.repository.id, p.state, p.draft, p.head.sha, [...p.labels].sort()]);
  return key(lookup.value) !== key(pull);
}

/** @internal */
export function resultOf(plan: PreviewPlan, commit: string | null, notes: readonly string[]): SyncResult {
  const { pull, name, state, effect, change } = plan;
  const repository = `${pull.repository.owner}/${pull.repository.name}`;
  return { repository, number: pull.number, name, state, effect, change, commit, notes };
}

/** @internal Writes comment and check. A failure there is a note: it never undoes or blocks what was committed. */
export async function publish(context: SyncContext, base: Base, plan: PreviewPlan): Promise<string[]> {
  try {
    await context.forge.publish(plan.pull, reportOf(plan, base));
    return [];
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    return [`The comment or check could not be written: ${error.message}`];
  }
}

function reportOf({ pull, state }: PreviewPlan, base: Base): PullRequestReport {
  const { owner, name } = pull.repository;
  const subject = {
    repository: `${owner}/${name}`,
    number: pull.number,
    title: pull.title,
    headSha: pull.head.sha,
  };
  const check = renderCheck(state);
  return {
    comment: renderComment(state, subject, { contact: base.platform.policies.contact }),
    check: check === null ? null : { headSha: pull.head.sha, ...check },
  };
}
