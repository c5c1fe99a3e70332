import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { Override, PullRequest } from '../forge/forge.ts';
import type { EventState } from '../forge/webhook.ts';
import type { ApplyOptions } from '../gitops/apply.ts';
import type { Reply } from '../report/answered.ts';
import type { PreviewState } from '../report/state.ts';
import type { Reported } from '../status/call.ts';
import type { Observation } from '../status/observation.ts';
import type { Status } from '../status/status.ts';
import { commitStatusNotes, toldByCommitStatus } from './commit-statuses.ts';
import { BACK_OFF, Behind, isBehind } from './fresh.ts';
import { lookAt, reportedOf } from './look.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { isProposal } from './plan/eligibility.ts';
import { type PreviewPlan, planPreview } from './plan/plan-preview.ts';
import { holdsOn, type Lost } from './plan/rebase.ts';
import type { EarlierPlans } from './plan/slots.ts';
import {
  environmentOf,
  NOTHING_PUBLISHED,
  type Published,
  type PublishOptions,
  publish,
  publishPlatformProblem,
  publishProblem,
  type Tell,
} from './publish.ts';
import { raceOptions } from './race.ts';
import { asksForReview, lookAhead, review } from './review.ts';
import { Writer } from './writer.ts';

export interface SyncOptions {
  /** Plan and report only; write nothing. @default false */
  readonly dryRun?: boolean;
  /** The writer that all syncs of a process share. @default - a new one */
  readonly writer?: Writer;
  /** How to write reports when many pull requests are written at once. @default - immediately */
  readonly tell?: Tell;
  /** See {@link PublishOptions}. */
  readonly late?: PublishOptions['late'];
  /** How recent the forge's answers must be; older ones are read again, a limited number of times. @default - any */
  readonly seen?: EventState;
  /** Retry options for a lost race. */
  readonly apply?: Partial<ApplyOptions>;
  /** An override that was just stored: reads right after that may not show it yet. @default - none */
  readonly known?: { readonly headSha: string; readonly override: Override };
  /** Whether the ticked boxes in our comment were handled. @default false */
  readonly boxesAnswered?: boolean;
  /** Replies to new commands. @default - none; earlier replies stay */
  readonly replies?: readonly Reply[];
  /** New observations of the preview. @default - none */
  readonly observed?: readonly Observation[];
  /** Reports from clusters; those about other previews are ignored. @default - none */
  readonly reported?: readonly Reported[];
  /** Whether to probe the address as well, if the platform allows it. @default false */
  readonly look?: boolean;
}

/** What happened to one pull request's preview. */
export interface SyncResult {
  readonly repository: string;
  readonly number: number;
  /** Null if the pull request's state is not certain. */
  readonly name: string | null;
  readonly state: PreviewState;
  readonly effect: PreviewPlan['effect'];
  readonly change: ChangeSet;
  /** The commit with the change; null if there is none, and in a dry run. */
  readonly commit: string | null;
  /** Status of the committed preview; null if nothing was committed, or if no status was needed. */
  readonly status: Status | null;
  /** Problems that did not stop the sync, e.g. a comment that could not be written. */
  readonly notes: readonly string[];
  /** Comments that look like commands and have no answer yet, oldest first; see `handleComment`. */
  readonly unanswered: readonly number[];
  /** Whether a retry may give another result: something did not answer, or its answer was outdated. */
  readonly isPassing: boolean;
}

/**
 * Makes the apps repo match one pull request's current state, whatever the trigger was. The state is read again at each
 * attempt, so that a close that arrives before an earlier push is handled wins.
 *
 * @throws GreenroomError `unreachable` if the forge or the apps repo does not answer, or if every race is lost
 */
export async function syncPullRequest(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  options: SyncOptions = {},
): Promise<SyncResult> {
  const { writer = new Writer() } = options;
  const attempt = async (base: Base, ahead?: EarlierPlans) => {
    const lookup = await context.forge.pullRequest(repository, number, {});
    if (isBehind(lookup, seen)) throw new Behind();
    if (lookup.status === 'unknown') {
      const { reason, isPassing = false } = lookup;
      return nothing(base, { state: 'unknown', reason, ...(isPassing ? { isPassing } : {}) });
    }
    if (isProposal(context.repo, lookup.value)) return nothing(base, PROPOSAL);
    if (!options.dryRun) lookAhead(context, base, lookup.value);
    last = { base, plan: await planPreview(context, base, withOverride(lookup.value, options.known), ahead) };
    return { ...last, state: last.plan.state };
  };
  const planAgain = async () => {
    const { base, plan } = await attempt(await readBase(context));
    return plan && { base, plan };
  };
  let last: { base: Base; plan: PreviewPlan } | undefined;
  const once = async () => {
    let lost: Lost | undefined;
    const { commit, value } = await writer.write(
      context,
      async (base, ahead) => {
        if (lost !== undefined && (await holdsOn(context.repo, lost, base))) {
          const { plan } = lost;
          return { plan, value: { base, plan, state: plan.state } };
        }
        const value = await attempt(base, ahead);
        if (options.dryRun || asksForReview(base)) return { plan: null, value };
        lost = value.plan === null ? undefined : { base, plan: value.plan };
        return { plan: value.plan, value };
      },
      options.apply,
    );
    const { base, plan } = value;
    const unwritten = { ...value, commit, wrote: commit !== null, notes: [] as readonly string[] };
    if (plan === null || options.dryRun || !asksForReview(base)) return unwritten;
    return { ...unwritten, ...(await review(context, { base, plan }, planAgain)) };
  };
  const caughtUp = async () => {
    for (const seconds of BACK_OFF) {
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof Behind)) throw error;
        await raceOptions(options.apply).sleep(seconds * 1000);
      }
    }
    // Use the outdated answer for now.
    seen = {};
    isStale = true;
    return once();
  };
  let { seen = {} } = options;
  let isStale = false;
  let applied = await caughtUp().catch(async (error: unknown) => {
    // The maker sees one short sentence; the operator gets the error.
    if (last !== undefined && !options.dryRun) await publishProblem(context, last.base, last.plan);
    else if (!options.dryRun) await publishPlatformProblem(context, repository, number, error);
    throw error;
  });
  // Later reads may come from a replica that is behind. The plan was made with a recent answer, so they need no check.
  seen = {};
  let commit: string | null = null;
  for (let i = 0; i < MAX_FOLLOW_UPS && applied.wrote; i++) {
    commit = applied.commit ?? commit;
    if (!(await movedOn(context, applied))) break;
    applied = await once();
  }
  const result = applied;
  const subject = `${repository.path}`;
  if (result.plan === null) {
    const nothing = { effect: 'none', change: new Map(), status: null, notes: [], unanswered: [] } as const;
    const isPassing = isStale || (result.state.state === 'unknown' && result.state.isPassing === true);
    return { repository: subject, number, name: null, state: result.state, commit, isPassing, ...nothing };
  }
  const looked = options.look && !options.dryRun ? await lookAt(context, result.base, result.plan) : [];
  const told = options.dryRun ? [] : await toldByCommitStatus(context, result.base, result.plan);
  const published = options.dryRun
    ? NOTHING_PUBLISHED
    : await publish(context, result.base, result.plan, {
        ...options,
        observed: [...(options.observed ?? []), ...reportedOf(result.plan, options.reported), ...looked, ...told],
      });
  const outcome = resultOf(result.plan, commit, {
    ...published,
    notes: [
      ...result.base.notes,
      ...(options.dryRun ? [] : await commitStatusNotes(result.base)),
      ...result.notes,
      ...published.notes,
    ],
  });
  return isStale ? { ...outcome, isPassing: true } : outcome;
}

const PROPOSAL: PreviewState = {
  state: 'none',
  reason: 'proposal',
  sentence: 'It is the review of a preview, so it gets no preview itself.',
  removed: null,
};

/** Nothing to plan, and nothing to write on the pull request. */
function nothing(base: Base, state: PreviewState): { base: Base; plan: null; state: PreviewState } {
  return { base, plan: null, state };
}

/**
 * Uses the known override if the forge shows an older one, by the forge's times. After a new push it does not count.
 */
function withOverride(pull: PullRequest, known: SyncOptions['known']): PullRequest {
  if (known === undefined || known.headSha !== pull.head.sha) return pull;
  const isOlder = pull.override === null || pull.override.at < known.override.at;
  return isOlder ? { ...pull, override: known.override } : pull;
}

/** A pull request that keeps changing is left to the event of its latest change. */
const MAX_FOLLOW_UPS = 3;

/**
 * Whether the pull request changed while the commit was made. A close that was handled in between found nothing to
 * remove, so no other trigger would remove the preview.
 */
async function movedOn(
  context: SyncContext,
  { base, plan }: { readonly base: Base; readonly plan: PreviewPlan | null },
): Promise<boolean> {
  if (plan === null) return false;
  const { pull } = plan;
  const environment = environmentOf(plan.name, base.platform);
  // The commit stays, even if this request fails.
  const lookup = await context.forge
    .pullRequest(pull.repository, pull.number, { environment })
    .catch((error: unknown) => {
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
  const isPassing = published.isPassing || (state.state === 'unknown' && state.isPassing === true);
  return { repository, number: pull.number, name, state, effect, change, commit, ...published, isPassing };
}
