import { GreenroomError } from '../core/errors.ts';
import type { RepositoryRef } from '../core/repository.ts';
import {
  type Before,
  type Deployment,
  isFork,
  NOTHING_BEFORE,
  type PublishOutcome,
  type PullRequest,
  type PullRequestReport,
  type Suggestion,
} from '../forge/forge.ts';
import type { Late } from '../forge/limits.ts';
import { PREVIEW_FILE, RECORDS_GLOB } from '../model/layout.ts';
import { defaultPlatform } from '../model/platform.ts';
import type { PreviewRecord } from '../model/record.ts';
import { durationSeconds } from '../model/scalars.ts';
import type { Reply } from '../report/answered.ts';
import { renderCheck } from '../report/check-run.ts';
import { renderComment } from '../report/comment.ts';
import { COMMENT_MARKER, HEADLINE, tickedBoxes } from '../report/markers.ts';
import { renderEarlyEnd, renderNotice } from '../report/notice.ts';
import type { LivePreview, PreviewState, ReportOptions, Subject } from '../report/state.ts';
import { renderCorrection, renderSuggestion } from '../report/suggestion.ts';
import type { Observation } from '../status/observation.ts';
import type { Status } from '../status/status.ts';
import { isUnanswered } from './commands/parse.ts';
import { type Base, readRecords, type StoredRecord, type SyncContext } from './plan/base.ts';
import { livePreview } from './plan/live-preview.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';
import { whatIsSeen } from './seen.ts';

export interface Published {
  /** Status of the committed preview; null if nothing was committed, or if no status was needed. */
  readonly status: Status | null;
  readonly notes: readonly string[];
  readonly unanswered: readonly number[];
  /** Whether a part could not be written because something did not answer: a retry may write it. */
  readonly isPassing: boolean;
}

export const NOTHING_PUBLISHED: Published = { status: null, notes: [], unanswered: [], isPassing: false };

/** Runs the work that writes to a pull request. It may skip a report if a newer one follows. */
export type Tell = (pull: PullRequest, work: () => Promise<Published>) => Promise<Published>;

export interface PublishOptions {
  /** Whether the ticked boxes in our comment were handled. @default false */
  readonly boxesAnswered?: boolean;
  /** Replies to new commands. @default - none; earlier replies stay */
  readonly replies?: readonly Reply[];
  /** See {@link PullRequestReport}. */
  readonly occasion?: string;
  /** New observations of the preview. @default - none */
  readonly observed?: readonly Observation[];
  /** How to write when many pull requests are written at once. @default - immediately */
  readonly tell?: Tell;
  /** What delayed the report, asked when it is written. @default - nothing */
  readonly late?: () => Late | null;
}

/**
 * Writes what people see on the pull request. A failure there is only a note: it never reverts or blocks the commit.
 * A retry or the next sweep writes again.
 */
export function publish(
  context: SyncContext,
  base: Said,
  plan: Saying,
  options: PublishOptions = {},
): Promise<Published> {
  const work = () => write(context, base, plan, options);
  return options.tell === undefined ? work() : options.tell(plan.pull, work);
}

async function write(context: SyncContext, base: Said, plan: Saying, options: PublishOptions): Promise<Published> {
  let status: Status | null = null;
  const report = {
    ...reportOf(context, base, plan, options, (seen) => {
      status = seen;
    }),
    ...(options.occasion === undefined ? {} : { occasion: options.occasion }),
    ...(plan.effect === 'none' ? {} : { isNews: true }),
  };
  let outcome: PublishOutcome;
  try {
    outcome = await context.forge.publish(plan.pull, report);
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    outcome = { said: null, comments: [], failures: [error] };
  }
  const { said, comments, failures } = outcome;
  const why = failures.map(({ message }) => message).join('; ');
  return {
    status: said === null ? null : status,
    notes: failures.length === 0 ? [] : [`The comment or check could not be written: ${why}`],
    unanswered: comments.filter((comment) => isUnanswered(comment, base.now)).map(({ id }) => id),
    isPassing: failures.some(({ code }) => code === 'unreachable'),
  };
}

/** Writes into the comment that the commit failed on our side, if a commit was planned. */
export async function publishProblem(context: SyncContext, base: Base, plan: PreviewPlan): Promise<void> {
  if (plan.state.state !== 'committed' || plan.effect === 'none') return;
  const live = plan.effect === 'update' ? plan.live : null;
  await publish(context, base, { ...plan, state: { state: 'problem', where: 'commit', live } });
}

/**
 * Reports on a pull request with a preview.yaml that the platform's settings or the apps repo cannot be read. It uses
 * default texts, since even the platform's contact is not known. It is also not known whether the pull request is
 * eligible, so nothing is written on closed ones, drafts and forks.
 *
 * @param error what was thrown. Nothing is written if it is not the platform's, or only waits for a rate limit
 */
export async function publishPlatformProblem(
  context: SyncContext,
  repository: RepositoryRef,
  number: number,
  error: unknown,
): Promise<void> {
  if (!(error instanceof GreenroomError) || !error.isPlatforms || error.until !== undefined) return;
  try {
    const lookup = await context.forge.pullRequest(repository, number);
    if (lookup.status === 'unknown') return;
    const pull = lookup.value;
    if (pull.state === 'closed' || pull.draft || isFork(pull)) return;
    if ((await context.forge.readFile(pull.repository, pull.head.sha, PREVIEW_FILE)) === null) return;
    const live = await recordedPreview(context, pull);
    const where = error.code === 'unreachable' ? 'apps-repo' : 'settings';
    const plan = { pull, name: '', effect: 'none', state: { state: 'problem', where, live }, live } as const;
    await publish(context, { platform: defaultPlatform(), now: context.clock() }, plan);
  } catch (failure) {
    // The caller gets the first error.
    if (!(failure instanceof GreenroomError)) throw failure;
  }
}

/** The pull request's preview in the apps repo, if it can be read: records need no settings. */
async function recordedPreview(
  { repo }: SyncContext,
  { repository, number }: PullRequest,
): Promise<LivePreview | null> {
  const records = await readRecords(repo, [RECORDS_GLOB]).catch(noRecords);
  const own = records
    .flatMap(({ record }) => record ?? [])
    .find(({ identity }) => isOf(identity, repository.id, number));
  return own === undefined ? null : livePreview(own);
}

const isOf = (identity: PreviewRecord['identity'], repositoryId: number, number: number) =>
  identity.repositoryId === repositoryId && identity.number === number;

function noRecords(error: unknown): readonly StoredRecord[] {
  if (error instanceof GreenroomError) return [];
  throw error;
}

/** The parts of the platform and of the plan that the texts need. */
type Said = Pick<Base, 'platform' | 'now'>;
type Saying = Pick<PreviewPlan, 'pull' | 'name' | 'state' | 'effect' | 'objects' | 'live' | 'lineOf'>;

/** @param onStatus called with the preview's status each time the report is rendered */
function reportOf(
  context: SyncContext,
  base: Said,
  plan: Saying,
  { boxesAnswered = false, observed = [], late = () => null, replies }: PublishOptions,
  onStatus: (status: Status | null) => void,
): PullRequestReport {
  const { pull, name, live } = plan;
  const shown = observed.map((one) => withoutLines(one, base.platform, pull));
  const subject = subjectOf(pull);
  const heldBack = late();
  const options = {
    ...optionsOf(context, base, plan),
    ...(heldBack === null ? {} : { late: heldBack }),
    ...(replies === undefined ? {} : { replies }),
  };
  const { objects = [], effect } = plan;
  const state: PreviewState =
    plan.state.state === 'committed' ? { ...plan.state, objects, isNew: effect === 'create' } : plan.state;
  const saidAt = (before: Before, committedAt: number | null, seenNow: readonly Observation[]) => {
    const input = { now: base.now, committedAt, state, live, observed: seenNow, contact: options.contact };
    const seen = whatIsSeen(input, before);
    const status = seen?.status ?? null;
    onStatus(status);
    // Do not overwrite a ticked box that was not handled yet.
    const isTicked = before.comment !== null && !boxesAnswered && tickedBoxes(before.comment).length > 0;
    const check = renderCheck(state, status, subject, options);
    const { hasOlderCheck = false } = before;
    const shown = { ...options, hasOlderCheck };
    return {
      comment: isTicked ? before.comment : renderComment(state, status, subject, shown, before.comment, seen?.line),
      check: check === null ? null : { headSha: pull.head.sha, ...check },
      deployment: kept(seen?.deployment ?? null, base.platform),
    };
  };
  // Without hidden markers the time cannot be stored, and would differ with each update.
  const committedAt = options.can.hiddenMarkers ? base.now : null;
  return {
    environment: name === '' ? null : environmentOf(name, base.platform),
    said: (before) => saidAt(before, committedAt, shown),
    // The time of an observation alone does not count as a change.
    sameAs: JSON.stringify(
      saidAt(
        NOTHING_BEFORE,
        null,
        shown.map((one) => ({ ...one, at: 0 })),
      ),
    ),
    marker: options.can.hiddenMarkers ? COMMENT_MARKER : HEADLINE,
    notice: noticeOf(state, options),
    suggestions: options.can.suggestions && options.can.hiddenMarkers ? suggestionsOf(state) : [],
  };
}

/** Removes log lines, unless the platform enables them and the repository is private: others could read them. */
function withoutLines(seen: Observation, { status }: Base['platform'], { isPrivate }: PullRequest): Observation {
  if (seen.lines === undefined || (status.logs && isPrivate === true)) return seen;
  const { lines: _, ...rest } = seen;
  return rest;
}

function subjectOf(pull: PullRequest): Subject {
  return {
    repository: pull.repository.path,
    number: pull.number,
    title: pull.title,
    headSha: pull.head.sha,
    branch: isFork(pull) ? null : pull.head.ref,
  };
}

function noticeOf(state: PreviewState, options: ReportOptions): PullRequestReport['notice'] {
  if (state.state === 'committed') return renderNotice(state.preview, options);
  return 'live' in state && state.live?.lost?.endsEarly ? renderEarlyEnd(state.live, options) : null;
}

/** Name of the preview's environment on the forge. */
export function environmentOf(name: string, { status }: Base['platform']): string {
  return status.environments === 'shared' ? 'preview' : `preview/${name}`;
}

/**
 * A shared environment stays when one preview is gone. If no cluster reports when everything is deleted, a preview's own
 * environment goes with its folder.
 */
function kept(deployment: Deployment | null, { status }: Base['platform']): Deployment | null {
  if (deployment === null || deployment.live !== null) return deployment;
  if (status.environments === 'shared') return { ...deployment, isGone: false };
  return status.watch ? deployment : { ...deployment, endsAtOnce: true };
}

function optionsOf({ forge }: SyncContext, { platform, now }: Said, { lineOf }: Saying): ReportOptions {
  const { policies, ttl } = platform;
  return {
    contact: policies.contact,
    now,
    warn: durationSeconds(ttl.warn),
    max: durationSeconds(ttl.max),
    ...(lineOf === undefined ? {} : { lineOf }),
    pages: forge.pages,
    can: forge.capabilities,
  };
}

function suggestionsOf(state: PreviewState): Suggestion[] {
  if (state.state === 'invalid') return state.problems.flatMap((problem) => renderCorrection(problem) ?? []);
  return 'findings' in state ? state.findings.flatMap((finding) => renderSuggestion(finding) ?? []) : [];
}
