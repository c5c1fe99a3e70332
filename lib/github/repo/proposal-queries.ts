/** The GraphQL queries of proposals, and their answers. */

const PULL = 'id number url state mergeable viewerCanEnableAutoMerge autoMergeRequest { enabledAt }';

export interface FoundPull {
  readonly id: string;
  readonly url: string;
  readonly state: 'OPEN' | 'CLOSED' | 'MERGED';
  readonly mergeable: 'MERGEABLE' | 'CONFLICTING' | 'UNKNOWN';
  readonly viewerCanEnableAutoMerge: boolean;
  readonly autoMergeRequest: object | null;
}

/** Found through the branch, so that a fork's pull request from a branch of the same name does not count. */
export const FIELDS = `squashMergeAllowed rebaseMergeAllowed
    base: ref(qualifiedName: $baseRef) { target { oid } compare(headRef: $ref) { aheadBy } }
    proposal: ref(qualifiedName: $ref) {
      target { oid ... on Commit { message } }
      associatedPullRequests(first: 1, baseRefName: $base, orderBy: { field: CREATED_AT, direction: DESC }) {
        nodes { ${PULL} }
      }
    }`;

export const READ = `query ReadProposal($owner: String!, $name: String!, $ref: String!, $baseRef: String!, $base: String!) {
  repository(owner: $owner, name: $name) { id ${FIELDS} }
}`;

/** The same fields together with others. */
export function readTreesAndProposal(declared: string, selection: string): string {
  return `query ReadTreesAndProposal(${declared}) { ${selection} }`;
}

/** The answer to {@link FIELDS}. */
export interface FoundNode {
  readonly squashMergeAllowed: boolean;
  readonly rebaseMergeAllowed: boolean;
  readonly base: {
    readonly target: { readonly oid: string } | null;
    /** Null if the proposal has no branch. */
    readonly compare: { readonly aheadBy: number } | null;
  } | null;
  readonly proposal: {
    readonly target: { readonly oid: string; readonly message?: string } | null;
    readonly associatedPullRequests: { readonly nodes: readonly (FoundPull | null)[] | null };
  } | null;
}

export const LIST = `query ListProposals($owner: String!, $name: String!, $prefix: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    refs(refPrefix: $prefix, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor } nodes { name target { ... on Commit { message } } }
    }
  }
}`;

export interface ListAnswer {
  readonly repository: {
    readonly refs: {
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
      readonly nodes:
        | readonly ({ readonly name: string; readonly target: { readonly message?: string } | null } | null)[]
        | null;
    } | null;
  } | null;
}

const MOVE = 'updateRefs(input: $refs) { clientMutationId }';
const COMMIT = 'createCommitOnBranch(input: $commit) { commit { oid } }';
const CREATE = `createPullRequest(input: $pull) { pullRequest { ${PULL} } }`;

export const OPEN = `mutation OpenProposal($refs: UpdateRefsInput!, $commit: CreateCommitOnBranchInput!, $pull: CreatePullRequestInput!) {
  ${MOVE} ${COMMIT} ${CREATE}
}`;

export const STAGE = `mutation StageProposal($refs: UpdateRefsInput!, $commit: CreateCommitOnBranchInput!) {
  ${MOVE} ${COMMIT}
}`;

export const MOVE_AND_UPDATE = `mutation UpdateProposal($refs: UpdateRefsInput!, $pull: UpdatePullRequestInput!) {
  ${MOVE} updatePullRequest(input: $pull) { pullRequest { state } }
}`;

export const MOVE_AND_CREATE = `mutation ReopenProposal($refs: UpdateRefsInput!, $pull: CreatePullRequestInput!) {
  ${MOVE} ${CREATE}
}`;

export const CREATE_AGAIN = `mutation ProposeAgain($pull: CreatePullRequestInput!) { ${CREATE} }`;

export const WITHDRAW = `mutation WithdrawProposal($refs: UpdateRefsInput!) { ${MOVE} }`;

export const ENABLE_AUTO_MERGE = `mutation EnableAutoMerge($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { clientMutationId }
}`;
