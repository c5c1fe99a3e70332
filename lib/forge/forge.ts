import type { CheckReport } from '../core/check-report.ts';
import type { GreenroomError } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { Capabilities } from './capabilities.ts';
import type { Pages } from './pages.ts';

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
  /** Branch that it wants to change. @default - not known */
  readonly base?: string;
  /** Login name. */
  readonly author: string;
  /** Whether a program opened it. @default false */
  readonly isByBot?: boolean;
  readonly title: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null while open. */
  readonly closedAt: number | null;
  /** What somebody with write permission last asked for at this head commit; null for nothing. */
  readonly override: Override | null;
}

/** A command that was carried out. It holds for the commit that it was given at: the next push starts anew. */
export interface Override extends OverrideRequest {
  /** Unix seconds, by the forge's clock. */
  readonly at: number;
}

export interface OverrideRequest {
  /** `stop`: no preview. `start`: a preview, as if the commit had just been pushed. `extend`: one with a later end. */
  readonly action: 'stop' | 'start' | 'extend';
  /**
   * Unix seconds until which it may run, where that is later than its end without an extension; null where nobody
   * extended it. `stop` and `start` keep it from before; `extend` always has one.
   */
  readonly until: number | null;
  /** Login name of who asked. */
  readonly by: string;
  /** The comment that asked; see {@link PullComment.id}. */
  readonly commentId: number;
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
  | {
      readonly status: 'unknown';
      readonly reason: string;
      /** Whether it is likely to be answered when asked again in a while. @default false */
      readonly isPassing?: boolean;
    };

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
  /** The commit that was checked; the pull request may have moved on since. */
  readonly headSha: string;
}

/** What stands on a pull request before a report is written. */
export interface Before {
  /** Our one comment; null for none. */
  readonly comment: string | null;
  /** Versions of the preview that the forge remembers, newest first. */
  readonly kept: readonly KeptDeployment[];
}

/** Where nothing was written yet. */
export const NOTHING_BEFORE: Before = { comment: null, kept: [] };

/** What the maker gets to see on the pull request. */
export interface PullRequestReport {
  /** Where the forge keeps what is known of the preview, e.g. `preview/pr-shop-7`; null for a report about none. */
  readonly environment: string | null;
  /** What is written, from what stands there: it keeps what others have seen. */
  readonly said: (before: Before) => Said;
  /** Reports with the same text write the same where the same stands. */
  readonly sameAs: string;
  /** First line of the one comment: ours is the one that begins with it and has us as its author. */
  readonly marker: string;
  /** A reply that tells people something, sent once: never again while one of ours begins with its marker. */
  readonly notice: { readonly marker: string; readonly body: string } | null;
  /** Changes that people can take over with one click. */
  readonly suggestions: readonly Suggestion[];
  /** Whether something was changed just now, so that what a check says is older for certain. @default false */
  readonly isNews?: boolean;
  /** What it was written for, where it need not be looked at again once it stands. @default - it is looked at */
  readonly occasion?: string;
}

export interface Said {
  /** Markdown of the one comment, which begins with the marker; null leaves the thread as it is. */
  readonly comment: string | null;
  /** Null writes no check. */
  readonly check: Check | null;
  /** Null leaves the deployments as they are. */
  readonly deployment: Deployment | null;
}

/** The preview as the forge shows it beside the pull request. */
export interface Deployment {
  /** Null: there is none any more. */
  readonly live: LiveDeployment | null;
  /** Earlier commits whose deployments stay as they are, since their app still answers. Others are over. */
  readonly staying: readonly string[];
  /** Whether nothing of the preview is left for certain, so that the environment itself can go. @default false */
  readonly isGone?: boolean;
}

export interface LiveDeployment {
  readonly headSha: string;
  /** Null where no app of it has an address. */
  readonly url: string | null;
  readonly state: DeploymentState;
  /** One line, at most 140 characters. */
  readonly description: string;
}

export type DeploymentState = 'in_progress' | 'success' | 'failure';

/** One version of a preview as the forge remembers it. */
export interface KeptDeployment {
  readonly headSha: string;
  /** Unix seconds: when it was written first. */
  readonly createdAt: number;
  readonly state: DeploymentState | 'inactive';
  /** As it was written last; empty for none. */
  readonly description: string;
  readonly url: string | null;
}

/** A replacement of whole lines of a file at the head commit. */
export interface Suggestion {
  /** First line of the remark; it is written once, whatever became of it since. */
  readonly marker: string;
  readonly path: string;
  /** Counted from 1, both included. */
  readonly startLine: number;
  readonly endLine: number;
  /** Markdown, the marker included. */
  readonly body: string;
}

/** A person or a program on the forge. */
export interface Account {
  /** Login name. */
  readonly login: string;
  readonly isBot: boolean;
}

/** A comment of a pull request as it is now. */
export interface PullComment {
  readonly id: number;
  readonly body: string;
  /** Whether it is one that we wrote. */
  readonly isOurs: boolean;
  /** Null for an account that is gone. */
  readonly author: Account | null;
  /** Who edited it last; null when nobody did. */
  readonly editor: Account | null;
  /** Unix seconds. */
  readonly createdAt: number;
  /** When it was edited last, in unix seconds. @default - not known */
  readonly updatedAt?: number;
  /** Whether we answered it already. */
  readonly isAnswered: boolean;
}

export interface PublishOutcome {
  /** What was written; null where it stood there already, so that nothing was looked at. */
  readonly said: Said | null;
  /** The comments as they were before. */
  readonly comments: readonly PullComment[];
  /** What could not be written, and why. */
  readonly failures: readonly GreenroomError[];
}

/** How a command is answered: done, not allowed, not understood. */
export type Answer = 'done' | 'refused' | 'confused';

/** A file larger than this is refused, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** A folder of more files than this, at any depth, is refused. */
export const MAX_FOLDER_FILES = 100;

/** What is known of that which is looked at next. */
export interface Ahead {
  /** See {@link Deployment.environment}. @default - the one of the last report, where the forge knows it */
  readonly environment?: string;
}

/**
 * Where pull requests live.
 *
 * Methods throw GreenroomError `unreachable` when the forge cannot be asked, and `invalid-input` for a name, number or
 * path that cannot be one.
 */
export interface Forge {
  /** For messages; never holds a credential. */
  readonly description: string;

  /** Where people see it; null for a forge without pages. */
  readonly pages: Pages | null;

  readonly capabilities: Capabilities;

  /**
   * The pull request that this path and number lead to now; compare `repository.id` with what is remembered.
   *
   * @param ahead given where its preview file is read and its comments and deployments are looked at next, so that they
   *   may come along @default - nothing comes along
   */
  pullRequest(repository: RepositoryRef, number: number, ahead?: Ahead): Promise<Lookup<PullRequest>>;

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

  /** The parents of a commit, in their order; null where the forge has no such commit, or gives no answer. */
  commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null>;

  /**
   * Paths that a pull request changes as it is now, from the repository's root; of a renamed file both. A forge that
   * lists no more than some thousands gives those.
   */
  changedFiles(pull: PullRequest): Promise<Lookup<readonly string[]>>;

  /**
   * Writes what the report holds; the same report twice changes nothing. Each part is written even when another fails, and
   * a failure is part of the outcome.
   */
  publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome>;

  /** Versions of a preview that {@link publish} wrote, newest first; see {@link PullRequestReport.environment}. */
  deployments(pull: PullRequest, environment: string): Promise<readonly KeptDeployment[]>;

  /** All comments of a pull request, oldest first. */
  comments(pull: PullRequest): Promise<readonly PullComment[]>;

  /** Whether this account may write to the repository, by the forge's own answer. */
  mayWrite(repository: Repository, login: string): Promise<boolean>;

  /** Remembers what was asked for at the pull request's head commit. */
  override(pull: PullRequest, request: OverrideRequest): Promise<Override>;

  /** Answers a comment; twice is as good as once. */
  answer(pull: PullRequest, commentId: number, answer: Answer): Promise<void>;

  /**
   * How far our clock is ahead of the forge's, in seconds, by its last answer; null when it has not told. Left out where
   * both are one.
   */
  readonly clockSkew?: number | null;

  /** Ends helper processes and connections. */
  close(): Promise<void>;
}
