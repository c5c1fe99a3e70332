import type { ChangeSet, FileSet } from '../core/fileset.ts';
import type { Proposals } from './proposals.ts';

/** Files of the apps repo, all read at one commit. */
export interface RepoState {
  /** The branch's head; null if the branch has no commit yet. */
  readonly head: string | null;
  /** The regular files that match. Bytes that are not UTF-8 become U+FFFD, so such a file never equals a generated one. */
  readonly files: FileSet;
  /** Symbolic links and submodules that match: never followed, but listed so that a plan can remove them. */
  readonly irregular: readonly string[];
}

export interface CommitRequest {
  /** The head that the change was planned on; null if the branch does not exist yet. */
  readonly expectedHead: string | null;
  /** Not empty. Every path that is written must satisfy `isSafePath`; every file becomes a plain blob (mode 100644). */
  readonly change: ChangeSet;
  /** The whole message: subject, blank line, body and trailers. */
  readonly message: string;
}

/** What can be committed now with little waiting. */
export interface CommitRoom {
  /** Number of commits that no rate limit delays now. */
  readonly commits: number;
  /** Most files of a commit that is one request; a larger one takes several. */
  readonly files: number;
}

/** A commit of the branch's history. */
export interface RecentCommit {
  readonly oid: string;
  readonly message: string;
}

/** A commit status that another program wrote. */
export interface CommitStatus {
  /** Its name. */
  readonly context: string;
  readonly description: string;
  readonly isFailure: boolean;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** A commit of the branch, and the latest status of each name on it. */
export interface StatedCommit {
  readonly oid: string;
  /** Unix seconds. */
  readonly committedAt: number;
  readonly statuses: readonly CommitStatus[];
}

/** `conflict`: the branch is not (or no longer) at the expected head; nothing was changed. */
export type CommitResult = { readonly status: 'committed'; readonly head: string } | { readonly status: 'conflict' };

/** The one branch of the apps repo that greenroom reads and writes, without a checkout. */
export interface AppsRepo {
  /** For messages, e.g. `/srv/apps.git (main)`; contains no credentials. */
  readonly description: string;

  /** Undefined if the repository has no pull requests, so that only commits on its branch are possible. */
  readonly proposals?: Proposals;

  /**
   * Every file that matches one of the globs, at one commit.
   *
   * A glob is a path of segments: literal text, `*` for any characters inside a segment, and as the last segment `**` for
   * every file below; `literalGlob` makes one of a path that others have named. The cost depends on the matches, not on the
   * size of the repository.
   *
   * @param at the commit to read; null means an empty repository. @default - the branch's current head
   * @throws GreenroomError `unreachable` if the repository cannot be reached now, `failed` if it cannot be used
   */
  read(globs: readonly string[], at?: string | null): Promise<RepoState>;

  /** Prefetches files at a commit with few requests. Undefined if reading needs no requests. */
  readAhead?(globs: readonly string[], at: string): Promise<void>;

  /** Whether it has no commit on any branch. Undefined if this implementation cannot tell. */
  isEmpty?(): Promise<boolean>;

  /**
   * The branch's latest commits since a time in unix seconds, newest first, at most a hundred. Undefined if the history
   * is not available without a fetch.
   */
  recent?(since: number): Promise<readonly RecentCommit[]>;

  /**
   * The branch's latest hundred commits with their statuses, newest first; if all of them are newer than a time in unix
   * seconds, the latest two hundred. Undefined if the repository has no commit statuses.
   *
   * @throws GreenroomError `unreachable` if they cannot be read
   */
  statuses?(since: number): Promise<readonly StatedCommit[]>;

  /**
   * Makes one commit on top of `expectedHead` and moves the branch by compare-and-swap from exactly that head. A branch
   * that was reset in between is a conflict, too, although a push would be a fast-forward. After an error it is unknown
   * whether the commit was made (the answer may be lost): read again before a retry.
   *
   * @throws GreenroomError `failed`, before anything is written, for an unsafe path
   */
  commit(request: CommitRequest): Promise<CommitResult>;

  /**
   * Resolves when a commit can be sent without waiting for a rate limit. Call it before planning. Undefined if there are
   * no limits.
   *
   * @throws GreenroomError `unreachable` if the wait is too long
   */
  ready?(): Promise<void>;

  /** Undefined if every commit is one step, and none has to wait. */
  room?(): CommitRoom;

  /** Ends helper processes and removes temporary files. */
  close(): Promise<void>;
}
