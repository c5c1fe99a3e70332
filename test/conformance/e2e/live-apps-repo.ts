import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChangeSet } from '../../../lib/core/fileset.ts';
import { run } from '../run.ts';

const AUTHOR = {
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/**
 * A bare repository that Argo CD reads and greenroom writes, and a clone of it: a platform team's working copy, and the
 * way past greenroom for an intruder.
 */
export class LiveAppsRepo {
  /** The bare repository. */
  readonly bare: string;
  /** Folder of the clone. */
  readonly clone: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.bare = join(folder, 'previews.git');
    this.clone = join(folder, 'clone');
  }

  static async create(): Promise<LiveAppsRepo> {
    const repo = new LiveAppsRepo(mkdtempSync(join(tmpdir(), 'greenroom-live-')));
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', repo.bare]);
    await run('git', ['init', '--quiet', '--initial-branch=main', repo.clone]);
    await repo.#git('remote', 'add', 'origin', repo.bare);
    return repo;
  }

  /** As Argo CD clones it. */
  get url(): string {
    return `file://${this.bare}`;
  }

  /** Brings the clone to the branch's head. */
  async pull(): Promise<void> {
    await this.#git('fetch', '--quiet', 'origin', 'main');
    await this.#git('reset', '--quiet', '--hard', 'FETCH_HEAD');
  }

  /** Commits and pushes whatever the clone's folder holds. */
  async pushAll(message: string): Promise<void> {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', `--message=${message}`);
    await this.#git('push', '--quiet', 'origin', 'HEAD:main');
  }

  /** Writes and deletes files on top of the branch. A path without a text removes a file or a folder. */
  async push(change: ChangeSet, message: string): Promise<void> {
    await this.pull();
    for (const [path, text] of change) {
      const target = join(this.clone, path);
      rmSync(target, { recursive: true, force: true });
      if (text === null) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    await this.pushAll(message);
  }

  /** The branch's head. */
  head(): Promise<string> {
    return this.#bare('rev-parse', 'main');
  }

  /** How many commits came after one. */
  async commitsSince(commit: string): Promise<number> {
    return Number(await this.#bare('rev-list', '--count', `${commit}..main`));
  }

  /** Texts of the branch's files below a folder, by path. */
  async files(folder: string): Promise<ReadonlyMap<string, string>> {
    const paths = await this.#bare('ls-tree', '-r', '--name-only', 'main', `${folder}/`);
    const files = new Map<string, string>();
    for (const path of paths.split('\n').filter(Boolean)) files.set(path, await this.#bare('show', `main:${path}`));
    return files;
  }

  /** Makes the repository unreachable, or reachable again. */
  setReachable(reachable: boolean): void {
    const away = `${this.bare}.away`;
    if (reachable) renameSync(away, this.bare);
    else renameSync(this.bare, away);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #bare(...args: string[]): Promise<string> {
    return (await run('git', [`--git-dir=${this.bare}`, ...args])).trimEnd();
  }

  async #git(...args: string[]): Promise<void> {
    await run('git', ['-C', this.clone, ...args], { env: AUTHOR });
  }
}
