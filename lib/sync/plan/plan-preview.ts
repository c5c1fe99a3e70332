import { appsOf } from '../../compile/apps.ts';
import { specDigestOf } from '../../compile/compile.ts';
import type { CompiledPreview } from '../../compile/compiler.ts';
import { isExpired } from '../../compile/lifetime.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet, FileSet } from '../../core/fileset.ts';
import { namesOf } from '../../core/repository.ts';
import { isFork, type PullRequest } from '../../forge/forge.ts';
import { planChange } from '../../gitops/plan.ts';
import { loadPreview } from '../../model/files.ts';
import { type Identity, previewName } from '../../model/identity.ts';
import { PREVIEW_FILE, RECORD_FILE } from '../../model/layout.ts';
import type { Loaded } from '../../model/load.ts';
import { placementDigest } from '../../model/platform.ts';
import type { Preview } from '../../model/preview.ts';
import type { PreviewRecord } from '../../model/record.ts';
import type { LivePreview, ObjectChange, PreviewState } from '../../report/state.ts';
import { type BuildStatus, buildStatus } from '../../status/build.ts';
import type { Base, SyncContext } from './base.ts';
import { budgetNote } from './budget.ts';
import { clockDoubt, endOf, isOver } from './clock.ts';
import { refusalByPaths, refusalOf, stopOf } from './eligibility.ts';
import { type Existing, type FoundPreview, findExisting, waitForName } from './existing.ts';
import { type ImageState, imageState } from './image.ts';
import { livePreview } from './live-preview.ts';
import { heldToEvidence } from './lost-evidence.ts';
import { misnamedFile } from './misnamed.ts';
import { type EarlierPlans, hasLimits, waitingFor } from './slots.ts';
import { timesOf } from './times.ts';

/** What to change in the apps repo for one pull request, and what to report. */
export interface PreviewPlan {
  readonly pull: PullRequest;
  readonly name: string;
  readonly state: PreviewState;
  readonly change: ChangeSet;
  readonly effect: 'create' | 'update' | 'remove' | 'none';
  /** The new record in the apps repo; null if there will be no preview, or an earlier one stays. */
  readonly record: PreviewRecord | null;
  /** A sentence if a change of the platform's settings moves or ends a preview that would otherwise stay; else null. */
  readonly displaced: string | null;
  /**
   * Whether another repository's preview has its name. Then a proposal of that name belongs to the other.
   *
   * @default false
   */
  readonly isNameTaken?: boolean;
  /** The preview in the apps repo before this change; null if there is none. */
  readonly live: LivePreview | null;
  /** Whether its end becomes earlier, since its images no longer meet the platform's demands. @default false */
  readonly endsEarly?: boolean;
  /** Identifies the loss of evidence, whenever it is seen; empty if nothing is lost. @default - not evaluated */
  readonly loss?: string;
  /** Line of a setting below `spec` in preview.yaml: `env`, `apps.api.port`. @default - not known */
  readonly lineOf?: (field: string) => number | null;
  /** Objects that are created or changed. @default - none */
  readonly objects?: readonly ObjectChange[];
  /** What was in the apps repo at planning time. @default - it is planned again for each commit */
  readonly found?: FoundPreview;
}

/**
 * Compares a pull request's current state with the apps repo at one commit. Only reads.
 *
 * An invalid file or a denied preview leaves an earlier preview as it is. A preview is removed only if it is certain
 * that the pull request should have none (closed, no file, expired, not eligible).
 */
export async function planPreview(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  ahead?: EarlierPlans,
): Promise<PreviewPlan> {
  const identity = identityOf(pull);
  const derived = derivedName(pull, base);
  const refusal = refusalOf(pull, base.platform, base.registrations) ?? stopOf(pull);
  // With limits all records are read anyway.
  const findsAmongAll = refusal === null && hasLimits(base.platform);
  const found = await findExisting(context.repo, base, identity, derived, findsAmongAll);
  const { existing, nameTakenBy } = found;
  const plan = planner(context.forge, pull, existing, existing?.name ?? derived, nameTakenBy !== null, base);
  const made = await planHead(context, base, pull, { existing, nameTakenBy, derived, refusal, plan }, ahead);
  const held = await heldToEvidence(context, base, made, existing, async (record) => {
    const at = { ...pull, head: { ...pull.head, sha: record.headSha } };
    const text = await context.forge.readFile(at.repository, at.head.sha, PREVIEW_FILE);
    if (text === null) return null;
    const compiled = await compileHead(context, base, at, existing, loadPreview(text, PREVIEW_FILE));
    return 'status' in compiled ? null : compiled;
  });
  return { ...made, ...held, found };
}

/** Facts about a pull request before its files are read. */
interface Known extends FoundPreview {
  readonly derived: string;
  readonly refusal: ReturnType<typeof refusalOf>;
  readonly plan: ReturnType<typeof planner>;
}

async function planHead(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  { existing, nameTakenBy, derived, refusal, plan }: Known,
  ahead: EarlierPlans | undefined,
): Promise<PreviewPlan> {
  if (refusal !== null) return plan.remove({ state: 'none', ...refusal, removed: plan.live });
  const trouble = base.registrations?.troubleWith(pull.repository) ?? null;
  if (trouble !== null) {
    const message = `its registration cannot be read: ${trouble}`;
    return plan.keep({
      state: 'problem',
      where: 'settings',
      cause: { code: 'invalid-input', message },
      live: plan.live,
    });
  }
  let compiled: CompiledPreview;
  let lineOf: (field: string) => number | null;
  try {
    const text = await context.forge.readFile(pull.repository, pull.head.sha, PREVIEW_FILE);
    if (text === null) {
      const misnamed = await misnamedFile(context.forge, pull);
      return plan.remove({ state: 'no-file', removed: plan.live, ...(misnamed !== null && { misnamed }) });
    }
    const preview = loadPreview(text, PREVIEW_FILE);
    lineOf = linesOf(preview);
    if (preview.value.spec.paths !== undefined) {
      const changed = await context.forge.changedFiles(pull);
      if (changed.status === 'unknown') return plan.keep({ state: 'unknown', reason: changed.reason });
      const untouched = refusalByPaths(preview.value.spec, changed.value);
      if (untouched !== null) return plan.remove({ state: 'none', ...untouched, removed: plan.live });
    }
    const outcome = await compileHead(context, base, pull, existing, preview);
    if ('status' in outcome) {
      const state = stateWithoutImage(outcome, preview, plan.live);
      return plan.keep(state.state === 'waiting' ? { ...state, build: await buildOf(context, base, pull) } : state);
    }
    compiled = outcome;
  } catch (error) {
    if (!(error instanceof GreenroomError)) throw error;
    if (error.isPlatforms) {
      const { code, message } = error;
      return plan.keep({ state: 'problem', where: 'settings', cause: { code, message }, live: plan.live });
    }
    if (error.code === 'unreachable')
      return plan.keep({ state: 'unknown', reason: error.message, isPassing: error.until === undefined });
    if (error.code !== 'invalid-input') throw error;
    return plan.keep({ state: 'invalid', problems: error.problems, live: plan.live });
  }
  if (compiled.expires <= base.now) {
    const doubt = clockDoubt(context.forge);
    if (doubt !== null) return plan.keep({ state: 'unknown', reason: doubt });
    const sentence = 'Its time is up; a new push starts it again.';
    const over: PreviewState = { state: 'none', reason: 'expired', sentence, removed: plan.live };
    // Clocks differ: it is no longer reported as ready, and is removed a little later.
    return isExpired(compiled.expires, base.now) ? plan.remove(over) : plan.keep(over);
  }
  if (compiled.denied) {
    return plan.keep({ state: 'denied', findings: compiled.findings, live: plan.live });
  }
  const wait = existing === null ? await waitingFor(base, pull, compiled, ahead) : null;
  if (wait !== null) return plan.keep({ state: 'queued', ...wait, live: plan.live });
  if (nameTakenBy !== null) {
    const wait = waitForName(derived, nameTakenBy, base.platform.policies.contact);
    return plan.keep({ state: 'queued', ...wait, live: plan.live });
  }
  const note = await budgetNote(base, pull, compiled);
  return { ...plan.write(note === null ? compiled : { ...compiled, notes: [...compiled.notes, note] }), lineOf };
}

/** Line numbers of the settings in the file itself. */
function linesOf({ positions }: Loaded<Preview>): (field: string) => number | null {
  return (field) => {
    const path = ['spec', ...field.split('.')];
    return positions.has(path) ? (positions.ofKey(path).line ?? null) : null;
  };
}

/** Compiles the head of a pull request; returns the image state instead if the images are not available. */
async function compileHead(
  context: SyncContext,
  base: Base,
  pull: PullRequest,
  existing: Existing | null,
  preview: Loaded<Preview>,
): Promise<CompiledPreview | Exclude<ImageState, { status: 'go' }>> {
  const manifests = await readManifestsOf(context, pull, preview);
  const sources = {
    preview,
    manifests,
    record: existing?.record ?? null,
    running: existing?.now.files ?? new Map(),
    specDigest: specDigestOf(preview),
  };
  const image = await imageState(context, base, pull, sources);
  if (image.status !== 'go') return image;
  const input = {
    preview,
    manifests,
    identity: identityOf(pull),
    ...(existing === null ? {} : { name: existing.name }),
    headSha: pull.head.sha,
    author: pull.author,
    fromFork: isFork(pull),
    registration: base.registrations?.of(pull.repository) ?? null,
    pullRequestUrl: context.forge.pages?.pullRequest({ path: pull.repository.path, number: pull.number }) ?? null,
    labels: pull.labels,
    digests: image.digests,
    evidence: image.evidence,
    times: timesOf(pull),
  };
  return base.turns.run(() => base.compile(input));
}

/** @internal */
export function identityOf({ repository, number }: PullRequest): Identity {
  const { owner, name } = namesOf(repository);
  return { repositoryId: repository.id, owner, repository: name, number };
}

/** Name for a new preview of the pull request. A running preview keeps its own name. */
export function derivedName(pull: PullRequest, { platform }: Base): string {
  return previewName(identityOf(pull), platform.sources[0]!.owner).name;
}

async function readManifestsOf(
  { forge }: SyncContext,
  pull: PullRequest,
  { value }: Loaded<Preview>,
): Promise<FileSet | null> {
  const folder = value.spec.manifests;
  return folder === undefined ? null : forge.readFolder(pull.repository, pull.head.sha, folder);
}

/** The state to report if an image is not available. */
function stateWithoutImage(
  image: Exclude<ImageState, { status: 'go' }>,
  preview: Loaded<Preview>,
  live: LivePreview | null,
): Exclude<PreviewState, { state: 'committed' }> {
  switch (image.status) {
    case 'waiting':
      return { state: 'waiting', image: image.image, ...(image.note === undefined ? {} : { note: image.note }), live };
    case 'absent': {
      const path = imagePath(preview, image.image);
      const place = { ...preview.positions.of(path), field: path.join('.') };
      return {
        state: 'invalid',
        problems: [{ ...place, message: `${image.image} is not there: ${image.reason}` }],
        live,
      };
    }
    case 'unknown':
      return { state: 'unknown', reason: image.reason, isPassing: true, told: { where: 'registry', live } };
  }
}

/** Status of the image's build, from the forge. @internal */
export async function buildOf(
  { forge }: SyncContext,
  { now, platform }: Base,
  pull: PullRequest,
): Promise<BuildStatus> {
  const lookup = await forge.builds(pull);
  const builds = lookup.status === 'found' ? lookup.value : null;
  const { policies, status } = platform;
  return buildStatus({ builds, now, changedAt: pull.updatedAt, contact: policies.contact, names: status.builds });
}

/** Path of an image in the file; the first app's if the image is from a manifest. */
function imagePath({ value }: Loaded<Preview>, image: string): readonly string[] {
  const apps = appsOf(value);
  const found = apps.find(({ spec }) => image === spec.image || image.startsWith(`${spec.image}:`)) ?? apps[0];
  return [...found.at, 'image'];
}

function planner(
  forge: SyncContext['forge'],
  pull: PullRequest,
  existing: Existing | null,
  name: string,
  isNameTaken: boolean,
  base: Base,
) {
  const live = existing?.record ? livePreview(existing.record) : null;
  const nothing = { change: new Map(), effect: 'none', record: null, displaced: null } as const;
  const none = { pull, name, isNameTaken, live, ...nothing };
  const remove = (state: PreviewState): PreviewPlan => {
    if (existing === null) return { ...none, state };
    const change = planChange({ now: existing.now, wanted: new Map(), folders: existing.folders });
    return { ...none, state, change, effect: 'remove', displaced: displacement(forge, base, pull, existing, state) };
  };
  return {
    live,
    remove,
    keep(state: Exclude<PreviewState, { state: 'committed' }>): PreviewPlan {
      if (live !== null && isOver(forge, endOf(live, base), base))
        return remove({ ...state, live: null } as PreviewState);
      return { ...none, state };
    },
    write({ files, folder, record, findings, evidence, notes }: CompiledPreview): PreviewPlan {
      const now = existing?.now ?? { files: new Map(), irregular: [] };
      const folders = [...new Set([...(existing?.folders ?? []), folder])];
      const change = planChange({ now, wanted: files, folders });
      const shown = { ...(evidence.length > 0 && { evidence }), ...(notes.length > 0 && { notes }) };
      const state: PreviewState = { state: 'committed', preview: livePreview(record), findings, ...shown };
      const effect = change.size === 0 ? 'none' : existing === null ? 'create' : 'update';
      const displaced = existing === null ? null : displacement(forge, base, pull, existing, record);
      return { ...none, state, change, effect, record, displaced, objects: objectChanges(now.files, change) };
    },
  };
}

/** A sentence if changed platform settings, by the digest in the record, cause a move or a removal; else null. */
function displacement(
  forge: SyncContext['forge'],
  base: Base,
  pull: PullRequest,
  { record }: Existing,
  outcome: PreviewState | PreviewRecord,
): string | null {
  if (!record?.placement || record.placement === placementDigest(base.platform)) return null;
  if ('cluster' in outcome) {
    if (outcome.cluster === record.cluster) return null;
    return `moves from the cluster ${record.cluster} to ${outcome.cluster}, where it starts again`;
  }
  const isAsked = pull.state === 'closed' || pull.override?.action === 'stop';
  const isDue = isAsked || outcome.state !== 'none' || isOver(forge, record.expires, base);
  return isDue ? null : `is removed: ${outcome.sentence}`;
}

/** Changed objects, one file each. The record is not one of them. */
function objectChanges(now: FileSet, change: ChangeSet): ObjectChange[] {
  return [...change].flatMap(([path, after]) => {
    const below = path.split('/').slice(4).join('/');
    return below === RECORD_FILE ? [] : [{ path: below, before: now.get(path) ?? null, after }];
  });
}
