import type { AppsRepo, RepoState } from '../../gitops/apps-repo.ts';
import type { Identity } from '../../model/identity.ts';
import { RECORD_FILE, repoOfName } from '../../model/layout.ts';
import { type PreviewRecord, parseRecord } from '../../model/record.ts';
import { dayAndTime } from '../../report/text.ts';
import { type Base, readRecords } from './base.ts';
import type { SlotWait } from './slots.ts';

/** A pull request's preview in the apps repo: usually one folder, two after an interrupted move between clusters. */
export interface Existing {
  /** Name of the running preview; it stays when the repository is renamed. */
  readonly name: string;
  readonly folders: readonly string[];
  readonly now: Pick<RepoState, 'files' | 'irregular'>;
  /** Null if the record is malformed: it will be written again. */
  readonly record: PreviewRecord | null;
}

/** Result of the search for a pull request's preview in the apps repo. */
export interface FoundPreview {
  /** Null if it has none. */
  readonly existing: Existing | null;
  /** Another repository's preview that already has the name for a new preview of this pull request; null if none. */
  readonly nameTakenBy: PreviewRecord | null;
}

/**
 * Finds a preview by its whole identity: first at its present name, in any cluster, then among the previews with the
 * same number, since the repository may have been renamed.
 *
 * @param amongAll whether all records are read anyway, so that those of the same number need no extra request
 */
export async function findExisting(
  repo: AppsRepo,
  base: Base,
  identity: Identity,
  name: string,
  amongAll = false,
): Promise<FoundPreview> {
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

/** Why a preview cannot start yet: an earlier repository of the same name still has a preview with this name. */
export function waitForName(name: string, { identity, expires }: PreviewRecord, contact: string): SlotWait {
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
