import type { ChangeSet, FileSet } from '../core/fileset.ts';
import type { Proposals } from './proposals.ts';

/** What was read of the apps repo, all at one commit. */
export interface RepoState {
  /** The branch's commit; null for a repository whose branch has no commit yet. */
  readonly head: string | null;
  /** The regular files that match. Bytes that are not UTF-8 become U+FFFD: such a file equals no file that is wanted. */
  readonly files: FileSet;
  /** Paths that match and are a symbolic link or a submodule: never followed, listed so that a plan can remove them. */
  readonly irregular: readonly string[];
}

export interface CommitRequest {
  /** The head that the change was planned against; null for a branch that does not exist yet. */
  readonly expectedHead: string | null;
  /** Not empty. Paths keep to `isSafePath` of the core; every file becomes a plain blob (mode 100644). */
  readonly change: ChangeSet;
  /** The whole message: subject, blank line, body and trailers. */
  readonly message: string;
}

/** A commit of the branch's history. */
export interface RecentCommit {
  readonly oid: string;
  readonly message: string;
}

/** `conflict`: the branch is not (or no longer) at the expected head; nothing was changed. */
export type CommitResult = { readonly status: 'committed'; readonly head: string } | { readonly status: 'conflict' };

/** The one branch of the apps repo that greenroom reads and writes, without a checkout. */
export interface AppsRepo {
  /** For messages, e.g. `/srv/apps.git (main)`; never holds a credential. */
  readonly description: string;

  /** Undefined where the repository takes no pull requests: only commits on its branch are possible there. */
  readonly proposals?: Proposals;

  /**
   * Every file that matches one of the globs, at one commit.
   *
   * A glob is a path of segments: literal text, `*` for any run of characters inside a segment, and as the last
   * segment `**` for every file below. Cost follows what matches, not the size of the repository.
   *
   * @param at the commit to read; null reads as the empty repository. @default - the branch's head, asked anew
   * @throws GreenroomError `unreachable` when the repository cannot be asked now, `failed` when it cannot be used
   */
  read(globs: readonly string[], at?: string | null): Promise<RepoState>;

  /**
   * Says what will be read at a commit, so that it can come in few questions. Left out where reading asks nobody.
   */
  readAhead?(globs: readonly string[], at: string): Promise<void>;

  /** Whether it has no commit on any branch. Left out where that would have to be asked in another way. */
  isEmpty?(): Promise<boolean>;

  /**
   * The branch's latest commits since a time in unix seconds, newest first, a hundred at most. Left out where it would
   * have to be fetched.
   */
  recent?(since: number): Promise<readonly RecentCommit[]>;

  /**
   * One commit on top of `expectedHead` and one compare-and-swap of the branch against exactly that head: a branch that
   * was rolled back in between is a conflict too, though a push would be a fast-forward. An error leaves it open
   * whether the commit was made (the answer may have been lost): read again before trying again.
   *
   * @throws GreenroomError `failed`, before anything is written, for a path that may not be written
   */
  commit(request: CommitRequest): Promise<CommitResult>;

  /**
   * Comes back when a commit need not wait for a limit. To be called before its plan is made. Left out where there are
   * no limits.
   *
   * @throws GreenroomError `unreachable` when it would take too long
   */
  ready?(): Promise<void>;

  /** Ends helper processes and removes temporary files. */
  close(): Promise<void>;
}
