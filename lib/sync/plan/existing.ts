import type { AppsRepo, RepoState } from '../../gitops/apps-repo.ts';
import type { Identity } from '../../model/identity.ts';
import { RECORD_FILE, repoOfName } from '../../model/layout.ts';
import { type PreviewRecord, parseRecord } from '../../model/record.ts';
import { dayAndTime } from '../../report/text.ts';
import { type Base, readRecords } from './base.ts';
import type { Wait } from './slots.ts';

/** What the apps repo holds of one pull request: usually one folder, two after an interrupted move between clusters. */
export interface Existing {
  /** Name under which the preview runs; it keeps it when its repository is renamed. */
  readonly name: string;
  readonly folders: readonly string[];
  readonly now: Pick<RepoState, 'files' | 'irregular'>;
  /** Null when the record is out of shape: it will be written anew. */
  readonly record: PreviewRecord | null;
}

/** What lies in the apps repo where a pull request's preview is, or would be. */
export interface Found {
  /** Null when it has none. */
  readonly existing: Existing | null;
  /** The preview of another repository that has the name which a new preview of this pull request would get. */
  readonly nameTakenBy: PreviewRecord | null;
}

/**
 * Finds a preview by its whole identity: first where its present name would lie, in any cluster, then, for a repository
 * that was renamed since, among the previews of the same number.
 *
 * @param amongAll all records are going to be read anyway: those of the same number need no question of their own
 */
export async function findExisting(
  repo: AppsRepo,
  base: Base,
  identity: Identity,
  name: string,
  amongAll = false,
): Promise<Found> {
  const { head } = base;
  const here = await readFolders(repo, head, `previews/*/${repoOfName(name)}/${name}`);
  const stranger = here.records.find((record) => record !== null && !belongsTo(record, identity)) ?? null;
  if (here.folders.length > 0 && stranger === null) {
    const record = here.records.find((r) => r !== null) ?? null;
    return { existing: { name, folders: here.folders, now: here.now, record }, nameTakenBy: null };
  }
  const numbered = `previews/*/*/*-${identity.number}/${RECORD_FILE}`;
  const others = amongAll ? await base.records() : await readRecords(repo, [numbered], head);
  for (const { folder, record } of others) {
    if (record === null || !belongsTo(record, identity)) continue;
    const found = await readFolders(repo, head, folder);
    return { existing: { name: record.name, folders: found.folders, now: found.now, record }, nameTakenBy: null };
  }
  return { existing: null, nameTakenBy: stranger };
}

function belongsTo(record: PreviewRecord, identity: Identity): boolean {
  return record.identity.repositoryId === identity.repositoryId && record.identity.number === identity.number;
}

/** Why a preview cannot be started yet: the one of a repository that had this name before has its own. */
export function waitForName(name: string, { identity, expires }: PreviewRecord, contact: string): Wait {
  const sentence =
    `The name ${name} is still taken by the preview of an earlier repository called ${identity.repository}; yours starts ` +
    `by itself when that one ends, ${dayAndTime(expires)} at the latest. To end it now, ask ${contact} to remove the ` +
    `folder ${name} from the apps repo.`;
  return { reason: 'name', sentence };
}

async function readFolders(repo: AppsRepo, head: string | null, glob: string) {
  const now = await repo.read([`${glob}/**`], head);
  const depth = glob.split('/').length;
  const paths = [...now.files.keys(), ...now.irregular];
  const folders = [...new Set(paths.map((path) => path.split('/').slice(0, depth).join('/')))];
  const records = folders.map((folder) => parseRecord(now.files.get(`${folder}/${RECORD_FILE}`) ?? ''));
  return { now, folders, records };
}
