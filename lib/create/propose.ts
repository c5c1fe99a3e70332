import { invalidInput } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { encodeObject, OBJECT_FORMATS } from '../core/git/objects.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { WorkPull, WorkRepository, Workshop } from '../forge/workshop.ts';

export interface ProposeRequest {
  readonly branch: string;
  readonly files: FileSet;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** @default - none */
  readonly labels?: readonly string[];
}

/** `there`: the repository already has all the files. */
export type ProposedWork =
  | { readonly outcome: 'there' }
  | { readonly outcome: 'opened' | 'found'; readonly pull: WorkPull };

/**
 * Opens a pull request with these files. Each step is skipped if it is already done, so that the next run continues an
 * interrupted one, and a finished one stays as it is.
 *
 * @throws GreenroomError `invalid-input` if there are other files or a branch with these names; then nothing is written
 */
export async function propose(
  workshop: Workshop,
  repository: WorkRepository,
  request: ProposeRequest,
): Promise<ProposedWork> {
  const base = await idsAt(workshop, repository, repository.head);
  const files = wantedFiles(base, request);
  const differing = differingPaths(base, files);
  if (differing.length === 0) return { outcome: 'there' };
  const taken = differing.filter((path) => base.has(path) && path !== README);
  if (taken.length > 0) throw takenFiles(repository, taken);
  const { branch, title, body, labels = [] } = request;
  const head = await workshop.head(repository, branch);
  if (head === null) {
    await workshop.createBranch(repository, { branch, parent: repository.head, change: files, message: `${title}\n` });
  } else await checkBranch(workshop, repository, { head, branch, files });
  const known = head === null ? null : await workshop.pullOf(repository, branch);
  const isOpen = known?.state === 'open';
  const pull = isOpen ? known : await workshop.openPull(repository, { branch, base: repository.branch, title, body });
  if (labels.length > 0) await workshop.label(repository, pull.number, labels);
  return { outcome: isOpen ? 'found' : 'opened', pull };
}

/** Makes the same checks as {@link propose}, but writes nothing. */
export async function wouldPropose(
  workshop: Workshop,
  repository: WorkRepository,
  request: ProposeRequest,
): Promise<void> {
  const base = await idsAt(workshop, repository, repository.head);
  const files = wantedFiles(base, request);
  const taken = differingPaths(base, files).filter((path) => base.has(path) && path !== README);
  if (taken.length > 0) throw takenFiles(repository, taken);
  const head = await workshop.head(repository, request.branch);
  if (head !== null) await checkBranch(workshop, repository, { head, branch: request.branch, files });
}

const README = 'README.md';

async function idsAt(
  workshop: Workshop,
  repository: RepositoryRef,
  commit: string | null,
): Promise<ReadonlyMap<string, string>> {
  if (commit === null) return new Map();
  return new Map([...(await workshop.entries(repository, commit))].map(([path, { id }]) => [path, id]));
}

/** A repository's own README stays, unless it is the only file: then the forge has created it. */
function wantedFiles(base: ReadonlyMap<string, string>, { files }: ProposeRequest): FileSet {
  return base.size > 1 ? new Map([...files].filter(([path]) => path !== README || !base.has(path))) : files;
}

function differingPaths(there: ReadonlyMap<string, string>, files: FileSet): string[] {
  return [...files].filter(([path, text]) => there.get(path) !== blobId(text, there.get(path))).map(([path]) => path);
}

function blobId(text: string, like: string | undefined): string {
  const format = like?.length === 64 ? OBJECT_FORMATS.sha256 : OBJECT_FORMATS.sha1;
  return encodeObject(format, 'blob', Buffer.from(text)).oid;
}

async function checkBranch(
  workshop: Workshop,
  repository: RepositoryRef,
  { head, branch, files }: { readonly head: string; readonly branch: string; readonly files: FileSet },
): Promise<void> {
  const [first] = differingPaths(await idsAt(workshop, repository, head), files);
  if (first === undefined) return;
  const what = `has a branch ${branch} with something else in ${first}`;
  const advice = 'it may be of another run with other answers, or of somebody else: merge, close and delete it first';
  throw invalidInput([{ message: `${repository.path} ${what}; ${advice}` }]);
}

function takenFiles({ path }: RepositoryRef, taken: readonly string[]) {
  const shown = `${taken.slice(0, 5).join(', ')}${taken.length > 5 ? ` and ${taken.length - 5} more` : ''}`;
  const advice =
    'choose another name, or run `greenroom new --preview-only` in a clone of it to add a preview.yaml alone';
  return invalidInput([{ message: `${path} is there and has other files of these names: ${shown}; ${advice}` }]);
}
