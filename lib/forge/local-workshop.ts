import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, formatTime, systemClock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import { MODE } from '../core/git/objects.ts';
import { git, tryGit } from '../core/git/process.ts';
import type { RepositoryRef } from '../core/repository.ts';
import { writeWholeFile } from '../core/whole-file.ts';
import { namesIn, textOf } from './local-files.ts';
import { parsePull } from './local-pull.ts';
import {
  kindOf,
  type NewBranch,
  type NewPull,
  type WorkEntry,
  type WorkPull,
  type WorkRepository,
  type Workshop,
} from './workshop.ts';

/** The local forge for `greenroom new`. A repository is a bare one at `<path>.git`. */
export class LocalWorkshop implements Workshop {
  readonly #root: string;
  readonly #author: string;
  readonly #clock: Clock;
  readonly #env: NodeJS.ProcessEnv;

  /** @param author login name of the account that opens pull requests */
  constructor(root: string, author: string, env: NodeJS.ProcessEnv, clock: Clock = systemClock) {
    this.#root = root;
    this.#author = author;
    this.#clock = clock;
    this.#env = env;
  }

  async repository(repository: RepositoryRef): Promise<WorkRepository | null> {
    if (!existsSync(this.#gitDir(repository))) return null;
    const { stdout } = await tryGit(this.#git(repository), ['symbolic-ref', '--quiet', '--short', 'HEAD']);
    const branch = stdout.trim() || 'main';
    const id = this.#id(repository, this.#numbers(repository)[0]);
    return { id, path: repository.path, branch, head: await this.head(repository, branch) };
  }

  async createRepository(repository: RepositoryRef, description: string): Promise<void> {
    const gitDir = this.#gitDir(repository);
    mkdirSync(dirname(gitDir), { recursive: true });
    await git({ env: this.#env }, ['init', '--bare', '--quiet', '--template=', '--initial-branch=main', gitDir], {
      doing: `creating ${repository.path}`,
    });
    const readme = new Map([['README.md', `# ${repository.path.split('/').at(-1)}\n${description}\n`]]);
    await this.createBranch(repository, { branch: 'main', parent: null, change: readme, message: 'Initial commit\n' });
  }

  async head(repository: RepositoryRef, branch: string): Promise<string | null> {
    const ref = `refs/heads/${branch}`;
    const { code, stdout } = await tryGit(this.#git(repository), [
      'rev-parse',
      '--verify',
      '--quiet',
      `${ref}^{commit}`,
    ]);
    return code === 0 ? stdout.trim() : null;
  }

  async entries(repository: RepositoryRef, commit: string): Promise<ReadonlyMap<string, WorkEntry>> {
    const text = await git(this.#git(repository), ['ls-tree', '-r', '-z', commit], {
      doing: `reading ${repository.path}`,
    });
    return new Map(
      text.split('\0').flatMap((line): [string, WorkEntry][] => {
        const [mode = '', type, id = ''] = line.split(/[ \t]/, 3);
        return type === 'blob' ? [[line.slice(line.indexOf('\t') + 1), { id, kind: kindOf(mode) }]] : [];
      }),
    );
  }

  async text(repository: RepositoryRef, id: string): Promise<string | null> {
    const { code, stdout } = await tryGit(this.#git(repository), ['cat-file', 'blob', id]);
    return code === 0 && !stdout.includes('\uFFFD') ? stdout : null;
  }

  async createBranch(repository: RepositoryRef, branch: NewBranch): Promise<void> {
    const { parent, change, executable, message } = branch;
    const doing = `writing ${branch.branch} of ${repository.path}`;
    const lines = [
      `commit refs/heads/${branch.branch}`,
      `committer ${this.#author} <${this.#author}@localhost> ${this.#clock()} +0000`,
      ...data(message),
      ...(parent === null ? [] : [`from ${parent}`]),
      ...[...change].flatMap(([path, text]) =>
        text === null
          ? [`D ${quoted(path)}`]
          : [`M ${executable?.has(path) ? MODE.executable : MODE.file} inline ${quoted(path)}`, ...data(text)],
      ),
      '',
    ];
    await git(this.#git(repository), ['fast-import', '--quiet', '--date-format=raw'], {
      doing,
      input: lines.join('\n'),
    });
  }

  async pullOf(repository: RepositoryRef, branch: string): Promise<WorkPull | null> {
    const numbers = this.#numbers(repository).sort((a, b) => b - a);
    for (const number of numbers) {
      const file = this.#pullFile(repository, number);
      const { head, state, merged } = parsePull(file, textOf(file) ?? '', repository, number);
      if (head.ref === branch)
        return { number, url: null, state: state === 'open' ? 'open' : merged ? 'merged' : 'closed' };
    }
    return null;
  }

  async openPull(repository: RepositoryRef, { branch, base, title, body }: NewPull): Promise<WorkPull> {
    const numbers = this.#numbers(repository);
    const number = Math.max(0, ...numbers) + 1;
    const repositoryId = this.#id(repository, numbers[0]);
    const sha = await this.head(repository, branch);
    if (sha === null) throw new GreenroomError('failed', `${repository.path} has no branch ${branch}`);
    const now = formatTime(this.#clock());
    const pull = {
      number,
      repositoryId,
      state: 'open',
      head: { sha, ref: branch, repositoryId },
      base: { ref: base },
      author: this.#author,
      title,
      body,
      createdAt: now,
      updatedAt: now,
    };
    writeWholeFile(this.#pullFile(repository, number), `${JSON.stringify(pull, null, 2)}\n`);
    return { number, url: null, state: 'open' };
  }

  async label(repository: RepositoryRef, number: number, labels: readonly string[]): Promise<void> {
    const file = this.#pullFile(repository, number);
    const pull = JSON.parse(textOf(file) ?? '{}') as { labels?: string[] };
    const wanted = [...new Set([...(pull.labels ?? []), ...labels])];
    writeWholeFile(file, `${JSON.stringify({ ...pull, labels: wanted }, null, 2)}\n`);
  }

  /** The repository's number, as in its first pull request. */
  #id(repository: RepositoryRef, known: number | undefined): number {
    if (known !== undefined) {
      const file = this.#pullFile(repository, known);
      return parsePull(file, textOf(file) ?? '', repository, known).repository.id;
    }
    return createHash('sha256').update(repository.path).digest().readUInt32BE(0) + 1;
  }

  #numbers(repository: RepositoryRef): number[] {
    const names = namesIn(join(this.#root, repository.path, 'pulls')) ?? [];
    return names.flatMap((name) => (/^[1-9]\d*\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
  }

  #pullFile(repository: RepositoryRef, number: number): string {
    return join(this.#root, repository.path, 'pulls', `${number}.json`);
  }

  #gitDir({ path }: RepositoryRef): string {
    return join(this.#root, `${path}.git`);
  }

  #git(repository: RepositoryRef) {
    return { gitDir: this.#gitDir(repository), env: this.#env };
  }
}

function data(text: string): string[] {
  return [`data ${Buffer.byteLength(text)}`, text];
}

function quoted(path: string): string {
  return /^[A-Za-z0-9._/-]+$/.test(path) ? path : JSON.stringify(path);
}
