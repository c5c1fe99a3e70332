import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  readonly author: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
}

const CREATED = new Date(COMMIT_TIME * 1000).toISOString();

/** A folder in the local forge's layout. */
export class TestForge {
  readonly path = tempFolder();

  /** Adds a micro app's repository whose branch `main` holds these files; gives the id of its head commit. */
  repository(owner: string, name: string, files: TestFiles): string {
    mkdirSync(join(this.path, owner, name, 'pulls'), { recursive: true });
    return commitFiles(bareRepo({}, { path: this.gitDir(owner, name) }), files);
  }

  gitDir(owner: string, name: string): string {
    return join(this.path, owner, `${name}.git`);
  }

  /** Writes a pull request; what is left out is an ordinary open one, from a branch of the repository itself. */
  pull(owner: string, name: string, pull: Pick<PullFile, 'number' | 'repositoryId'> & Partial<PullFile>): PullFile {
    const { number, repositoryId } = pull;
    const whole: PullFile = {
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
    this.write(owner, name, number, JSON.stringify(whole));
    return whole;
  }

  /** Writes the text of a pull request's file as it is. */
  write(owner: string, name: string, number: number, text: string): void {
    const folder = join(this.path, owner, name, 'pulls');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${number}.json`), text);
  }
}
