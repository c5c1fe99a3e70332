import { type PullRequestRef, parsePullRequest, pullRequestText } from '../core/repository.ts';

/** Every proposal has a branch of its own in the apps repo: this and the preview's name. */
export const PROPOSAL_BRANCH = 'greenroom/';

/** Names the proposal that removes folders which greenroom did not write; no preview has such a name. */
export const STRAYS_PROPOSAL = 'strays';

/** A preview, and the pull request that wants it, by the path that its repository had then. */
export interface ProposalSubject {
  readonly preview: string;
  readonly pullRequest: PullRequestRef;
}

const MARK = /^<!-- greenroom:proposal ([a-z0-9-]{1,63}) (\S{1,1200}) -->\r?$/m;

/** A line of a proposal's text that readers do not see: who is to be told what became of it. */
export function proposalMark({ preview, pullRequest }: ProposalSubject): string {
  return `<!-- greenroom:proposal ${preview} ${pullRequestText(pullRequest)} -->`;
}

/** What a text says that it is about: a hint, since anybody may have written it. */
export function proposalSubject(text: string): ProposalSubject | null {
  const [, preview, about = ''] = MARK.exec(text) ?? [];
  const pullRequest = parsePullRequest(about);
  return preview === undefined || pullRequest === undefined ? null : { preview, pullRequest };
}
