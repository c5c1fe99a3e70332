import { type PullRequestRef, parsePullRequest, pullRequestText } from '../core/repository.ts';

/** Prefix of proposal branches in the apps repo. The preview's name follows. */
export const PROPOSAL_BRANCH = 'greenroom/';

/** Name of the proposal that removes unexpected folders. No preview can have this name. */
export const STRAYS_PROPOSAL = 'strays';

/** A preview, and its pull request, by the repository's path at that time. */
export interface ProposalSubject {
  readonly preview: string;
  readonly pullRequest: PullRequestRef;
}

const MARK = /^<!-- greenroom:proposal ([a-z0-9-]{1,63}) (\S{1,1200}) -->\r?$/m;

/** A hidden line in a proposal's text: which pull request to notify of the result. */
export function proposalMark({ preview, pullRequest }: ProposalSubject): string {
  return `<!-- greenroom:proposal ${preview} ${pullRequestText(pullRequest)} -->`;
}

/** The subject that a text names. Do not trust it, since anybody may have written it. */
export function proposalSubject(text: string): ProposalSubject | null {
  const [, preview, about = ''] = MARK.exec(text) ?? [];
  const pullRequest = parsePullRequest(about);
  return preview === undefined || pullRequest === undefined ? null : { preview, pullRequest };
}
