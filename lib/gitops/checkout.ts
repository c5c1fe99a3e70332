import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { invalidInput } from '../core/errors.ts';
import { isFileMode } from '../core/git/objects.ts';
import { type GitOptions, git, tryGit } from '../core/git/process.ts';
import type { AppsRepo } from './apps-repo.ts';
import { openGitAppsRepo } from './open.ts';

/** A path at a commit. */
export interface CommittedFile {
  readonly oid: string;
  /** False for symbolic links and submodules. */
  readonly regular: boolean;
  /** Whether the file is executable. */
  readonly executable: boolean;
}

/** A repository on this machine, read only at commits: uncommitted files and the checked-out branch do not matter. */
export interface Checkout {
  /** For reading at commits only. */
  readonly repo: AppsRepo;
  /**
   * The id of a commit, given by any name that git understands.
   *
   * @throws GreenroomError `invalid-input` if there is no such commit
   */
  commit(name: string): Promise<string>;
  /** The merge base of two commits; `invalid-input` if there is none, e.g. in a shallow clone. */
  fork(a: string, b: string): Promise<string>;
  /** Every path at a commit. */
  list(commit: string): Promise<ReadonlyMap<string, CommittedFile>>;
  close(): Promise<void>;
}

/** @throws GreenroomError `invalid-input` if the folder is not a repository */
export async function openCheckout(path: string, env: NodeJS.ProcessEnv): Promise<Checkout> {
  const folder = resolve(path);
  const gitDir = existsSync(join(folder, '.git')) ? join(folder, '.git') : folder;
  const options: GitOptions = { gitDir, env };
  const repo = await openGitAppsRepo(path, { clock: () => 0, env, readOnly: true });
  const ask = async (args: readonly string[], problem: string) => {
    const { code, stdout } = await tryGit(options, args);
    if (code !== 0) throw invalidInput([{ message: problem }]);
    return stdout.trim();
  };
  return {
    repo,
    // `--end-of-options`: a name may begin with a dash.
    commit: (name) =>
      ask(
        ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
        `${path} has no commit ${name}`,
      ),
    fork: (a, b) => ask(['merge-base', a, b], `${path} does not contain the common history of ${a} and ${b}`),
    async list(commit) {
      const text = await git(options, ['ls-tree', '-r', '-z', '--full-tree', commit], { doing: `listing ${path}` });
      return new Map(text.split('\0').filter(Boolean).map(entry));
    },
    close: () => repo.close(),
  };
}

/** `100644 blob <oid>\t<path>` */
function entry(line: string): [string, CommittedFile] {
  const tab = line.indexOf('\t');
  const [mode = '', , oid = ''] = line.slice(0, tab).split(' ');
  return [line.slice(tab + 1), { oid, regular: isFileMode(mode), executable: mode === '100755' }];
}
