import type { Builds } from '../core/build.ts';
import type { CheckReport } from '../core/check-report.ts';
import type { GreenroomError } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { RepositoryRef } from '../core/repository.ts';
import type { Capabilities } from './capabilities.ts';
import type { Pages } from './pages.ts';

/** A repository with the forge's number for it, which never changes. */
export interface Repository extends RepositoryRef {
  readonly id: number;
}

/** A pull request as it is now. All times are unix seconds. */
export interface PullRequest {
  /** The repository that the pull request wants to change, with its current name. */
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
    /** Null if the head repository was deleted; see {@link isFork}. */
    readonly repositoryId: number | null;
    /** Committer time of the head commit; null if the commit cannot be read. */
    readonly committedAt: number | null;
  };
  /** Base branch. @default - unknown */
  readonly base?: string;
  /** Login name. */
  readonly author: string;
  /** Whether a bot opened it. @default false */
  readonly isByBot?: boolean;
  readonly title: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null while open. */
  readonly closedAt: number | null;
  /** Whether only people who were let in can read its repository. @default false */
  readonly isPrivate?: boolean;
  /** The last command of somebody with write access at this head commit; null for none. */
  readonly override: Override | null;
}

/** A command that was carried out. It applies to the commit at which it was given; the next push resets it. */
export interface Override extends OverrideRequest {
  /** Unix seconds, by the forge's clock. */
  readonly at: number;
}

export interface OverrideRequest {
  /** `stop`: no preview. `start`: a preview, as if the commit had just been pushed. `extend`: a preview with a later end. */
  readonly action: 'stop' | 'start' | 'extend';
  /**
   * Unix seconds until which the preview may run, if extended beyond its normal end; null if nobody extended it. `stop`
   * and `start` keep an earlier value; `extend` always has one.
   */
  readonly until: number | null;
  /** Login name of the person who gave the command. */
  readonly by: string;
  /** The comment with the command; see {@link PullComment.id}. */
  readonly commentId: number;
}

/** Whether the head of a pull request is in another repository, or in one that was deleted. */
export function isFork(pull: PullRequest): boolean {
  return pull.head.repositoryId !== pull.repository.id;
}

/**
 * An answer that is either positive or `unknown`: a missing page, a refusal, a time-out and a wrong repository id are
 * all `unknown`. Callers must not change anything that is unknown.
 */
export type Lookup<T> =
  | { readonly status: 'found'; readonly value: T }
  | {
      readonly status: 'unknown';
      readonly reason: string;
      /** Whether a retry after a while is likely to succeed. @default false */
      readonly isPassing?: boolean;
    };

/** The open pull requests of one repository; there may be others unless `complete` is true. */
export type RepositoryPulls =
  | { readonly repository: RepositoryRef; readonly pulls: readonly PullRequest[]; readonly complete: true }
  | {
      readonly repository: RepositoryRef;
      readonly pulls: readonly PullRequest[];
      readonly complete: false;
      readonly reason: string;
    };

export interface Check extends CheckReport {
  /** The commit that was checked; the pull request may have a newer one. */
  readonly headSha: string;
}

/** The state of a pull request before a report is written. */
export interface Before {
  /** Our comment; null for none. */
  readonly comment: string | null;
  /** Deployments of the preview on the forge, newest first. */
  readonly kept: readonly KeptDeployment[];
  /** Whether a check of another App, which says something else, stands on the head commit. @default false */
  readonly hasOlderCheck?: boolean;
}

/** Nothing was written yet. */
export const NOTHING_BEFORE: Before = { comment: null, kept: [] };

/** The report that the maker sees on the pull request. */
export interface PullRequestReport {
  /** Name of the deployment environment, e.g. `preview/pr-shop-7`; null for a report without a preview. */
  readonly environment: string | null;
  /** Renders the report. It depends on the earlier state, since that may contain observations of other processes. */
  readonly said: (before: Before) => Said;
  /** A key of the content: reports with the same key write the same for the same earlier state. */
  readonly sameAs: string;
  /** First line of our comment, by which it is found, together with its author. */
  readonly marker: string;
  /** A reply that is sent once: not again while a comment of ours begins with its marker. */
  readonly notice: { readonly marker: string; readonly body: string } | null;
  /** Changes that people can apply with one click. */
  readonly suggestions: readonly Suggestion[];
  /** Whether something was changed just now, so that an existing check is certainly outdated. @default false */
  readonly isNews?: boolean;
  /** A key of the event it is written for: with the same key it is not checked again. @default - it is always checked */
  readonly occasion?: string;
}

export interface Said {
  /** Markdown of our comment, which begins with the marker; null leaves the comment unchanged. */
  readonly comment: string | null;
  /** Null writes no check. */
  readonly check: Check | null;
  /** Null leaves the deployments unchanged. */
  readonly deployment: Deployment | null;
}

/** The preview as the forge shows it on the pull request. */
export interface Deployment {
  /** Null if the preview has ended. */
  readonly live: LiveDeployment | null;
  /** Earlier commits whose deployments stay active, since their app still runs. Others become inactive. */
  readonly staying: readonly string[];
  /** Whether the preview is certainly gone, so that the environment itself can be removed. @default false */
  readonly isGone?: boolean;
  /** Whether the environment is removed as soon as its deployments are over: nobody reports later that it is gone. @default false */
  readonly endsAtOnce?: boolean;
}

export interface LiveDeployment {
  readonly headSha: string;
  /** Null if no app of it has a URL. */
  readonly url: string | null;
  readonly state: DeploymentState;
  /** One line, at most 140 characters. */
  readonly description: string;
}

export type DeploymentState = 'in_progress' | 'success' | 'failure';

/** A deployment that is stored on the forge. */
export interface KeptDeployment {
  readonly headSha: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly state: DeploymentState | 'inactive';
  /** Latest description; empty for none. */
  readonly description: string;
  readonly url: string | null;
}

/** A replacement of whole lines of a file at the head commit. */
export interface Suggestion {
  /** First line of the review comment. Each is written once, even if it was resolved since. */
  readonly marker: string;
  readonly path: string;
  /** Counted from 1, both inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** Markdown, including the marker. */
  readonly body: string;
}

/** An account on the forge. */
export interface Account {
  /** Login name. */
  readonly login: string;
  readonly isBot: boolean;
}

/** A comment of a pull request as it is now. */
export interface PullComment {
  readonly id: number;
  readonly body: string;
  /** Whether we wrote it. */
  readonly isOurs: boolean;
  /** Null for a deleted account. */
  readonly author: Account | null;
  /** Last editor; null if nobody edited it. */
  readonly editor: Account | null;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Time of the last edit, in unix seconds. @default - unknown */
  readonly updatedAt?: number;
  /** Whether we have answered it. */
  readonly isAnswered: boolean;
}

export interface PublishOutcome {
  /** What was written; null if the report was already up to date, so that nothing was read. */
  readonly said: Said | null;
  /** The comments as they were before. */
  readonly comments: readonly PullComment[];
  /** Parts that could not be written, and why. */
  readonly failures: readonly GreenroomError[];
}

/** The answer to a command: done, not allowed, not understood. */
export type CommandReaction = 'done' | 'refused' | 'confused';

/** A larger file is refused, in bytes. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** A folder with more files, at any depth, is refused. */
export const MAX_FOLDER_FILES = 100;

/** Hints for prefetching. */
export interface PrefetchHints {
  /** See {@link PullRequestReport.environment}. @default - that of the last report, if the forge knows it */
  readonly environment?: string;
}

/**
 * Where pull requests live.
 *
 * Methods throw GreenroomError `unreachable` if the forge cannot be reached, and `invalid-input` for an invalid name,
 * number or path.
 */
export interface Forge {
  /** For messages; contains no credentials. */
  readonly description: string;

  /** Its web pages; null if it has none. */
  readonly pages: Pages | null;

  readonly capabilities: Capabilities;

  /**
   * The pull request that currently has this path and number; compare its `repository.id` with the recorded one.
   *
   * @param ahead given if the preview file, the comments and the deployments are needed next, so that they can be
   *   prefetched @default - nothing is prefetched
   */
  pullRequest(repository: RepositoryRef, number: number, ahead?: PrefetchHints): Promise<Lookup<PullRequest>>;

  /**
   * The pull request of the repository with this id, even if the repository was renamed. If another repository has the
   * last known name now, the result is `unknown`.
   */
  pullRequestById(repositoryId: number, number: number, lastKnown: RepositoryRef): Promise<Lookup<PullRequest>>;

  /**
   * Open pull requests, one repository at a time. The iteration ends normally only if every repository was listed; it
   * throws `unreachable` if the list of repositories itself is incomplete.
   *
   * @param repositories names of repositories. @default - all repositories of the owner
   */
  openPullRequests(owner: string, repositories?: readonly string[]): AsyncIterable<RepositoryPulls>;

  /**
   * Text of a file at a commit, or null if the commit has no such file.
   *
   * @throws GreenroomError `invalid-input` if it is not a regular file, is larger than {@link MAX_FILE_BYTES} or is not
   * UTF-8; `unreachable` if the commit cannot be found
   */
  readFile(repository: RepositoryRef, sha: string, path: string): Promise<string | null>;

  /**
   * All files below a folder at a commit, by path from the repository's root; null if there is no such folder.
   *
   * @throws GreenroomError as `readFile`, and `invalid-input` above {@link MAX_FOLDER_FILES} files
   */
  readFolder(repository: RepositoryRef, sha: string, path: string): Promise<FileSet | null>;

  /**
   * What runs or ran for the head of a pull request besides greenroom: builds and other checks. Only texts depend on it.
   */
  builds(pull: PullRequest): Promise<Lookup<Builds>>;

  /** The parents of a commit, in order; null if the forge has no such commit or cannot be reached. */
  commitParents(repository: RepositoryRef, sha: string): Promise<readonly string[] | null>;

  /**
   * Paths that a pull request changes now, from the repository's root; both paths of a renamed file. A forge may limit
   * the list to some thousand.
   */
  changedFiles(pull: PullRequest): Promise<Lookup<readonly string[]>>;

  /**
   * Writes the report; writing it again changes nothing. Each part is written even if another one fails; failures are
   * part of the outcome.
   */
  publish(pull: PullRequest, report: PullRequestReport): Promise<PublishOutcome>;

  /** Deployments that {@link publish} wrote, newest first; see {@link PullRequestReport.environment}. */
  deployments(pull: PullRequest, environment: string): Promise<readonly KeptDeployment[]>;

  /** All comments of a pull request, oldest first. */
  comments(pull: PullRequest): Promise<readonly PullComment[]>;

  /** Whether the forge lets this account write to the repository. */
  mayWrite(repository: Repository, login: string): Promise<boolean>;

  /** Stores an override for the pull request's head commit. */
  override(pull: PullRequest, request: OverrideRequest): Promise<Override>;

  /** Answers a comment; idempotent. */
  answer(pull: PullRequest, commentId: number, answer: CommandReaction): Promise<void>;

  /**
   * How far our clock is ahead of the forge's, in seconds, by its last answer; null before the first answer. Undefined if
   * both use the same clock.
   */
  readonly clockSkew?: number | null;

  /** Ends helper processes and connections. */
  close(): Promise<void>;
}
