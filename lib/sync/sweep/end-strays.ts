import { GreenroomError } from '../../core/errors.ts';
import { type ApplyOptions, apply, type Planned } from '../../gitops/apply.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { literalGlob } from '../../gitops/glob.ts';
import { commitMessage, type PreviewTrailers } from '../../gitops/message.ts';
import { planChange } from '../../gitops/plan.ts';
import { RECORD_FILE } from '../../model/layout.ts';
import { STRAYS_PROPOSAL } from '../../model/proposal.ts';
import { recordedPullRequest } from '../../model/record.ts';
import { code, count, sentence } from '../../report/text.ts';
import type { Base, StoredRecord, SyncContext } from '../plan/base.ts';
import { raceOptions } from '../race.ts';
import { asksForReview, proposeRemoval } from '../review.ts';
import type { SweepRun } from './run.ts';
import type { Stray } from './strays.ts';

/** Result for a folder: removed, removal proposed or declined (with its address), or left as it is. */
export type StrayOutcome = 'removed' | 'left' | { readonly proposed: string } | { readonly declined: string };

/** Removes folders that greenroom did not write, or proposes that if every change is reviewed. */
export async function endStrays(
  run: SweepRun,
  base: Base,
  strays: readonly Stray[],
): Promise<ReadonlyMap<Stray, StrayOutcome>> {
  if (strays.length === 0) return new Map();
  return asksForReview(base) ? proposeRemovalOfStrays(run.context, base, strays) : removeByHalves(run, strays);
}

/** Removes them in one commit. If that is refused, it is halved, so that one that cannot be removed keeps no other. */
async function removeByHalves(run: SweepRun, strays: readonly Stray[]): Promise<ReadonlyMap<Stray, StrayOutcome>> {
  const { context, options, writer, failures } = run;
  try {
    return await writer.alone(() => removeStrays(context, strays, options));
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'failed') throw error;
    const middle = Math.ceil(strays.length / 2);
    if (strays.length > 1) {
      const first = await removeByHalves(run, strays.slice(0, middle));
      return new Map([...first, ...(await removeByHalves(run, strays.slice(middle)))]);
    }
    failures.push({ subject: strays[0]!.stored.folder, error });
    return new Map();
  }
}

/** Removes the folders that have not changed since they were checked. */
async function removeStrays(
  { repo }: SyncContext,
  strays: readonly Stray[],
  options: { readonly apply?: Partial<ApplyOptions> },
): Promise<ReadonlyMap<Stray, StrayOutcome>> {
  const { value } = await apply(repo, () => planRemoval(repo, strays), raceOptions(options.apply));
  return new Map(value.map((stray) => [stray, 'removed']));
}

/** Proposes their removal in one proposal. */
async function proposeRemovalOfStrays(
  context: SyncContext,
  { platform }: Base,
  strays: readonly Stray[],
): Promise<ReadonlyMap<Stray, StrayOutcome>> {
  const title = removalTitle(strays.length);
  const body = [
    'greenroom did not write these folders, or no open pull request stands behind them. One of them can stop Argo CD for every preview.',
    '',
    ...strays.map(({ stored, why }) => `- ${code(stored.folder)} ${sentence(why)}`),
    '',
    'Merging removes them. Where the check asks for it, label this with `greenroom.dev/yes`. Find out who pushed them.',
    '',
  ].join('\n');
  const texts = { name: STRAYS_PROPOSAL, title, body };
  const proposed = await proposeRemoval(context, platform.commit.autoMerge, texts, () =>
    planRemoval(context.repo, strays),
  );
  if (proposed.status === 'none') return new Map();
  const outcome = proposed.status === 'open' ? { proposed: proposed.url } : { declined: proposed.url };
  return new Map(strays.map((stray) => [stray, outcome]));
}

const removalTitle = (folders: number) => `remove ${count(folders, 'folder')} that no pull request stands behind`;

async function planRemoval(repo: AppsRepo, strays: readonly Stray[]): Promise<Planned<readonly Stray[]>> {
  const { head, files, irregular } = await repo.read(strays.map(({ stored }) => `${literalGlob(stored.folder)}/**`));
  const same = strays.filter(({ stored }) => files.get(`${stored.folder}/${RECORD_FILE}`) === stored.text);
  const folders = same.map(({ stored }) => stored.folder);
  const isInside = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`));
  const now = {
    files: new Map([...files].filter(([path]) => isInside(path))),
    irregular: irregular.filter(isInside),
  };
  const message = commitMessage(
    removalTitle(same.length),
    same.flatMap(({ stored }) => trailersOf(stored)),
  );
  return { head, change: planChange({ now, wanted: new Map(), folders }), message, value: same };
}

function trailersOf({ record }: StoredRecord): PreviewTrailers[] {
  return record === null
    ? []
    : [
        {
          preview: record.name,
          pullRequest: recordedPullRequest(record),
          head: record.headSha,
          cause: { what: 'no pull request' },
        },
      ];
}

export function strayAlarm({ stored, why }: Stray, outcome: StrayOutcome): string {
  return `${stored.folder} ${why}. ${done(outcome)}`;
}

function done(outcome: StrayOutcome): string {
  if (outcome === 'removed') return 'It was removed: find out who pushed it.';
  if (outcome === 'left') return 'Remove the folder.';
  return 'proposed' in outcome
    ? `Its removal waits for review at ${outcome.proposed}: merge it, and find out who pushed it.`
    : `Its removal was declined at ${outcome.declined}: remove the folder, or its preview.json.`;
}
