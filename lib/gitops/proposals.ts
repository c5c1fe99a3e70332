import type { ChangeSet } from '../core/fileset.ts';
import type { PullRequestRef, RepositoryRef } from '../core/repository.ts';

/** A change for people to review, in the place of a commit on the branch. */
export interface ProposalRequest {
  /** Name of the preview; there is at most one proposal of each. */
  readonly name: string;
  /** The head that the change was planned against. */
  readonly base: string | null;
  /** Empty when there is nothing to change: what is still open is withdrawn then. */
  readonly change: ChangeSet;
  /** Of the commit, as in a commit on the branch. */
  readonly message: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** Ask the other side to merge as soon as its own rules allow it. */
  readonly autoMerge: boolean;
}

export type Proposed =
  /** It waits for its review. `note` says what went wrong beside the way. */
  | {
      readonly status: 'open';
      readonly outcome: 'opened' | 'updated' | 'unchanged';
      readonly url: string;
      readonly note: string | null;
    }
  /** Somebody closed exactly this change without merging it. */
  | { readonly status: 'declined'; readonly outcome: 'unchanged'; readonly url: string }
  /** There is nothing to review; `url` leads to what was open until now. */
  | { readonly status: 'none'; readonly outcome: 'withdrawn'; readonly url: string }
  | { readonly status: 'none'; readonly outcome: 'unchanged' }
  /** The branch is elsewhere than what was planned against; nothing was changed. */
  | { readonly status: 'conflict' };

/** A branch that was proposed: it waits, was declined, or was merged and is left over. */
export interface Proposal {
  readonly name: string;
  /** The pull request that wants the preview, by the name that its repository had then. */
  readonly pullRequest: PullRequestRef;
}

/** Where an apps repo takes changes by pull requests of its own. */
export interface Proposals {
  /** The apps repo itself: its pull requests are no previews. */
  readonly repository: RepositoryRef;

  /** Says which proposal comes next, so that a look at it can come with the next question about files. */
  lookAhead(name: string): void;

  /**
   * Makes the one proposal of this name be exactly this change: opened, updated in place, or withdrawn; the same change
   * twice does nothing.
   *
   * @throws GreenroomError `failed` when it is refused, `unreachable` when it stays open whether it was made
   */
  propose(request: ProposalRequest): Promise<Proposed>;

  /** All that are there: a preview that is not among them has nothing to be withdrawn. */
  list(): Promise<readonly Proposal[]>;
}
