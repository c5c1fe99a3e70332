import type { ChangeSet } from '../core/fileset.ts';
import { MODE } from '../core/git/objects.ts';
import type { RepositoryRef } from '../core/repository.ts';

/** A repository as somebody who wants to change it meets it. */
export interface WorkRepository extends RepositoryRef {
  /** The number that the forge gave it for life. */
  readonly id: number;
  /** The branch that pull requests go to. */
  readonly branch: string;
  /** Null before its first commit. */
  readonly head: string | null;
}

/** What lies at a path of a commit. */
export interface WorkEntry {
  /** Git's id of its content. */
  readonly id: string;
  readonly kind: 'file' | 'program' | 'link';
}

/** @param mode as git writes it in a tree */
export function kindOf(mode: string): WorkEntry['kind'] {
  return mode === MODE.symlink ? 'link' : mode === MODE.executable ? 'program' : 'file';
}

export interface NewBranch {
  readonly branch: string;
  /** The commit that it begins at; null for the first commit of all. */
  readonly parent: string | null;
  /** What differs from there. */
  readonly change: ChangeSet;
  /** Which of the files are programs. @default - none */
  readonly executable?: ReadonlySet<string>;
  /** The whole message of its one commit. */
  readonly message: string;
}

export interface NewPull {
  readonly branch: string;
  readonly base: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

export interface WorkPull {
  readonly number: number;
  /** Its page; null on a forge without pages. */
  readonly url: string | null;
  readonly state: 'open' | 'merged' | 'closed';
}

/**
 * What opening a pull request takes, in steps that can each be looked for before they are done: repositories, branches,
 * pull requests of a branch.
 *
 * Methods throw GreenroomError `failed` when the forge refuses, `unreachable` when it does not answer.
 */
export interface Workshop {
  /** Null where there is none, or none that may be seen. */
  repository(repository: RepositoryRef): Promise<WorkRepository | null>;

  /**
   * Makes a repository with a first commit.
   *
   * @throws GreenroomError `failed` for want of the right, saying whom to ask
   */
  createRepository(repository: RepositoryRef, description: string): Promise<void>;

  /** Null where there is no such branch. */
  head(repository: RepositoryRef, branch: string): Promise<string | null>;

  /** All files and links at a commit, by their paths. */
  entries(repository: RepositoryRef, commit: string): Promise<ReadonlyMap<string, WorkEntry>>;

  /** Text of a file by its id; null where the repository has no such object, or it is not UTF-8. */
  text(repository: RepositoryRef, id: string): Promise<string | null>;

  /** One commit on a branch that is not there yet. */
  createBranch(repository: RepositoryRef, branch: NewBranch): Promise<void>;

  /** The latest pull request from a branch; null where there never was one. */
  pullOf(repository: RepositoryRef, branch: string): Promise<WorkPull | null>;

  openPull(repository: RepositoryRef, pull: NewPull): Promise<WorkPull>;

  /** Labels that a pull request has from then on, beside its others; twice is as good as once. */
  label(repository: RepositoryRef, number: number, labels: readonly string[]): Promise<void>;
}
