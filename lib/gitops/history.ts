import { GreenroomError } from '../core/errors.ts';
import { type GitOptions, tryGit } from '../core/git/process.ts';
import { ObjectReader } from '../core/git/reader.ts';
import { type AuditEntry, LOG_FORMAT, parseLog } from './audit-log.ts';

/** A file that a commit changed. */
export interface ChangedFile {
  readonly path: string;
  /** Text before the commit; null for a new file, and for one that is too large. */
  readonly before: string | null;
  /** Text after the commit; null for a removed file. */
  readonly after: string | null;
}

/** A path that a commit changed. */
export interface ChangedPath {
  readonly path: string;
  /** Whether the file is gone after the commit. */
  readonly isRemoved: boolean;
}

/** Larger files are not read. */
const MAX_BYTES = 256 * 1024;
const CACHE_BYTES = 16 * 1024 * 1024;
/** Git needs a while for a history of thousands of commits. */
const TIMEOUT = 600_000;
const NO_BLOB = /^0+$/;

/** The history of `previews/` in a repository on this machine. */
export class History {
  readonly #options: GitOptions;
  readonly #limit: number;
  readonly #reader: ObjectReader;
  #changes: Promise<ReadonlyMap<string, readonly RawChange[]>> | undefined;

  private constructor(options: GitOptions, dir: string, limit: number) {
    this.#options = options;
    this.#limit = limit;
    this.#reader = new ObjectReader(options, MAX_BYTES, dir, CACHE_BYTES);
  }

  /**
   * @param dir a checkout or a bare repository
   * @param limit how many commits to read, newest first
   * @throws GreenroomError `invalid-input` if the folder is not a repository
   */
  static async open(dir: string, limit: number): Promise<History> {
    const { code, stdout } = await tryGit({}, ['-C', dir, 'rev-parse', '--absolute-git-dir']);
    if (code !== 0) throw new GreenroomError('invalid-input', `${dir}: is not a Git repository`);
    return new History({ gitDir: stdout.replace(/\n$/, '') }, dir, limit);
  }

  /** Newest first. @throws GreenroomError `invalid-input` if there are no commits */
  async entries(): Promise<AuditEntry[]> {
    return parseLog(await this.#log(['-z', `--format=${LOG_FORMAT}`]));
  }

  /** The changes of a commit in the wanted files. */
  async changes(commit: string, isWanted: (path: string) => boolean): Promise<readonly ChangedFile[]> {
    const changes = (await this.#changesOf(commit)).filter(({ path }) => isWanted(path));
    const textOf = async (blob: string) => {
      const object = NO_BLOB.test(blob) ? undefined : await this.#reader.read(blob);
      return object?.content?.toString('utf8') ?? null;
    };
    return Promise.all(
      changes.map(async ({ path, before, after }) => ({
        path,
        before: await textOf(before),
        after: await textOf(after),
      })),
    );
  }

  /** All paths below `previews/` that a commit changed. */
  async paths(commit: string): Promise<readonly ChangedPath[]> {
    return (await this.#changesOf(commit)).map(({ path, after }) => ({ path, isRemoved: NO_BLOB.test(after) }));
  }

  async #changesOf(commit: string): Promise<readonly RawChange[]> {
    this.#changes ??= this.#log(['--raw', '-m', '--no-abbrev', '--no-renames', '--format=commit %H']).then(parseRaw);
    return (await this.#changes).get(commit) ?? [];
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #log(args: readonly string[]): Promise<string> {
    const all = ['log', `--max-count=${this.#limit}`, ...args, '--', 'previews'];
    const { code, stdout, stderr } = await tryGit(this.#options, all, { timeout: TIMEOUT });
    if (code === 0) return stdout;
    throw new GreenroomError('invalid-input', `${this.#options.gitDir}: has no commits`, { cause: stderr });
  }
}

interface RawChange {
  readonly path: string;
  /** Ids of blobs. */
  readonly before: string;
  readonly after: string;
}

/** Parses `git log --raw --no-abbrev --format="commit %H"`. Paths that git quotes are skipped: greenroom writes none. */
function parseRaw(output: string): ReadonlyMap<string, readonly RawChange[]> {
  const commits = new Map<string, RawChange[]>();
  let current: RawChange[] = [];
  for (const line of output.split('\n')) {
    const commit = /^commit ([0-9a-f]+)$/.exec(line)?.[1];
    if (commit !== undefined) {
      current = [];
      // A merge is listed once for each parent; what it brought to the branch is its difference to the first one.
      if (!commits.has(commit)) commits.set(commit, current);
      continue;
    }
    const [, before, after, path] = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) [A-Z]\t(.*)$/.exec(line) ?? [];
    if (before !== undefined && after !== undefined && path !== undefined) current.push({ path, before, after });
  }
  return commits;
}
