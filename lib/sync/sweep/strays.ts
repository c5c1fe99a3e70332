import { GreenroomError } from '../../core/errors.ts';
import { type PullRequestRef, pullRequestText } from '../../core/repository.ts';
import type { PullRequest } from '../../forge/forge.ts';
import type { AppsRepo } from '../../gitops/apps-repo.ts';
import { literalGlob } from '../../gitops/glob.ts';
import { PREVIEW_PREFIX, PULL_REQUEST_LABEL, REPOSITORY_ANNOTATION, REPOSITORY_ID_LABEL } from '../../model/labels.ts';
import { previewFolder, repoOfName } from '../../model/layout.ts';
import type { PreviewRecord } from '../../model/record.ts';
import type { Base, StoredRecord, SyncContext } from '../plan/base.ts';
import { derivedName } from '../plan/plan-preview.ts';

/** A folder below `previews/` that greenroom did not write, or a broken one without an open pull request. */
export interface Stray {
  readonly stored: StoredRecord;
  /** Why it is a stray: continues a sentence that begins with the folder. */
  readonly why: string;
}

/** The open pull requests that the forge listed. */
export interface OpenPulls {
  /** By {@link keyOf}. */
  readonly open: ReadonlyMap<string, PullRequest>;
  /** Whether all lists are complete. */
  readonly isWhole: boolean;
}

export interface Strays {
  readonly strays: readonly Stray[];
  /** Pull requests found by the fence of a broken preview: they are handled as if its record named them. */
  readonly pulls: readonly PullRequest[];
  /** What only a person can decide, one sentence each. */
  readonly alarms: string[];
}

/**
 * Finds folders that greenroom did not write: a record in the wrong folder, a second preview of one pull request, or a
 * broken preview.json that no sync will write again. A single one can stop the ApplicationSets for all previews, so
 * they are removed now and not at their expiry.
 */
export async function findStrays(
  context: SyncContext,
  base: Base,
  records: readonly StoredRecord[],
  lists: OpenPulls,
): Promise<Strays> {
  const found = { strays: [] as Stray[], pulls: [] as PullRequest[], alarms: [] as string[] };
  const names = new Set([...lists.open.values()].map((pull) => derivedName(pull, base)));
  const rest: StoredRecord[] = [];
  for (const stored of records) {
    const { record, folder } = stored;
    const why = record === null ? null : misplaced(folder, record);
    if (why !== null) found.strays.push({ stored, why });
    else if (record !== null) rest.push(stored);
    // If an open pull request has this name, its sync writes the record again.
    else if (!names.has(nameOf(folder)) || !isBelowOwnRepository(folder)) {
      const { pull, stray, alarm } = await judgeBroken(context, base, stored, lists.isWhole);
      if (pull) found.pulls.push(pull);
      if (stray) found.strays.push(stray);
      if (alarm) found.alarms.push(alarm);
    }
  }
  for (const copies of byPullRequest(rest)) {
    const { strays, alarm } = judgeCopies(base, copies, lists.open);
    found.strays.push(...strays);
    if (alarm) found.alarms.push(alarm);
  }
  return found;
}

/** Key of a pull request that stays the same when its repository is renamed or moved. */
export const pullKey = (repositoryId: number, number: number) => `${repositoryId}#${number}`;

const nameOf = (folder: string) => folder.split('/').at(-1)!;

/** Records of one pull request under several names. The same name in two clusters is only an interrupted move. */
function byPullRequest(records: readonly StoredRecord[]): StoredRecord[][] {
  const groups = new Map<string, StoredRecord[]>();
  for (const stored of records) {
    if (stored.record === null) continue;
    const { repositoryId, number } = stored.record.identity;
    const key = pullKey(repositoryId, number);
    groups.set(key, [...(groups.get(key) ?? []), stored]);
  }
  return [...groups.values()].filter((group) => new Set(group.map(({ record }) => record!.name)).size > 1);
}

/** Why a record is in the wrong folder; null if the folder is right. */
function misplaced(folder: string, { name, cluster, identity }: PreviewRecord): string | null {
  if (!name.startsWith(PREVIEW_PREFIX) || !name.endsWith(`-${identity.number}`)) {
    return `names its preview ${name}, which is not a name for pull request ${identity.number}`;
  }
  const right = previewFolder(cluster, repoOfName(name), name);
  return folder === right ? null : `contains the record of ${name}, which belongs in ${right}`;
}

/** Decides about a folder with a broken record: it belongs to a pull request, is removed, or is reported. */
async function judgeBroken(
  context: SyncContext,
  base: Base,
  stored: StoredRecord,
  isWhole: boolean,
): Promise<{ readonly pull?: PullRequest; readonly stray?: Stray; readonly alarm?: string }> {
  const { folder } = stored;
  const claim = await claimOf(context.repo, folder, base.head);
  const lookup =
    claim && (await context.forge.pullRequestById(claim.repositoryId, claim.number, claim).catch(noAnswer));
  if (
    lookup?.status === 'found' &&
    derivedName(lookup.value, base) === nameOf(folder) &&
    isBelowOwnRepository(folder)
  ) {
    return { pull: lookup.value };
  }
  const broken = 'has an invalid preview.json';
  if (isWhole) return { stray: { stored, why: `${broken}, and no open pull request has that name` } };
  const why = claim === null ? 'its fence names no pull request' : `nothing is known about ${pullRequestText(claim)}`;
  return { alarm: `${folder} ${broken}, which stops every preview of its cluster, and ${why}.` };
}

/** Decides which of several previews of one pull request is the right one. */
function judgeCopies(
  base: Base,
  copies: readonly StoredRecord[],
  open: OpenPulls['open'],
): { readonly strays: readonly Stray[]; readonly alarm?: string } {
  const { repositoryId, number } = copies[0]!.record!.identity;
  const pull = open.get(pullKey(repositoryId, number));
  const own = pull && derivedName(pull, base);
  const others = copies.filter(({ record }) => record!.name !== own);
  if (others.length < copies.length) {
    return { strays: others.map((stored) => ({ stored, why: `is a second preview of the pull request of ${own}` })) };
  }
  const all = copies.map(({ folder }) => folder).join(' and ');
  return { strays: [], alarm: `${all} are previews of one pull request: remove what greenroom did not write.` };
}

const isBelowOwnRepository = (folder: string) => folder.split('/')[2] === repoOfName(nameOf(folder));

interface Claim extends PullRequestRef {
  readonly repositoryId: number;
}

/**
 * The pull request of a folder with a broken record, from the labels of its fence. They are read line by line, as
 * greenroom writes them, and then checked with the forge.
 */
async function claimOf(repo: AppsRepo, folder: string, head: string | null): Promise<Claim | null> {
  const { files } = await repo.read([`${literalGlob(folder)}/fence/namespace.*.yaml`], head);
  const [text = ''] = files.values();
  const value = (key: string, pattern: string) =>
    new RegExp(`^ {4}${key.replaceAll('.', '\\.')}: "?(${pattern})"?$`, 'm').exec(text)?.[1];
  const repositoryId = value(REPOSITORY_ID_LABEL, '[1-9]\\d{0,14}');
  const number = value(PULL_REQUEST_LABEL, '[1-9]\\d{0,9}');
  const path = value(REPOSITORY_ANNOTATION, '[\\w.-]+(?:/[\\w.-]+)+');
  if (repositoryId === undefined || number === undefined || path === undefined) return null;
  return { repositoryId: Number(repositoryId), number: Number(number), path };
}

function noAnswer(error: unknown): null {
  if (error instanceof GreenroomError) return null;
  throw error;
}
