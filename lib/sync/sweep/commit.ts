import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { apply } from '../../gitops/apply.ts';
import { type Base, readBase } from '../plan/base.ts';
import { commitMessageOf } from '../plan/message.ts';
import type { PreviewPlan } from '../plan/plan-preview.ts';
import { raceOptions } from '../race.ts';
import { mergedChanges } from '../writer.ts';
import { planInOrder } from './limit.ts';
import type { Ground } from './orphans.ts';
import { collectFailure, type SweepOptions, type SweepRun, subjectOf } from './run.ts';

export interface Settled {
  readonly plan: PreviewPlan;
  /** The commit with its change; null if there is none. */
  readonly commit: string | null;
  /** Problems that did not stop the sweep. @default - none */
  readonly notes?: readonly string[];
}

/** A batch is divided after this many lost answers or races; a single plan gets more attempts. */
const BATCH_ATTEMPTS = 4;

/** Commits all plans, in batches. */
export async function commitAll(
  run: SweepRun,
  first: Ground,
  groups: readonly (readonly PreviewPlan[])[],
): Promise<Settled[]> {
  const settled: Settled[] = [];
  let ground = first;
  for (const batch of groups.flatMap((plans) => [...batches(plans, run.options)])) {
    const done = await commitByHalves(run, ground, batch);
    ground = done.ground;
    settled.push(...done.settled);
  }
  return settled;
}

/** Commits a batch. If it is refused or too large, it is halved, so that one bad change does not block the others. */
async function commitByHalves(
  run: SweepRun,
  ground: Ground,
  batch: readonly PreviewPlan[],
): Promise<{ settled: Settled[]; ground: Ground }> {
  try {
    return await run.writer.alone(() => commitBatch(run, ground, batch));
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.until !== undefined) throw error;
    const [only, ...others] = batch;
    if (only === undefined || others.length === 0) {
      run.failures.push(...batch.map((plan) => ({ subject: subjectOf(plan.pull), error, plan })));
      return { settled: [], ground: { ...ground, isOurs: false } };
    }
    const middle = Math.ceil(batch.length / 2);
    const replanned = { ...ground, isOurs: false };
    const first = await commitByHalves(run, replanned, batch.slice(0, middle));
    const second = await commitByHalves(run, first.ground, batch.slice(middle));
    return { settled: [...first.settled, ...second.settled], ground: second.ground };
  }
}

/**
 * Commits a batch. If another writer has committed meanwhile, the whole batch is planned again from the current state.
 */
async function commitBatch(
  run: SweepRun,
  ground: Ground,
  batch: readonly PreviewPlan[],
): Promise<{ settled: Settled[]; ground: Ground }> {
  const { context, options } = run;
  const { value, status, head, attempts } = await apply(
    context.repo,
    async (attempt) => {
      if (!options.dryRun) await context.repo.ready?.();
      const isPlanned = attempt === 1 && ground.isOurs;
      const current = isPlanned ? { head: ground.head, plans: batch } : await replan(run, batch);
      const changing = current.plans.filter((plan) => plan.change.size > 0);
      const change: ChangeSet = options.dryRun ? new Map() : mergedChanges(changing);
      const message = change.size === 0 ? '' : commitMessageOf(changing);
      return { head: current.head, change, message, value: current.plans };
    },
    raceOptions(batch.length > 1 ? { attempts: BATCH_ATTEMPTS, ...options.apply } : options.apply),
  );
  const commit = status === 'committed' ? head : null;
  return {
    settled: value.map((plan) => ({ plan, commit: plan.change.size === 0 ? null : commit })),
    ground: { head, isOurs: ground.isOurs && attempts === 1 },
  };
}

/** Plans the same pull requests again. Removals held back by the removal limit are in no batch. */
export async function replan(
  run: SweepRun,
  batch: readonly PreviewPlan[],
): Promise<{ base: Base; head: string | null; plans: PreviewPlan[] }> {
  const { context } = run;
  const base = await readBase(context);
  const pulls: PullRequest[] = [];
  for (const { pull } of batch) {
    await collectFailure(run, subjectOf(pull), async () => {
      const lookup = await context.forge.pullRequestById(pull.repository.id, pull.number, pull.repository);
      if (lookup.status === 'found') pulls.push(lookup.value);
    });
  }
  // Previews that are held only now are reported by the next sweep.
  const { plans } = await planInOrder(run, base, pulls);
  return { base, head: base.head, plans };
}

function* batches<T>(items: readonly T[], { batchSize = 50 }: SweepOptions): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += batchSize) yield items.slice(i, i + batchSize);
}
