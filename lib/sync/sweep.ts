import { isDeepStrictEqual } from 'node:util';
import { isExpired } from '../compile/lifetime.ts';
import { GreenroomError } from '../core/errors.ts';
import type { ChangeSet } from '../core/fileset.ts';
import type { PullRequest, RepositoryRef } from '../forge/forge.ts';
import { type ApplyOptions, apply, type Planned } from '../gitops/apply.ts';
import type { AppsRepo } from '../gitops/apps-repo.ts';
import { commitMessage } from '../gitops/message.ts';
import { planChange } from '../gitops/plan.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { type PreviewRecord, parseRecord } from '../model/record.ts';
import { type Base, readBase, type StoredRecord, type SyncContext } from './base.ts';
import { handleUnanswered } from './commands.ts';
import { messageOf } from './message.ts';
import { livePreview, type PreviewPlan, planPreview } from './plan-preview.ts';
import { NOTHING_PUBLISHED, publish } from './publish.ts';
import { raceOptions } from './race.ts';
import { asksForReview, proposeEnd } from './review.ts';
import { sweepByReview } from './sweep-review.ts';
import { resultOf, type SyncResult } from './sync.ts';

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

/** One thing to look at: a pull request, or a preview whose pull request gives no answer and whose time is up. */
type Target = { readonly kind: 'pull'; readonly pull: PullRequest } | Orphan;

interface Orphan {
  readonly kind: 'orphan';
  readonly stored: StoredRecord;
  readonly record: PreviewRecord;
}

interface Survey {
  readonly targets: readonly Target[];
  readonly unknown: readonly string[];
  readonly live: number;
  /** Of all previews. */
  readonly folders: readonly string[];
}

/** Removals below this number are never held up by the brake. */
const ALWAYS_ALLOWED_REMOVALS = 3;

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
  brake(plans.filter(({ effect }) => effect === 'remove').length + orphans.length, survey.live, base, options);

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
    settled.push(...withPlaces(of('none')).map((plan) => ({ plan, commit: null })));
  }

  const results: SyncResult[] = removed.ended.map((orphan) => orphanResult(orphan));
  const progress = progressOf(options, results.length + settled.length);
  progress(results.length);
  for (const { plan, commit, notes = [] } of settled) {
    const published = options.dryRun ? NOTHING_PUBLISHED : await publish(context, base, plan);
    results.push(resultOf(plan, commit, { ...published, notes: [...notes, ...published.notes] }));
    progress(1);
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
function withPlaces(plans: readonly PreviewPlan[]): PreviewPlan[] {
  const isWaiting = ({ state }: PreviewPlan) => state.state === 'queued' && state.reason === 'places';
  const of = plans.filter(isWaiting).length;
  let number = 0;
  return plans.map((plan) => {
    if (plan.state.state !== 'queued' || !isWaiting(plan)) return plan;
    number += 1;
    return { ...plan, state: { ...plan.state, place: { number, of } } };
  });
}

async function takeSurvey(context: SyncContext, base: Base): Promise<Survey> {
  const unknown: string[] = [];
  const open = new Map<string, PullRequest>();
  const own = asksForReview(base) ? context.repo.proposals?.repository : undefined;
  for (const source of base.platform.sources) {
    try {
      for await (const listing of context.forge.openPullRequests(source.owner, source.repos)) {
        if (own !== undefined && isSameRepository(own, listing.repository)) continue;
        for (const pull of listing.pulls) open.set(keyOf(pull.repository.id, pull.number), pull);
        if (!listing.complete)
          unknown.push(`${listing.repository.owner}/${listing.repository.name}: ${listing.reason}`);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      unknown.push(`${source.owner}: ${error.message}`);
    }
  }
  const gone: Target[] = [];
  const records = await base.records();
  for (const stored of records) {
    const { record } = stored;
    if (record === null) {
      unknown.push(`${stored.folder}: its preview.json is out of shape; a sync of its pull request writes it anew`);
      continue;
    }
    if (open.has(keyOf(record.identity.repositoryId, record.identity.number))) continue;
    const target = await targetOfRecord(context, base, stored, record, unknown);
    if (target !== null) gone.push(target);
  }
  const byAge = [...open.values()].sort((a, b) => a.createdAt - b.createdAt || a.number - b.number);
  return {
    targets: [...gone, ...byAge.map((pull): Target => ({ kind: 'pull', pull }))],
    unknown,
    live: records.length,
    folders: records.map(({ folder }) => folder),
  };
}

/** A preview whose pull request is not among the open ones: only a positive answer, or its own end, removes it. */
async function targetOfRecord(
  context: SyncContext,
  base: Base,
  stored: StoredRecord,
  record: PreviewRecord,
  unknown: string[],
): Promise<Target | null> {
  const { repositoryId, repository, number } = record.identity;
  const [owner = '', name = ''] = repository.split('/');
  let reason: string;
  try {
    const lookup = await context.forge.pullRequestById(repositoryId, number, { owner, name });
    if (lookup.status === 'found') return { kind: 'pull', pull: lookup.value };
    reason = lookup.reason;
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    reason = error.message;
  }
  if (isExpired(record.expires, base.now)) return { kind: 'orphan', stored, record };
  unknown.push(`${repository}#${number}: ${reason}; its preview is kept`);
  return null;
}

function brake(removals: number, live: number, base: Base, options: SweepOptions): void {
  const share = base.platform.sweep.maxRemovalShare;
  if (options.allowRemovals || removals <= ALWAYS_ALLOWED_REMOVALS || removals <= share * live) return;
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

/** Where the next batch begins. */
interface Ground {
  readonly head: string | null;
  /** Whether nobody but this sweep has committed since its plans were made: its own batches touch other folders. */
  readonly isOurs: boolean;
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

/** Previews whose time is up and whose forge gives no answer: time alone ends them. Gives those that were removed. */
async function removeOrphans(
  context: SyncContext,
  base: Base,
  orphans: readonly Orphan[],
  options: SweepOptions,
): Promise<{ ended: readonly Orphan[]; ground: Ground }> {
  const untouched = { head: base.head, isOurs: true };
  if (orphans.length === 0) return { ended: [], ground: untouched };
  if (asksForReview(base)) {
    for (const orphan of orphans) {
      await proposeEnd(context, base, orphan.record, () => planOrphans(context.repo, [orphan]));
    }
    return { ended: orphans, ground: untouched };
  }
  let planned: string | null = null;
  const { value, head, attempts } = await apply(
    context.repo,
    async () => {
      const plan = await planOrphans(context.repo, orphans);
      planned = plan.head;
      return plan;
    },
    raceOptions(options.apply),
  );
  return { ended: value, ground: { head, isOurs: attempts === 1 && planned === base.head } };
}

async function planOrphans(repo: AppsRepo, orphans: readonly Orphan[]): Promise<Planned<readonly Orphan[]>> {
  const { head, files, irregular } = await repo.read(orphans.map(({ stored }) => `${stored.folder}/**`));
  // What was written anew in the meantime is not what was judged.
  const ended = orphans.filter(({ stored, record }) =>
    isDeepStrictEqual(parseRecord(files.get(`${stored.folder}/${RECORD_FILE}`) ?? ''), record),
  );
  if (ended.length === 0) return { head, change: new Map(), message: '', value: ended };
  const folders = ended.map(({ stored }) => stored.folder);
  const isInside = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  const now = { files: new Map([...files].filter(([path]) => isInside(path))), irregular: irregular.filter(isInside) };
  return {
    head,
    change: planChange({ now, wanted: new Map(), folders }),
    message: commitMessage(
      `remove ${ended.length} expired`,
      ended.map(({ record }) => {
        const [owner = '', name = ''] = record.identity.repository.split('/');
        const pullRequest = { owner, name, number: record.identity.number };
        return { preview: record.name, pullRequest, head: record.headSha };
      }),
    ),
    value: ended,
  };
}

function orphanResult({ record }: Orphan): SyncResult {
  return {
    repository: record.identity.repository,
    number: record.identity.number,
    name: record.name,
    state: {
      state: 'none',
      reason: 'expired',
      sentence: 'Its time is up, and its pull request gives no answer.',
      removed: livePreview(record),
    },
    effect: 'remove',
    change: new Map(),
    commit: null,
    notes: [],
    unanswered: [],
  };
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

const keyOf = (repositoryId: number, number: number) => `${repositoryId}#${number}`;
const isSameRepository = (a: RepositoryRef, b: RepositoryRef) =>
  `${a.owner}/${a.name}`.toLowerCase() === `${b.owner}/${b.name}`.toLowerCase();
const subjectOf = (pull: PullRequest) => `${pull.repository.owner}/${pull.repository.name}#${pull.number}`;
