import type { ChangeSet } from '../core/fileset.ts';
import { MODE } from '../core/git/objects.ts';
import type { RepositoryRef } from '../core/repository.ts';

/** A repository to open a pull request in. */
export interface WorkRepository extends RepositoryRef {
  /** The forge's number for it, which never changes. */
  readonly id: number;
  /** The default branch. */
  readonly branch: string;
  /** Null before its first commit. */
  readonly head: string | null;
}

/** An entry at a path of a commit. */
export interface WorkEntry {
  /** Git's id of the content. */
  readonly id: string;
  readonly kind: 'file' | 'program' | 'link';
}

/** @param mode as git writes it in a tree */
export function kindOf(mode: string): WorkEntry['kind'] {
  return mode === MODE.symlink ? 'link' : mode === MODE.executable ? 'program' : 'file';
}

export interface NewBranch {
  readonly branch: string;
  /** The commit that it starts from; null for the first commit of the repository. */
  readonly parent: string | null;
  /** The changes relative to `parent`. */
  readonly change: ChangeSet;
  /** Paths of files that are executable. @default - none */
  readonly executable?: ReadonlySet<string>;
  /** The whole message of its commit. */
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
 * The steps of opening a pull request: repositories, branches, pull requests of a branch. For each step there is a
 * method to find out whether it is done already.
 *
 * Methods throw GreenroomError `failed` if the forge refuses, `unreachable` if it does not answer.
 */
export interface Workshop {
  /** Null if it does not exist or is not visible. */
  repository(repository: RepositoryRef): Promise<WorkRepository | null>;

  /**
   * Creates a repository with a first commit.
   *
   * @throws GreenroomError `failed` if the permission is missing; the message says whom to ask
   */
  createRepository(repository: RepositoryRef, description: string): Promise<void>;

  /** Null if there is no such branch. */
  head(repository: RepositoryRef, branch: string): Promise<string | null>;

  /** All files and links at a commit, by path. */
  entries(repository: RepositoryRef, commit: string): Promise<ReadonlyMap<string, WorkEntry>>;

  /** Text of a file by its id; null if the repository has no such object, or it is not UTF-8. */
  text(repository: RepositoryRef, id: string): Promise<string | null>;

  /** Creates a branch with one commit. */
  createBranch(repository: RepositoryRef, branch: NewBranch): Promise<void>;

  /** The latest pull request from a branch; null if there never was one. */
  pullOf(repository: RepositoryRef, branch: string): Promise<WorkPull | null>;

  openPull(repository: RepositoryRef, pull: NewPull): Promise<WorkPull>;

  /** Adds labels to a pull request; idempotent. */
  label(repository: RepositoryRef, number: number, labels: readonly string[]): Promise<void>;
}
