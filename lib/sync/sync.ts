import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { Override, PullRequest } from '../forge/forge.ts';
import { type ApplyOptions, apply } from '../gitops/apply.ts';
import type { PreviewState } from '../report/state.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { isProposal } from './plan/eligibility.ts';
import { messageOf } from './plan/message.ts';
import { type PreviewPlan, planPreview } from './plan/plan-preview.ts';
import { NOTHING_PUBLISHED, type Published, publish, publishProblem } from './publish.ts';
import { raceOptions } from './race.ts';
import { asksForReview, lookAhead, review } from './review.ts';

export interface SyncOptions {
  /** Plan and say, write nothing anywhere. @default false */
  readonly dryRun?: boolean;
  /** How a lost race is tried again. */
  readonly apply?: Partial<ApplyOptions>;
  /** What was just remembered at a head: a reading right after that may not show it yet. @default - nothing */
  readonly known?: { readonly headSha: string; readonly override: Override };
  /** Whether the boxes that are ticked in our comment were dealt with. @default false */
  readonly boxesAnswered?: boolean;
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
  /** Comments that look like commands and have no answer yet, oldest first; see `handleComment`. */
  readonly unanswered: readonly number[];
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
    if (lookup.status === 'unknown') return nothing(base, { state: 'unknown', reason: lookup.reason });
    if (isProposal(context.repo, lookup.value)) return nothing(base, PROPOSAL);
    if (!options.dryRun) lookAhead(context, base, lookup.value);
    last = { base, plan: await planPreview(context, base, withOverride(lookup.value, options.known)) };
    return { ...last, state: last.plan.state };
  };
  const planAgain = async () => {
    const { base, plan } = await attempt();
    return plan && { base, plan };
  };
  let last: { base: Base; plan: PreviewPlan } | undefined;
  const once = () =>
    apply(
      context.repo,
      async () => {
        const { base, plan, state } = await attempt();
        const value = { base, plan, state, wrote: false, notes: [] as readonly string[] };
        const idle = { head: base.head, change: NOTHING, message: '', value };
        if (plan === null || options.dryRun) return idle;
        if (!asksForReview(base)) return { ...idle, change: plan.change, message: messageOf([plan]) };
        return { ...idle, value: { ...value, ...(await review(context, { base, plan }, planAgain)) } };
      },
      raceOptions(options.apply),
    );
  let applied = await once().catch(async (error: unknown) => {
    // The maker reads one calm sentence; who runs this reads the error.
    if (last !== undefined && !options.dryRun) await publishProblem(context, last.base, last.plan);
    throw error;
  });
  let commit: string | null = null;
  for (let i = 0; i < MAX_FOLLOW_UPS && (applied.status === 'committed' || applied.value.wrote); i++) {
    if (applied.status === 'committed') commit = applied.head;
    if (!(await movedOn(context, applied.value.plan))) break;
    applied = await once();
  }
  const result = applied.value;
  const subject = `${repository.path}`;
  if (result.plan === null) {
    const nothing = { effect: 'none', change: new Map(), notes: [], unanswered: [] } as const;
    return { repository: subject, number, name: null, state: result.state, commit, ...nothing };
  }
  const published = options.dryRun ? NOTHING_PUBLISHED : await publish(context, result.base, result.plan, options);
  return resultOf(result.plan, commit, { ...published, notes: [...result.notes, ...published.notes] });
}

const PROPOSAL: PreviewState = {
  state: 'none',
  reason: 'proposal',
  sentence: 'It asks for the review of a preview, and gets none of its own.',
  removed: null,
};

/** Where there is nothing to plan, and nothing to write on the pull request. */
function nothing(base: Base, state: PreviewState): { base: Base; plan: null; state: PreviewState } {
  return { base, plan: null, state };
}

/** A reading may be older than what was just written; the forge's own times tell. What was pushed since starts anew. */
function withOverride(pull: PullRequest, known: SyncOptions['known']): PullRequest {
  if (known === undefined || known.headSha !== pull.head.sha) return pull;
  const isOlder = pull.override === null || pull.override.at < known.override.at;
  return isOlder ? { ...pull, override: known.override } : pull;
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
  const key = (p: PullRequest) =>
    JSON.stringify([p.repository.id, p.state, p.draft, p.head.sha, p.override, [...p.labels].sort()]);
  const known = pull.override === null ? undefined : { headSha: pull.head.sha, override: pull.override };
  return key(withOverride(lookup.value, known)) !== key(pull);
}

/** @internal */
export function resultOf(plan: PreviewPlan, commit: string | null, published: Published): SyncResult {
  const { pull, name, state, effect, change } = plan;
  const repository = `${pull.repository.path}`;
  return { repository, number: pull.number, name, state, effect, change, commit, ...published };
}
