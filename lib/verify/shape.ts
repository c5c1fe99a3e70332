import type { Problem } from '../core/errors.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import { RECORD_FILE, repoOfName } from '../model/layout.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { contentsDigest, parseRecord } from '../model/record.ts';
import { exceedsRemovalLimit } from '../model/removal-limit.ts';
import { RECONCILER_FOLDERS } from '../reconcilers/index.ts';
import type { PlannedFile } from '../scaffold/plan.ts';
import { isProtected } from './scaffold.ts';

export interface AppsRepoState {
  readonly platform: PlatformSpec;
  /** The scaffold's plan for the existing files. */
  readonly scaffold: readonly PlannedFile[];
  /** Every path below `previews/`. */
  readonly paths: readonly string[];
  /** Text of every `preview.json` by path. */
  readonly records: FileSet;
  /** Text of every file below `previews/`, to compare with the digests in the records. @default - not compared */
  readonly contents?: FileSet;
  /** Folders of the previews before the change; null if there is nothing to compare with. */
  readonly before: readonly string[] | null;
}

/**
 * Finds what must not reach the branch of an apps repo: files that differ from what greenroom writes, a `preview.json`
 * that would stop the ApplicationSets, and the removal of too many previews. Each problem says what to do.
 */
export function examine(state: AppsRepoState): Problem[] {
  return [
    ...scaffoldProblems(state.scaffold),
    ...previewProblems(state),
    ...contentsProblems(state),
    ...removalProblems(state),
  ];
}

/** Edited files of a preview: a reconciler applies them until the next sweep overwrites them. */
function contentsProblems({ records, contents }: AppsRepoState): Problem[] {
  if (contents === undefined) return [];
  return [...records].flatMap(([file, text]): Problem[] => {
    const folder = file.slice(0, -RECORD_FILE.length - 1);
    const recorded = parseRecord(text)?.contents;
    if (recorded === undefined || recorded === contentsDigest(folder, contents)) return [];
    const message = 'has a file that was edited, added or removed after greenroom wrote it; restore it from Git';
    return [{ file: `${folder}/`, message }];
  });
}

function scaffoldProblems(files: readonly PlannedFile[]): Problem[] {
  return files
    .filter(({ path, action }) => isWrong(path, action))
    .map(({ path, action }) => ({
      file: path,
      message:
        action === 'create'
          ? 'is missing; run `greenroom upgrade .` and commit what it writes'
          : 'differs from what this version of greenroom generates from greenroom.yaml and exceptions/; run `greenroom upgrade .`',
    }));
}

/** The platform team may edit and remove its own files, except that CODEOWNERS must exist. */
function isWrong(path: string, action: PlannedFile['action']): boolean {
  if (action === 'same' || action === 'keep') return false;
  if (isProtected(path)) return true;
  return action === 'create' ? path === '.github/CODEOWNERS' : action !== 'edited';
}

const PREVIEW_PATH = new RegExp(
  `^previews/([^/]+)/([^/]+)/([^/]+)/(?:preview\\.json|(?:${['fence', 'app', ...RECONCILER_FOLDERS].join('|')})/[a-z0-9][a-z0-9.-]*\\.yaml)$`,
);

function previewProblems({ platform, paths, records }: AppsRepoState): Problem[] {
  const problems: Problem[] = [];
  const clusters = new Set(platform.clusters.map(({ name }) => name));
  const folders = new Set<string>();
  for (const path of paths) {
    const match = PREVIEW_PATH.exec(path);
    if (match === null) problems.push({ file: path, message: 'is an unexpected file; remove it' });
    else if (!clusters.has(match[1]!))
      problems.push({
        file: path,
        message: `there is no cluster ${match[1]}; remove it from greenroom.yaml only when its folder is empty`,
      });
    else folders.add(match.slice(1, 4).join('/'));
  }
  for (const folder of [...folders].sort(compareStrings)) {
    const file = `previews/${folder}/${RECORD_FILE}`;
    if (!records.has(file)) problems.push({ file, message: 'is missing; remove the folder, the next sweep writes it' });
  }
  return [...problems, ...recordProblems(records)];
}

function recordProblems(records: FileSet): Problem[] {
  const problems: Problem[] = [];
  const taken = new Map<string, string>();
  for (const [file, text] of records) {
    const [, cluster, repo, name] = file.split('/');
    const record = parseRecord(text);
    if (record === null) {
      problems.push({ file, message: 'is malformed, and one such file stops all previews; restore it from Git' });
      continue;
    }
    if (record.name !== name || record.cluster !== cluster || repoOfName(record.name) !== repo) {
      const belongs = `previews/${record.cluster}/${repoOfName(record.name)}/${record.name}`;
      problems.push({ file, message: `belongs in ${belongs}` });
    }
    const identity = `${record.identity.repositoryId}#${record.identity.number}`;
    for (const [what, key] of [
      ['name', record.name],
      ['pull request', identity],
    ] as const) {
      const first = taken.get(`${what} ${key}`);
      if (first !== undefined) problems.push({ file, message: `has the same ${what} as ${first}` });
      else taken.set(`${what} ${key}`, file);
    }
  }
  return problems;
}

function removalProblems({ platform, records, before }: AppsRepoState): Problem[] {
  if (before === null) return [];
  const now = new Set([...records.keys()].map((path) => path.slice(0, -RECORD_FILE.length - 1)));
  const removed = before.filter((folder) => !now.has(folder)).length;
  const share = platform.sweep.maxRemovalShare;
  if (!exceedsRemovalLimit(removed, before.length, share)) return [];
  return [
    {
      file: 'previews/',
      message: `${removed} of ${before.length} previews would be removed or moved; more than ${share * 100} % at once needs a person: raise sweep.maxRemovalShare in a separate change`,
    },
  ];
}
