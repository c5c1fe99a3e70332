import type { CheckReport } from '../core/check.ts';
import type { FileSet } from '../core/fileset.ts';

/** A repository by its present name. Names change hands; {@link Repository.id} does not. */
export interface RepositoryRef {
  readonly owner: string;
  readonly name: string;
}

/** A repository with the number that the forge gave it for life. */
export interface Repository extends RepositoryRef {
  readonly id: number;
}

/** A pull request as it is now. All times are unix seconds. */
export interface PullRequest {
  /** The repository that the pull request wants to change, under its present name. */
  readonly repository: Repository;
  readonly number: number;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly head: {
    /** Full commit id, lower case. */
    readonly sha: string;
    readonly ref: string;
    /** Null when the head repository is gone; see {@link isFork}. */
    readonly repositoryId: number | null;
    /** Committer time of the head commit; null when the commit cannot be read. */
    readonly committedAt: number | null;
  };
  /** Login name. */
  readonly author: string;
  readonly title: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null while open. */
  readonly closedAt: number | null;
}

/** A pull request whose head lies in another repository, or in one that was deleted since. */
export function isFork(pull: PullRequest): boolean {
  return pull.head.repositoryId !== pull.repository.id;
}

/**
 * An answer that is either positive or nothing at all: a missing page, a refusal, a time-out and a wrong repository id
 * are all `unknown`, and what is unknown must be left as it is.
 */
export type Lookup<T> =
  | { readonly status: 'found'; readonly value: T }
  | { readonly status: 'unknown'; readonly reason: string };

/** The open pull requests of one repository; only `complete: true` says that there are no others. */
export type RepositoryPulls =
  | { readonly repository: RepositoryRef; readonly pulls: readonly PullRequest[]; readonly complete: true }
  | {
      readonly repository: RepositoryRef;
      readonly pulls: readonly PullRequest[];
      readonly complete: false;
      readonly reason: string;
    };

export interface Check extends CheckReport {
  /** The commit that was judged; the pull request may have moved on since. */
  readonly headSha: string;
}

/** What the maker gets to see on the pull request. */
export interface PullRequestReport {
  /** Markdown of the one comment, written or edited in place; null leaves the thread as it is. */
  readonly comment: string | null;
  /** Null writes no check. */
  readonly check: Check | null;
}

/** A file larger than this is refused, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** A folder of more files than this, at any depth, is refused. */
export const MAX_FOLDER_FILES = 100;

/**
 * Where pull requests live.
 *
 * Methods throw GreenroomError `unreachable` when the forge cannot be asked, and `invalid-input` for a name, number or
 * path that cannot be one.
 */
export interface Forge {
  /** For messages; never holds a credential. */
  readonly description: string;

  /** The pull request that this name and number lead to now; compare `repository.id` with what is remembered. */
  pullRequest(repository: RepositoryRef, number: number): Promise<Lookup<PullRequest>>;

  /**
   * The pull request of the repository with this id, wherever it lives by now. Another repository under the last known
   * name is `unknown`.
   */
  pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>>;

  /**
   * Open pull requests, a repository at a time. The iteration ends normally only when every repository was listed; it
   * throws `unreachable` when the list of repositories itself is cut short.
   *
   * @param repositories names to look at. @default - all repositories of the owner
   */
  openPullRequests(owner: string, repositories?: readonly string[]): AsyncIterable<RepositoryPulls>;

  /**
   * Text of a file at a commit, or null when the commit has no such file.
   *
   * @throws GreenroomError `invalid-input` for what is no regular file, is larger than {@link MAX_FILE_BYTES} or is not
   * UTF-8; `unreachable` when the commit cannot be found
   */
  readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null>;

  /**
   * All files below a folder at a commit, by their paths from the repository's root; null when there is no such folder.
   *
   * @throws GreenroomError as `readFile`, and `invalid-input` above {@link MAX_FOLDER_FILES} files
   */
  readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null>;

  /** Writes comment and check; the same report twice changes nothing. */
  publish(pull: PullRequest, report: PullRequestReport): Promise<void>;

  /** Ends helper processes and connections. */
  close(): Promise<void>;
}
