import { recordedImages } from '../../compile/images.ts';
import { Pool } from '../../core/pool.ts';
import { literalGlob } from '../../gitops/glob.ts';
import { isInRegistries } from '../../model/image.ts';
import type { Observation } from '../../status/observation.ts';
import { handleUnanswered } from '../answer.ts';
import { commitStatusNotes, toldByCommitStatus } from '../commit-statuses.ts';
import { lookAt } from '../look.ts';
import { type Base, readBase, type SyncContext } from '../plan/base.ts';
import type { PreviewPlan } from '../plan/plan-preview.ts';
import { NOTHING_PUBLISHED, publish } from '../publish.ts';
import { asksForReview } from '../review.ts';
import { resultOf, type SyncResult } from '../sync.ts';
import { Writer } from '../writer.ts';
import { commitAll, replan, type Settled } from './commit.ts';
import { endStrays, type StrayOutcome, strayAlarm } from './end-strays.ts';
import { recentEndings } from './endings.ts';
import { planWithinLimit, pullsOf } from './limit.ts';
import { type Ground, orphanResult, removeOrphans } from './orphans.ts';
import { sweepByReview } from './review.ts';
import { collectFailure, type Failure, type HeldBack, type SweepOptions, type SweepRun, subjectOf } from './run.ts';
import { problemsOf, tellOfFailures, tellWhoWaits } from './silence.ts';
import { pullKey, type Stray } from './strays.ts';
import { type Orphan, takeSurvey } from './survey.ts';

export interface SweepResult {
  readonly results: readonly SyncResult[];
  /** Previews that failed on our side, and why; the others were handled. */
  readonly failures: readonly Failure[];
  /** What could not be read, so its previews were left as they are. */
  readonly unknown: readonly string[];
  /** Previews that are left as they are until somebody confirms their move or end. */
  readonly held: readonly HeldBack[];
  /** Why removals were held back; null if they were within the removal limit. */
  readonly heldBack: string | null;
  /** What somebody has to confirm: one sentence for each reason, with names of previews, for the platform team. */
  readonly toConfirm: readonly string[];
  /**
   * Folders that greenroom did not write, and what was done about each, and lists of the forge that contradict its other
   * answers: one sentence each, for the platform team.
   * Contains untrusted text.
   */
  readonly alarms: readonly string[];
  /** Problems on our side: one sentence for each cause, for the platform team. Contains untrusted text. */
  readonly problems: readonly string[];
  /** Notes for the platform team, e.g. about an exception that is ignored. */
  readonly notes: readonly string[];
}

/**
 * Syncs all pull requests of the platform's sources, and removes what has ended. Removals come first, and one broken
 * preview never blocks another. Removals above the removal limit are held back, unless `allowRemovals` is set.
 */
export async function sweep(context: SyncContext, options: SweepOptions = {}): Promise<SweepResult> {
  const failures: Failure[] = [];
  const base = await readBase(context).catch(async (error: unknown) => {
    if (!options.dryRun) await tellWhoWaits(context, error);
    throw error;
  });
  const survey = await takeSurvey(context, base);
  if (base.head !== null && survey.folders.length > 0) {
    const globs = survey.folders.map((folder) => `${literalGlob(folder)}/**`);
    await context.repo.readAhead?.(globs, base.head);
  }
  const verifier = await verifierOf(context, base);
  const run: SweepRun = {
    context: verifier === undefined ? context : { ...context, verifier },
    options,
    writer: options.writer ?? new Writer(),
    failures,
  };
  const pulls = pullsOf(survey);
  const { plans, held, ended, heldBack, toConfirm } = await planWithinLimit(run, base, survey);

  // Commit everything before the first comment: removals must not wait for many comments.
  const alarms = [...survey.alarms];
  let removed: { ended: readonly Orphan[]; ground: Ground } = { ended: [], ground: { head: base.head, isOurs: false } };
  if (options.dryRun) removed = { ended, ground: { head: base.head, isOurs: true } };
  else {
    await collectFailure(run, 'previews whose time is up', async () => {
      removed = await run.writer.alone(() => removeOrphans(context, base, ended, options));
    });
  }
  await collectFailure(run, 'folders that belong to no pull request', async () => {
    const isHeld = options.dryRun === true || heldBack !== null;
    const outcomes = isHeld ? new Map<Stray, StrayOutcome>() : await endStrays(run, base, survey.strays);
    if (outcomes.size > 0) removed = { ...removed, ground: { head: removed.ground.head, isOurs: false } };
    alarms.push(...survey.strays.map((stray) => strayAlarm(stray, outcomes.get(stray) ?? 'left')));
  });
  const of = (...effects: PreviewPlan['effect'][]) => plans.filter(({ effect }) => effects.includes(effect));
  const settled: Settled[] = [];
  const unknown = [...survey.unknown];
  if (asksForReview(base) && !options.dryRun) {
    const handled = new Set(pulls.map(({ repository, number }) => pullKey(repository.id, number)));
    const reviewed = await sweepByReview(context, base, plans, {
      ended: ended.map(({ record }) => record.name),
      hasStrays: survey.strays.length > 0,
      isHandled: (id, number) => handled.has(pullKey(id, number)),
      again: (plan) => replan(run, [plan]),
      collect: (plan, work) => collectFailure(run, subjectOf(plan.pull), work),
    });
    unknown.push(...reviewed.unknown);
    settled.push(...reviewed.settled);
  } else {
    settled.push(...(await commitAll(run, removed.ground, [of('remove'), of('create', 'update')])));
    settled.push(...withPositions(of('none')).map((plan) => ({ plan, commit: null })));
  }

  const results: SyncResult[] = removed.ended.map((orphan) => orphanResult(orphan));
  const looks = options.dryRun ? new Map() : lookAtAll(context, base, settled);
  const progress = progressOf(options, results.length + settled.length);
  progress(results.length);
  for (const { plan, commit, notes = [] } of settled) {
    const published = options.dryRun
      ? NOTHING_PUBLISHED
      : await publish(context, base, plan, { observed: (await looks.get(plan)) ?? [] });
    results.push(resultOf(plan, commit, { ...published, notes: [...notes, ...published.notes] }));
    progress(1);
  }
  for (const { plan, commit } of options.dryRun ? [] : await recentEndings(context, base)) {
    const published = await publish(context, base, plan, { occasion: commit });
    if (published.notes.length > 0) results.push(resultOf(plan, null, { ...published, unanswered: [] }));
  }
  if (!options.dryRun) await tellOfFailures(run, base);
  for (const result of results.filter(({ unanswered }) => unanswered.length > 0)) {
    await collectFailure(run, `${result.repository}#${result.number}`, async () => {
      const handled = await handleUnanswered(context, result, options);
      if (handled !== null) results.push(handled);
    });
  }
  const unanswered = results.flatMap(({ repository, number, state }) =>
    state.state === 'unknown' ? [`${repository}#${number}: ${state.reason}`] : [],
  );
  const problems = problemsOf(results, failures);
  return {
    results,
    failures,
    unknown: [...unknown, ...unanswered],
    held,
    heldBack,
    toConfirm,
    alarms,
    problems,
    notes: [...base.notes, ...(options.dryRun ? [] : await commitStatusNotes(base))],
  };
}

/** Reads ahead about the images that run: they are all verified again. */
async function verifierOf({ verifier }: SyncContext, { platform, trust, records }: Base) {
  if (verifier === undefined || trust === null) return undefined;
  const stored = (await records()).flatMap(({ record }) => (record === null ? [] : recordedImages(record)));
  const allowed = stored.filter(({ image }) => isInRegistries(image, platform.registries));
  return verifier.readingAhead(allowed, { settings: platform.evidence, trust });
}

/** More would be too many at once for one ingress. */
const LOOKS_AT_ONCE = 16;

/** Probes addresses and reads reports in parallel, while results of others are written. */
function lookAtAll(
  context: SyncContext,
  base: Base,
  settled: readonly Settled[],
): ReadonlyMap<PreviewPlan, Promise<readonly Observation[]>> {
  const pool = new Pool(LOOKS_AT_ONCE);
  return new Map(settled.map(({ plan }) => [plan, pool.run(() => observe(context, base, plan))]));
}

async function observe(context: SyncContext, base: Base, plan: PreviewPlan): Promise<readonly Observation[]> {
  const [told, looked] = await Promise.all([toldByCommitStatus(context, base, plan), lookAt(context, base, plan)]);
  return [...told, ...looked];
}

/** Adds their position to the previews that wait for a slot: plans are in the order in which slots are given. */
function withPositions(plans: readonly PreviewPlan[]): PreviewPlan[] {
  const isWaiting = ({ state }: PreviewPlan) => state.state === 'queued' && state.reason === 'places';
  const of = plans.filter(isWaiting).length;
  let number = 0;
  return plans.map((plan) => {
    if (plan.state.state !== 'queued' || !isWaiting(plan)) return plan;
    number += 1;
    return { ...plan, state: { ...plan.state, place: { number, of } } };
  });
}

function progressOf(options: SweepOptions, total: number): (n: number) => void {
  let done = 0;
  return (n) => {
    done += n;
    options.onProgress?.(done, total);
  };
}
