import type { ChangeSet } from '../core/fileset.ts';
import type { PullRequestRef, RepositoryRef } from '../core/repository.ts';

/** A change for people to review, instead of a commit on the branch. */
export interface ProposalRequest {
  /** Name of the preview, or of what else it is about; each has at most one proposal. */
  readonly name: string;
  /** The head that the change was planned on. */
  readonly base: string | null;
  /** If empty, an open proposal is withdrawn. */
  readonly change: ChangeSet;
  /** Commit message, as for a commit on the branch. */
  readonly message: string;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
  /** Enable auto-merge: the forge merges it when its rules allow. */
  readonly autoMerge: boolean;
  /**
   * The decision that is asked for. A proposal of the same version stays as it is, open or declined, also if the change has
   * moved with time. Without a change, only a proposal of this kind is withdrawn.
   *
   * @default - exactly this change; without a change, any proposal is withdrawn
   */
  readonly version?: { readonly kind: 'early-end'; readonly id: string };
}

export type ProposalResult =
  /** It waits for review. `note` tells about a minor failure. */
  | {
      readonly status: 'open';
      readonly outcome: 'opened' | 'updated' | 'unchanged';
      readonly url: string;
      readonly note: string | null;
    }
  /** Somebody closed exactly this change without merging it. */
  | { readonly status: 'declined'; readonly outcome: 'unchanged'; readonly url: string }
  /** There is nothing to review; `url` is the pull request that was open until now. */
  | { readonly status: 'none'; readonly outcome: 'withdrawn'; readonly url: string }
  | { readonly status: 'none'; readonly outcome: 'unchanged' }
  /** The branch has moved since the plan; nothing was changed. */
  | { readonly status: 'conflict' };

/** A proposal's branch: it waits for review, was declined, or is left over after a merge. */
export interface Proposal {
  readonly name: string;
  /** The pull request of the preview, with the name that its repository had then; null where it is about no preview. */
  readonly pullRequest: PullRequestRef | null;
}

/** Changes of an apps repo through its own pull requests. */
export interface Proposals {
  /** The apps repo itself. Its pull requests get no previews. */
  readonly repository: RepositoryRef;

  /** Prefetches this proposal together with the next query about files. */
  lookAhead(name: string): void;

  /**
   * Opens, updates or withdraws the proposal of this name so that it is exactly this change. Calling it again with the
   * same change does nothing.
   *
   * @throws GreenroomError `failed` if it is refused, `unreachable` if it is unknown whether it was made
   */
  propose(request: ProposalRequest): Promise<ProposalResult>;

  /** All proposals that exist. */
  list(): Promise<readonly Proposal[]>;
}
