import { GreenroomError, invalidInput } from '../../core/errors.ts';
import type { FileSet } from '../../core/fileset.ts';
import { fileSet } from '../../core/fileset.ts';
import { isObjectId, MODE } from '../../core/git/objects.ts';
import { isSafePath } from '../../core/path.ts';
import type { RepositoryRef } from '../../core/repository.ts';
import { fileText } from '../../forge/file-text.ts';
import { MAX_FILE_BYTES, MAX_FOLDER_FILES } from '../../forge/forge.ts';
import { type Commit, type Entry, isFile } from '../git/objects.ts';
import { exactly, TreeReader } from '../git/trees.ts';
import type { GitHubClient } from '../http/client.ts';

/** Reads files of a micro app's repository at given commits. The content is untrusted. */
export class GitHubCommitFiles {
  readonly #trees: TreeReader;
  readonly #description: string;

  constructor(client: GitHubClient, repository: RepositoryRef) {
    this.#trees = new TreeReader(client, repository, 1);
    this.#description = `${repository.path} on ${client.description}`;
  }

  async readFile(sha: string, path: string): Promise<string | null> {
    const { found } = await this.#find(sha, path, true);
    const entry = found.get(path);
    if ([...found.keys()].some((other) => other.startsWith(`${path}/`))) {
      throw invalidInput([{ file: path, message: 'must be a file; found a folder' }]);
    }
    if (entry === undefined) return null;
    if (!isFile(entry)) throw invalidInput([{ file: path, message: `must be a file; found ${kind(entry)}` }]);
    return (await this.#texts([[path, entry]]))[0]![1];
  }

  async readFolder(sha: string, path: string): Promise<FileSet | null> {
    const { found } = await this.#find(sha, path, false);
    const entry = found.get(path);
    if (entry !== undefined) {
      throw invalidInput([{ file: path, message: `must be a folder; found ${kind(entry)}` }]);
    }
    const inside = [...found].filter(([other]) => other.startsWith(`${path}/`));
    if (inside.length === 0) return null;
    if (inside.length > MAX_FOLDER_FILES) {
      throw invalidInput([{ file: path, message: `contains more than ${MAX_FOLDER_FILES} files` }]);
    }
    for (const [file, { mode }] of inside) {
      if (!isSafePath(file)) throw invalidInput([{ file: path, message: 'contains a file with an unprintable name' }]);
      if (!isFile({ mode, oid: '' })) {
        throw invalidInput([{ file, message: `must be a file; found ${kind({ mode, oid: '' })}` }]);
      }
    }
    return fileSet(await this.#texts(inside));
  }

  /** Entries at a path, below it and above it. A link on the way is refused, not followed. */
  async #find(sha: string, path: string, texts: boolean): Promise<{ commit: Commit; found: Map<string, Entry> }> {
    if (!isSafePath(path)) throw invalidInput([{ message: `${JSON.stringify(path)} is not a path in a repository` }]);
    if (!isObjectId(sha)) throw invalidInput([{ message: `${JSON.stringify(sha)} is not a full commit id` }]);
    const parts = path.split('/');
    const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
    const globs = [exactly(path), ...above.map((parent) => exactly(parent)), exactly(path, true)];
    const wanted = texts ? [exactly(path)] : [exactly(path, true)];
    const { commit } = await this.#trees.open({ commit: sha }, wanted, texts);
    if (commit === null) throw new GreenroomError('unreachable', `${this.#description} has no commit ${sha}`);
    const found = await this.#trees.find(commit, globs, false);
    for (const parent of above) {
      const entry = found.get(parent);
      if (entry !== undefined && !isFile(entry)) {
        throw invalidInput([{ file: parent, message: `must be a folder; found ${kind(entry)}` }]);
      }
    }
    return { commit, found };
  }

  async #texts(files: readonly (readonly [path: string, entry: Entry])[]): Promise<[string, string][]> {
    const contents = await this.#trees.contents(
      files.map(([, { oid }]) => oid),
      MAX_FILE_BYTES,
    );
    return files.map(([path, { oid }]) => {
      const content = contents.get(oid);
      if (!content) throw invalidInput([{ file: path, message: `must be at most ${MAX_FILE_BYTES} bytes` }]);
      return [path, fileText(path, content)];
    });
  }
}

function kind({ mode }: Entry): string {
  if (mode === MODE.symlink) return 'a symbolic link';
  return mode === MODE.submodule ? 'a submodule' : 'a file';
}
