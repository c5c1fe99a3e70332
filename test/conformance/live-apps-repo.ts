import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ChangeSet } from '../../lib/core/fileset.ts';
import { run } from './run.ts';

const AUTHOR = {
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** A bare repository that Argo CD reads, and a clone that writes to it past greenroom, as an intruder could. */
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

  /** Copies a folder over the clone and pushes. */
  async pushFolder(folder: string, message: string): Promise<void> {
    cpSync(folder, this.clone, { recursive: true });
    await this.#pushAll(message);
  }

  /** Writes and deletes files, commits and pushes over whatever the branch holds. A path without a file removes a folder. */
  async push(change: ChangeSet, message: string): Promise<void> {
    for (const [path, text] of change) {
      const target = join(this.clone, path);
      rmSync(target, { recursive: true, force: true });
      if (text === null) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
    await this.#pushAll(message);
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

  async #pushAll(message: string): Promise<void> {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', `--message=${message}`);
    await this.#git('push', '--quiet', '--force', 'origin', 'main');
  }

  async #git(...args: string[]): Promise<void> {
    await run('git', ['-C', this.clone, ...args], { env: AUTHOR });
  }
}
