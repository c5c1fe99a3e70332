import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { Override, PullRequest } from '../forge/forge.ts';
import type { Seen } from '../forge/webhook.ts';
import type { ApplyOptions } from '../gitops/apply.ts';
import type { Reply } from '../report/answered.ts';
import type { PreviewState } from '../report/state.ts';
import type { Reported } from '../status/call.ts';
import type { Observation } from '../status/observation.ts';
import type { Status } from '../status/status.ts';
import { BACK_OFF, Behind, isBehind } from './fresh.ts';
import { lookAt, reportedOf } from './look.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { isProposal } from './plan/eligibility.ts';
import { type PreviewPlan, planPreview } from './plan/plan-preview.ts';
import { holdsOn, type Lost } from './plan/rebase.ts';
import type { Ahead } from './plan/slots.ts';
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
  /** Plan and say, write nothing anywhere. @default false */
  readonly dryRun?: boolean;
  /** The one that all syncs of a process share. @default - one of its own */
  readonly writer?: Writer;
  /** How makers are told where others are told as well. @default - at once */
  readonly tell?: Tell;
  /** See {@link PublishOptions}. */
  readonly late?: PublishOptions['late'];
  /** How new what is read has to be; an older answer is asked for again, a bounded number of times. @default - any */
  readonly seen?: Seen;
  /** How a lost race is tried again. */
  readonly apply?: Partial<ApplyOptions>;
  /** What was just remembered at a head: a reading right after that may not show it yet. @default - nothing */
  readonly known?: { readonly headSha: string; readonly override: Override };
  /** Whether the boxes that are ticked in our comment were dealt with. @default false */
  readonly boxesAnswered?: boolean;
  /** What is said to those who gave commands just now. @default - nobody did; what was said last stays */
  readonly replies?: readonly Reply[];
  /** What was seen of the preview just now. @default - nobody looked */
  readonly observed?: readonly Observation[];
  /** What clusters said that they saw; what is not about this preview is left out. @default - nothing */
  readonly reported?: readonly Reported[];
  /** Whether its address is asked as well, where the platform lets that be done. @default false */
  readonly look?: boolean;
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
  /** What is known of what was committed; null for nothing, and where nothing had to be looked at. */
  readonly status: Status | null;
  /** What went wrong beside the way, e.g. a comment that could not be written. */
  readonly notes: readonly string[];
  /** Comments that look like commands and have no answer yet, oldest first; see `handleComment`. */
  readonly unanswered: readonly number[];
  /** Whether it is likely to come out otherwise in a while: something gave no answer, or one that was too old. */
  readonly isPassing: boolean;
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
  const { writer = new Writer() } = options;
  const attempt = async (base: Base, ahead?: Ahead) => {
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
    // What is there counts for now.
    seen = {};
    isStale = true;
    return once();
  };
  let { seen = {} } = options;
  let isStale = false;
  let applied = await caughtUp().catch(async (error: unknown) => {
    // The maker reads one calm sentence; who runs this reads the error.
    if (last !== undefined && !options.dryRun) await publishProblem(context, last.base, last.plan);
    else if (!options.dryRun) await publishPlatformProblem(context, repository, number, error);
    throw error;
  });
  // Later readings may come from elsewhere; whatever they say, what was planned was new enough.
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
  const published = options.dryRun
    ? NOTHING_PUBLISHED
    : await publish(context, result.base, result.plan, {
        ...options,
        observed: [...(options.observed ?? []), ...reportedOf(result.plan, options.reported), ...looked],
      });
  const outcome = resultOf(result.plan, commit, {
    ...published,
    notes: [...result.base.notes, ...result.notes, ...published.notes],
  });
  return isStale ? { ...outcome, isPassing: true } : outcome;
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

/** A pull request that keeps changing while it is handled is left to the event of its latest change. */
const MAX_FOLLOW_UPS = 3;

/**
 * Whether the pull request changed while the commit was made. A close that was handled in between found nothing to
 * remove, so nobody else would come back for it.
 */
async function movedOn(
  context: SyncContext,
  { base, plan }: { readonly base: Base; readonly plan: PreviewPlan | null },
): Promise<boolean> {
  if (plan === null) return false;
  const { pull } = plan;
  const environment = environmentOf(plan.name, base.platform);
  // What was committed stands, whether this can be asked or not.
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
  const isPassing = state.state === 'unknown' && state.isPassing === true;
  return { repository, number: pull.number, name, state, effect, change, commit, isPassing, ...published };
}
