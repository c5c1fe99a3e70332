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
  /** What is known of what was committed; null for nothing, and where nothing had to be looked at. */
  readonly status: Status | null;
  readonly notes: readonly string[];
  readonly unanswered: readonly number[];
}

export const NOTHING_PUBLISHED: Published = { status: null, notes: [], unanswered: [] };

/** Runs what tells the makers of a pull request; one that a newer report overtakes may be left out. */
export type Tell = (pull: PullRequest, work: () => Promise<Published>) => Promise<Published>;

export interface PublishOptions {
  /** Whether the boxes that are ticked in our comment were dealt with. @default false */
  readonly boxesAnswered?: boolean;
  /** What is said to those who gave commands just now. @default - nobody did; what was said last stays */
  readonly replies?: readonly Reply[];
  /** See {@link PullRequestReport}. */
  readonly occasion?: string;
  /** What was seen of the preview just now. @default - nobody looked */
  readonly observed?: readonly Observation[];
  /** How it is told where others are told as well. @default - at once */
  readonly tell?: Tell;
  /** What held it back, when it is told. @default - nothing */
  readonly late?: () => Late | null;
}

/**
 * Writes what people see on the pull request. A failure there is a note: it never undoes or blocks what was committed,
 * and the next sweep writes it again.
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
  };
}

/** Says in the comment that we failed where the maker did not, if that is so. */
export async function publishProblem(context: SyncContext, base: Base, plan: PreviewPlan): Promise<void> {
  if (plan.state.state !== 'committed' || plan.effect === 'none') return;
  const live = plan.effect === 'update' ? plan.live : null;
  await publish(context, base, { ...plan, state: { state: 'problem', where: 'commit', live } });
}

/**
 * Says on a pull request that wants a preview that the platform's side cannot be read, with the defaults' words: not even
 * whom to ask is known. Whether it would have got one is not known either, so that closed ones, drafts and forks hear
 * nothing.
 *
 * @param error what was thrown; says nothing for one that is not the platform's, or that only waits for a limit of the forge
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
    // What is thrown to who runs it is the first error.
    if (!(failure instanceof GreenroomError)) throw failure;
  }
}

/** What the apps repo holds of a pull request, as far as it can be read: records need no settings. */
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

/** What texts need of a platform and of a plan. */
type Said = Pick<Base, 'platform' | 'now'>;
type Saying = Pick<PreviewPlan, 'pull' | 'name' | 'state' | 'effect' | 'objects' | 'live' | 'lineOf'>;

/** @param onStatus told what the report says of the preview, each time that it is made */
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
    // A tick that nobody has dealt with yet is not written over.
    const isTicked = before.comment !== null && !boxesAnswered && tickedBoxes(before.comment).length > 0;
    const check = renderCheck(state, status, subject, options);
    return {
      comment: isTicked ? before.comment : renderComment(state, status, subject, options, before.comment, seen?.line),
      check: check === null ? null : { headSha: pull.head.sha, ...check },
      deployment: kept(seen?.deployment ?? null, base.platform),
    };
  };
  // Where nothing can be remembered, a time would be another one with every writing.
  const committedAt = options.can.hiddenMarkers ? base.now : null;
  return {
    environment: name === '' ? null : environmentOf(name, base.platform),
    said: (before) => saidAt(before, committedAt, shown),
    // When it was looked at is no news.
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

/** Lines of a log are for a platform that asks for them, and for nobody who happens to pass by. */
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

/** Where a preview is deployed to, for the forge. */
export function environmentOf(name: string, { status }: Base['platform']): string {
  return status.environments === 'shared' ? 'preview' : `preview/${name}`;
}

/** An environment that others share stays when a preview is gone. */
function kept(deployment: Deployment | null, { status }: Base['platform']): Deployment | null {
  return deployment === null || status.environments === 'each' ? deployment : { ...deployment, isGone: false };
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
