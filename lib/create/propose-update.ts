import { sha256 } from '../core/digest.ts';
import { invalidInput } from '../core/errors.ts';
import type { WorkEntry, WorkPull, WorkRepository, Workshop } from '../forge/workshop.ts';
import { ANSWERS_FILE } from './record.ts';
import type { Update } from './update.ts';

export interface ProposeUpdate {
  readonly update: Update;
  /** The present files of the repository's branch. */
  readonly entries: ReadonlyMap<string, WorkEntry>;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  readonly labels: readonly string[];
}

/** `declined`: it was closed without a merge, and its branch still exists. */
export interface ProposedUpdate {
  readonly outcome: 'opened' | 'found' | 'declined';
  readonly pull: WorkPull;
}

/** One branch for each version of template and answers, so that a newer version is another pull request. */
function branchOf(recordText: string): string {
  return `greenroom/update-${sha256(recordText).slice(0, 12)}`;
}

/**
 * Opens a pull request with an update. Each step is skipped if it is already done, as in `propose`. Later commits on
 * its branch stay.
 *
 * @throws GreenroomError `invalid-input` if somebody else's branch has that name; then nothing is written
 */
export async function proposeUpdate(
  workshop: Workshop,
  repository: WorkRepository,
  { update, entries, title, body, labels }: ProposeUpdate,
): Promise<ProposedUpdate> {
  const record = update.change.get(ANSWERS_FILE);
  if (typeof record !== 'string') throw new Error('an update without a record');
  const branch = branchOf(record);
  const head = await workshop.head(repository, branch);
  if (head === null) {
    const executable = new Set([...update.change.keys()].filter((path) => entries.get(path)?.kind === 'program'));
    const message = `${title}\n`;
    await workshop.createBranch(repository, {
      ...{ branch, parent: repository.head, change: update.change, executable, message },
    });
  } else await checkOurs(workshop, repository, { branch, head, record });
  const known = head === null ? null : await workshop.pullOf(repository, branch);
  if (known !== null && known.state !== 'open') return { outcome: 'declined', pull: known };
  const pull = known ?? (await workshop.openPull(repository, { branch, base: repository.branch, title, body }));
  if (labels.length > 0) await workshop.label(repository, pull.number, labels);
  return { outcome: known === null ? 'opened' : 'found', pull };
}

async function checkOurs(
  workshop: Workshop,
  repository: WorkRepository,
  { branch, head, record }: { readonly branch: string; readonly head: string; readonly record: string },
): Promise<void> {
  const there = (await workshop.entries(repository, head)).get(ANSWERS_FILE);
  if (there !== undefined && (await workshop.text(repository, there.id)) === record) return;
  const what = `has a branch ${branch} with another ${ANSWERS_FILE}`;
  throw invalidInput([
    { message: `${repository.path} ${what}; it may be of somebody else: rename or delete it first` },
  ]);
}
