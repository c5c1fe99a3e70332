/** Every proposal has a branch of its own in the apps repo: this and the preview's name. */
export const PROPOSAL_BRANCH = 'greenroom/';

/** A preview, and the pull request that wants it, by the name that its repository had then. */
export interface ProposalSubject {
  readonly preview: string;
  readonly pullRequest: { readonly owner: string; readonly name: string; readonly number: number };
}

const MARK =
  /^<!-- greenroom:proposal ([a-z0-9-]{1,63}) ([A-Za-z0-9._-]{1,100})\/([A-Za-z0-9._-]{1,100})#([1-9]\d{0,14}) -->\r?$/m;

/** A line of a proposal's text that readers do not see: who is to be told what became of it. */
export function proposalMark({ preview, pullRequest: { owner, name, number } }: ProposalSubject): string {
  return `<!-- greenroom:proposal ${preview} ${owner}/${name}#${number} -->`;
}

/** What a text says that it is about: a hint, since anybody may have written it. */
export function proposalSubject(text: string): ProposalSubject | null {
  const [, preview, owner, name, number] = MARK.exec(text) ?? [];
  if (preview === undefined || owner === undefined || name === undefined) return null;
  return { preview, pullRequest: { owner, name, number: Number(number) } };
}
