import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { type ApplyOptions, apply } from '../../gitops/apply.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { exceedsRemovalLimit } from '../../model/removal-limit.ts';
import { handleUnanswered } from '../answer.ts';
import { type Base, readBase, type SyncContext } from '../plan/base.ts';
import { messageOf } from '../plan/message.ts';
import { type PreviewPlan, planPreview } from '../plan/plan-preview.ts';
import { NOTHING_PUBLISHED, publish } from '../publish.ts';
import { raceOptions } from '../race.ts';
import { asksForReview } from '../review.ts';
import { resultOf, type SyncResult } from '../sync.ts';
import { recentEndings } from './endings.ts';
import { type Ground, orphanResult, removeOrphans } from './orphans.ts';
import { sweepByReview } from './review.ts';
import { keyOf, takeSurvey } from './survey.ts';

export interface SweepOptions {
  /** Plan and say, write nothing anywhere. @default false */
  readonly dryRun?: boolean;
  /** Remove however many there are to remove, and move or end what a change of the platform displaces. @default false */
  readonly allowRemovals?: boolean;
  /** Previews a commit, at most. @default 50 */
  readonly batchSize?: number;
  readonly apply?: Partial<ApplyOptions>;
  /** Called as the work goes on. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Failure {
  readonly subject: string;
  readonly error: GreenroomError;
}

export interface SweepResult {
  readonly results: readonly SyncResult[];
  /** Previews that failed on our side, and why; the others were handled all the same. */
  readonly failures: readonly Failure[];
  /** What could not be asked, so that its previews were left alone. */
  readonly unknown: readonly string[];
  /** Previews that a change of the platform moves or ends, left as they are until somebody says that it is meant. */
  readonly held: readonly Held[];
}

export interface Held {
  readonly name: string;
  /** `is removed: ...`, `moves from the cluster a to b, ...` */
  readonly sentence: string;
}

/**
 * Does for all pull requests of the platform's sources what sync does for one, and ends what is over. Closes come
 * first, and one broken preview never holds up another.
 *
 * @throws GreenroomError `failed` when more than the platform's share of live previews would go and `allowRemovals` is off
 */
export async function sweep(context: SyncContext, options: SweepOptions = {}): Promise<SweepResult> {
  const base = await readBase(context);
  const survey = await takeSurvey(context, base);
  if (base.head !== null && survey.folders.length > 0) {
    const globs = survey.folders.map((folder) => `${folder}/**`);
    await context.repo.readAhead?.(globs, base.head);
  }
  const failures: Failure[] = [];
  const orphans = survey.targets.filter((target) => target.kind === 'orphan');
  const pulls = survey.targets.flatMap((target) => (target.kind === 'pull' ? [target.pull] : []));
  const { plans, held } = await planInOrder(context, base, pulls, failures, options);
  checkRemovalLimit(
    plans.filter(({ effect }) => effect === 'remove').length + orphans.length,
    survey.live,
    base,
    options,
  );

  // All commits come before the first comment: what was closed goes at once, however many comments there are to write.
  const removed = options.dryRun
    ? { ended: orphans, ground: { head: base.head, isOurs: true } }
    : await removeOrphans(context, base, orphans, options);
  const of = (...effects: PreviewPlan['effect'][]) => plans.filter(({ effect }) => effects.includes(effect));
  const settled: Settled[] = [];
  const unknown = [...survey.unknown];
  if (asksForReview(base) && !options.dryRun) {
    const handled = new Set(pulls.map(({ repository, number }) => keyOf(repository.id, number)));
    const reviewed = await sweepByReview(context, base, plans, {
      ended: orphans.map(({ record }) => record.name),
      isHandled: (id, number) => handled.has(keyOf(id, number)),
      again: (plan) => replan(context, [plan], failures, options),
      collect: (plan, work) => collect(failures, subjectOf(plan.pull), work),
    });
    unknown.push(...reviewed.unknown);
    settled.push(...reviewed.settled);
  } else {
    let { ground } = removed;
    for (const batch of [...batches(of('remove'), options), ...batches(of('create', 'update'), options)]) {
      const done = await commitBatch(context, ground, batch, failures, options);
      ground = done.ground;
      settled.push(...done.settled);
    }
    settled.push(...withPositions(of('none')).map((plan) => ({ plan, commit: null })));
  }

  const results: SyncResult[] = removed.ended.map((orphan) => orphanResult(orphan));
  const progress = progressOf(options, results.length + settled.length);
  progress(results.length);
  for (const { plan, commit, notes = [] } of settled) {
    const published = options.dryRun ? NOTHING_PUBLISHED : await publish(context, base, plan);
    results.push(resultOf(plan, commit, { ...published, notes: [...notes, ...published.notes] }));
    progress(1);
  }
  for (const { plan, commit } of options.dryRun ? [] : await recentEndings(context, base)) {
    const { notes } = await publish(context, base, plan, { occasion: commit });
    if (notes.length > 0) results.push(resultOf(plan, null, { notes, unanswered: [] }));
  }
  for (const result of results.filter(({ unanswered }) => unanswered.length > 0)) {
    await collect(failures, `${result.repository}#${result.number}`, async () => {
      const handled = await handleUnanswered(context, result, options);
      if (handled !== null) results.push(handled);
    });
  }
  const unanswered = results.flatMap(({ repository, number, state }) =>
    state.state === 'unknown' ? [`${repository}#${number}: ${state.reason}`] : [],
  );
  return { results, failures, unknown: [...unknown, ...unanswered], held };
}

function isHeld(plan: PreviewPlan, options: SweepOptions): plan is PreviewPlan & { displaced: string } {
  return plan.displaced !== null && options.allowRemovals !== true;
}

/** Those that wait for a place, with their place among all that do: plans come in the order in which places are given. */
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

function checkRemovalLimit(removals: number, live: number, base: Base, options: SweepOptions): void {
  const share = base.platform.sweep.maxRemovalShare;
  if (options.allowRemovals || !exceedsRemovalLimit(removals, live, share)) return;
  throw new GreenroomError(
    'failed',
    `This sweep would remove ${removals} of ${live} live previews, more than the ${Math.round(share * 100)} % that ` +
      `sweep.maxRemovalShare allows. Nothing was changed. Look at the list with --dry-run --yes; if it is right, run again with --yes.`,
  );
}

interface Settled {
  readonly plan: PreviewPlan;
  /** The commit that carried its change, if there was one. */
  readonly commit: string | null;
  /** What went wrong beside the way. @default - nothing */
  readonly notes?: readonly string[];
}

/** Commits a batch. Where somebody else has been at work, the whole batch is planned again from live state. */
async function commitBatch(
  context: SyncContext,
  ground: Ground,
  batch: readonly PreviewPlan[],
  failures: Failure[],
  options: SweepOptions,
): Promise<{ settled: Settled[]; ground: Ground }> {
  const { value, status, head, attempts } = await apply(
    context.repo,
    async (attempt) => {
      const isPlanned = attempt === 1 && ground.isOurs;
      const current = isPlanned ? { head: ground.head, plans: batch } : await replan(context, batch, failures, options);
      const changing = current.plans.filter((plan) => plan.change.size > 0);
      const change: ChangeSet = options.dryRun ? new Map() : merge(changing);
      const message = change.size === 0 ? '' : messageOf(changing);
      return { head: current.head, change, message, value: current.plans };
    },
    raceOptions(options.apply),
  );
  const commit = status === 'committed' ? head : null;
  return {
    settled: value.map((plan) => ({ plan, commit: plan.change.size === 0 ? null : commit })),
    ground: { head, isOurs: ground.isOurs && attempts === 1 },
  };
}

async function replan(
  context: SyncContext,
  batch: readonly PreviewPlan[],
  failures: Failure[],
  options: SweepOptions,
): Promise<{ base: Base; head: string | null; plans: PreviewPlan[] }> {
  const base = await readBase(context);
  const pulls: PullRequest[] = [];
  for (const { pull } of batch) {
    await collect(failures, subjectOf(pull), async () => {
      const lookup = await context.forge.pullRequestById(pull.repository.id, pull.number, pull.repository);
      if (lookup.status === 'found') pulls.push(lookup.value);
    });
  }
  // What is held now, the next sweep tells of.
  const { plans } = await planInOrder(context, base, pulls, failures, options);
  return { base, head: base.head, plans };
}

/** Plans for one base: what comes first takes places, or frees some, for what comes after. */
async function planInOrder(
  context: SyncContext,
  base: Base,
  pulls: readonly PullRequest[],
  failures: Failure[],
  options: SweepOptions,
): Promise<{ plans: PreviewPlan[]; held: Held[] }> {
  const plans: PreviewPlan[] = [];
  const held: Held[] = [];
  const ahead = { added: [] as PreviewRecord[], removed: new Set<string>() };
  for (const pull of pulls) {
    await collect(failures, subjectOf(pull), async () => {
      const plan = await planPreview(context, base, pull, ahead);
      if (isHeld(plan, options)) {
        held.push({ name: plan.name, sentence: plan.displaced });
        return;
      }
      if (plan.effect === 'create' && plan.record !== null) ahead.added.push(plan.record);
      if (plan.effect === 'remove') ahead.removed.add(plan.name);
      plans.push(plan);
    });
  }
  return { plans, held };
}

function* batches<T>(items: readonly T[], options: SweepOptions): Generator<T[]> {
  const size = options.batchSize ?? 50;
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

function merge(plans: readonly PreviewPlan[]): ChangeSet {
  return new Map(plans.flatMap((plan) => [...plan.change]));
}

async function collect(failures: Failure[], subject: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    failures.push({ subject, error });
  }
}

function progressOf(options: SweepOptions, total: number): (n: number) => void {
  let done = 0;
  return (n) => {
    done += n;
    options.onProgress?.(done, total);
  };
}

const subjectOf = (pull: PullRequest) => `${pull.repository.path}#${pull.number}`;
