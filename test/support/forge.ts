import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestFiles } from './git.ts';
import { bareRepo, COMMIT_TIME, commitFiles, tempFolder } from './git.ts';

/** The file of a pull request, in the local forge's format. */
export interface PullFile {
  readonly number: number;
  readonly repositoryId: number;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly head: { readonly sha: string; readonly ref: string; readonly repositoryId: number | null };
  /** @default main */
  readonly base?: { readonly ref: string };
  /** @default - Git is asked */
  readonly files?: readonly string[];
  /** @default - nobody knows */
  readonly builds?: readonly BuildFile[];
  readonly author: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
}

/** A build in the local forge's format. */
export interface BuildFile {
  readonly name: string;
  readonly state: 'queued' | 'running' | 'passed' | 'failed';
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly url?: string;
  /** @default - the head */
  readonly sha?: string;
}

const CREATED = new Date(COMMIT_TIME * 1000).toISOString();

/** How a test moves things on a forge, whatever the forge is. */
export interface ForgeFixture {
  /** A new repository, or another commit on the branch of one; gives the head. @param time unix seconds */
  repository(owner: string, name: string, files: TestFiles, time?: number): string;
  /** Writes a pull request; what is left out is an ordinary open one, from a branch of the repository itself. */
  pull(owner: string, name: string, pull: Pick<PullFile, 'number' | 'repositoryId'> & Partial<PullFile>): PullFile;
  /** Renames or transfers a repository, from and to `owner/name`. */
  move(from: string, to: string): void;
  /** Takes a repository away, by its `owner/name`. */
  remove(fullName: string): void;
}

/** A pull request's file, filled up with what is ordinary. */
export function wholePull(pull: Pick<PullFile, 'number' | 'repositoryId'> & Partial<PullFile>): PullFile {
  const { number, repositoryId } = pull;
  return {
    state: 'open',
    merged: false,
    draft: false,
    labels: [],
    head: { sha: '0'.repeat(40), ref: `change-${number}`, repositoryId },
    author: 'ada',
    title: `Change ${number}`,
    createdAt: CREATED,
    updatedAt: CREATED,
    closedAt: pull.state === 'closed' ? CREATED : null,
    ...pull,
  };
}

/** A folder in the local forge's layout. */
export class TestForge implements ForgeFixture {
  readonly path = tempFolder();

  repository(owner: string, name: string, files: TestFiles, time?: number): string {
    const path = this.gitDir(owner, name);
    if (!existsSync(path)) {
      mkdirSync(join(this.path, owner, name, 'pulls'), { recursive: true });
      bareRepo({}, { path });
    }
    return commitFiles(path, files, time === undefined ? {} : { time });
  }

  gitDir(owner: string, name: string): string {
    return join(this.path, owner, `${name}.git`);
  }

  pull(owner: string, name: string, pull: Pick<PullFile, 'number' | 'repositoryId'> & Partial<PullFile>): PullFile {
    const whole = wholePull(pull);
    this.write(owner, name, whole.number, JSON.stringify(whole));
    return whole;
  }

  move(from: string, to: string): void {
    for (const suffix of ['', '.git']) {
      mkdirSync(dirname(join(this.path, to)), { recursive: true });
      renameSync(join(this.path, `${from}${suffix}`), join(this.path, `${to}${suffix}`));
    }
  }

  remove(fullName: string): void {
    for (const suffix of ['', '.git']) rmSync(join(this.path, `${fullName}${suffix}`), { recursive: true });
  }

  /** Writes the text of a pull request's file as it is. */
  write(owner: string, name: string, number: number, text: string): void {
    const folder = join(this.path, owner, name, 'pulls');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${number}.json`), text);
  }
}
