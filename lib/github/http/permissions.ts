/** The permission that a call needs, in the words of GitHub's settings. */
export interface Need {
  /** As in `x-accepted-github-permissions` and in a workflow's `permissions`; null for calls of a GitHub App as itself. */
  readonly permission: Permission | null;
  readonly access: 'read' | 'write';
  readonly on: 'apps repo' | 'micro app' | 'both';
  readonly why: string;
  /** Moves a branch: GitHub recommends at most 6 of these a minute. @default false */
  readonly push?: boolean;
  /** Creates a part of a commit. @default false */
  readonly part?: boolean;
}

export type Permission =
  | 'metadata'
  | 'contents'
  | 'pull_requests'
  | 'checks'
  | 'statuses'
  | 'deployments'
  | 'administration';

const asApp = (why: string): Need => ({ permission: null, access: 'read', on: 'both', why });

/** Every REST call of greenroom; a call that is not listed here does not compile. `docs/github.md` has the same list. */
export const REST_NEEDS = {
  'GET /orgs/{owner}/installation': asApp('find where the App is installed'),
  'GET /users/{owner}/installation': asApp('find where the App is installed'),
  'POST /app/installations/{installation_id}/access_tokens': asApp('a token for an hour'),
  'GET /repositories/{id}': {
    permission: 'metadata',
    access: 'read',
    on: 'micro app',
    why: 'follow a renamed repository',
  },
  'GET /repos/{owner}/{repo}/git/blobs/{file_sha}': {
    permission: 'contents',
    access: 'read',
    on: 'both',
    why: 'files that GraphQL cannot return',
  },
  'GET /repos/{owner}/{repo}/git/commits/{commit_sha}': {
    permission: 'contents',
    access: 'read',
    on: 'micro app',
    why: 'whether an image was built from a merge of the head',
  },
  'PUT /repos/{owner}/{repo}/contents/{path}': {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'the first commit of an empty repository',
    push: true,
  },
  'POST /repos/{owner}/{repo}/git/trees': {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'a commit that GraphQL cannot make',
    part: true,
  },
  'POST /repos/{owner}/{repo}/git/commits': {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'a commit that GraphQL cannot make',
    part: true,
  },
  'PATCH /repos/{owner}/{repo}/git/refs/{ref}': {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'move the branch, on servers without updateRefs',
    push: true,
  },
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': {
    permission: 'checks',
    access: 'read',
    on: 'micro app',
    why: 'see whether the check is up to date',
  },
  'POST /repos/{owner}/{repo}/check-runs': {
    permission: 'checks',
    access: 'write',
    on: 'micro app',
    why: 'the check on the head commit',
  },
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': {
    permission: 'checks',
    access: 'write',
    on: 'micro app',
    why: 'more than 50 annotations',
  },
  'GET /repos/{owner}/{repo}/commits/{ref}/statuses': {
    permission: 'statuses',
    access: 'read',
    on: 'micro app',
    why: 'where the token may not write checks',
  },
  'POST /repos/{owner}/{repo}/statuses/{sha}': {
    permission: 'statuses',
    access: 'write',
    on: 'micro app',
    why: 'what a command asked for, and where the token may not write checks',
  },
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': {
    permission: 'metadata',
    access: 'read',
    on: 'micro app',
    why: 'whether the author of a command may push',
  },
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': {
    permission: 'pull_requests',
    access: 'write',
    on: 'micro app',
    why: 'answer a command',
  },
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files': {
    permission: 'pull_requests',
    access: 'read',
    on: 'micro app',
    why: 'whether a line is in the diff, and which files change',
  },
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments': {
    permission: 'pull_requests',
    access: 'write',
    on: 'micro app',
    why: 'a suggested change',
  },
  'POST /repos/{owner}/{repo}/deployments': {
    permission: 'deployments',
    access: 'write',
    on: 'micro app',
    why: '"View deployment" on the pull request',
  },
  'DELETE /repos/{owner}/{repo}/environments/{environment_name}': {
    permission: 'administration',
    access: 'write',
    on: 'micro app',
    why: 'optional: remove the environment from the list when its preview is gone',
  },
  'GET /repos/{owner}/{repo}': {
    permission: 'metadata',
    access: 'read',
    on: 'both',
    why: '`greenroom new`: whether the repository exists',
  },
  'POST /orgs/{org}/repos': {
    permission: 'administration',
    access: 'write',
    on: 'micro app',
    why: '`greenroom new`: create it',
  },
  'POST /user/repos': {
    permission: 'administration',
    access: 'write',
    on: 'micro app',
    why: "`greenroom new`: create it in a person's account",
  },
  'GET /repos/{owner}/{repo}/git/ref/{ref}': {
    permission: 'contents',
    access: 'read',
    on: 'both',
    why: '`greenroom new`: where a branch is',
  },
  'GET /repos/{owner}/{repo}/git/trees/{tree_sha}': {
    permission: 'contents',
    access: 'read',
    on: 'both',
    why: '`greenroom new`: which files exist',
  },
  'POST /repos/{owner}/{repo}/git/refs': {
    permission: 'contents',
    access: 'write',
    on: 'both',
    why: '`greenroom new`: its branch (Workflows: write as well)',
    push: true,
  },
  'GET /repos/{owner}/{repo}/pulls': {
    permission: 'pull_requests',
    access: 'read',
    on: 'both',
    why: '`greenroom new`: whether it is proposed already',
  },
  'POST /repos/{owner}/{repo}/pulls': {
    permission: 'pull_requests',
    access: 'write',
    on: 'both',
    why: '`greenroom new`: propose it',
  },
  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': {
    permission: 'pull_requests',
    access: 'write',
    on: 'micro app',
    why: '`greenroom new`: the labels that `sources` asks for',
  },
} as const satisfies Record<string, Need>;

export type RestRoute = keyof typeof REST_NEEDS;

/** Every GraphQL operation of greenroom, by its name. */
export const GRAPHQL_NEEDS: Readonly<Record<string, Need>> = {
  ReadHead: { permission: 'contents', access: 'read', on: 'apps repo', why: 'the head of the branch' },
  ReadHistory: {
    permission: 'contents',
    access: 'read',
    on: 'apps repo',
    why: 'previews that ended recently',
  },
  ReadCommitStatuses: {
    permission: 'statuses',
    access: 'read',
    on: 'apps repo',
    why: 'optional: what the reconciler tells of previews, with `status.commitStatuses` (needs Contents: read as well)',
  },
  ReadTrees: { permission: 'contents', access: 'read', on: 'both', why: 'folders and files at a commit' },
  ReadObjects: { permission: 'contents', access: 'read', on: 'both', why: 'files at a commit' },
  CommitFiles: { permission: 'contents', access: 'write', on: 'apps repo', why: 'one commit for a change', push: true },
  MoveBranch: {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'move the branch to a commit made over REST',
    push: true,
  },
  ReadTreesAndProposal: {
    permission: 'pull_requests',
    access: 'read',
    on: 'apps repo',
    why: 'the same, and the pull request of a preview (needs Contents: read as well)',
  },
  ReadProposal: { permission: 'pull_requests', access: 'read', on: 'apps repo', why: 'the pull request of a preview' },
  ListProposals: { permission: 'contents', access: 'read', on: 'apps repo', why: 'previews that wait for review' },
  OpenProposal: {
    permission: 'pull_requests',
    access: 'write',
    on: 'apps repo',
    why: 'propose a preview (needs Contents: write as well)',
    push: true,
  },
  StageProposal: {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'the new commit of a proposal',
    push: true,
  },
  UpdateProposal: {
    permission: 'pull_requests',
    access: 'write',
    on: 'apps repo',
    why: 'move the branch of a proposal (needs Contents: write as well)',
    push: true,
  },
  ReopenProposal: {
    permission: 'pull_requests',
    access: 'write',
    on: 'apps repo',
    why: 'the next pull request of a preview (needs Contents: write as well)',
    push: true,
  },
  ProposeAgain: {
    permission: 'pull_requests',
    access: 'write',
    on: 'apps repo',
    why: 'a proposal that was closed while its branch moved',
  },
  WithdrawProposal: {
    permission: 'contents',
    access: 'write',
    on: 'apps repo',
    why: 'remove the branch of a proposal that was merged or is no longer needed: that closes it',
    push: true,
  },
  EnableAutoMerge: { permission: 'pull_requests', access: 'write', on: 'apps repo', why: '`commit.autoMerge`' },
  ListRepositories: { permission: 'metadata', access: 'read', on: 'micro app', why: "a source's repositories" },
  ReadPull: {
    permission: 'pull_requests',
    access: 'read',
    on: 'micro app',
    why: 'the state of a pull request and of its head',
  },
  ReadPullAndDeployments: {
    permission: 'deployments',
    access: 'read',
    on: 'micro app',
    why: 'the same, and its deployments (needs Pull requests: read as well)',
  },
  ReadBuilds: {
    permission: 'checks',
    access: 'read',
    on: 'micro app',
    why: 'optional: how the build of an awaited image goes (needs Commit statuses: read as well)',
  },
  ListPulls: { permission: 'pull_requests', access: 'read', on: 'micro app', why: 'the open pull requests' },
  ListComments: {
    permission: 'pull_requests',
    access: 'read',
    on: 'micro app',
    why: 'find our own comment, and commands',
  },
  AddComment: { permission: 'pull_requests', access: 'write', on: 'micro app', why: 'the one comment' },
  UpdateComment: { permission: 'pull_requests', access: 'write', on: 'micro app', why: 'edit it in place' },
  DeleteComment: {
    permission: 'pull_requests',
    access: 'write',
    on: 'micro app',
    why: 'a second comment of ours, written at the same time',
  },
  ListReviewThreads: {
    permission: 'pull_requests',
    access: 'read',
    on: 'micro app',
    why: 'suggested changes that exist already',
  },
  ListDeployments: {
    permission: 'deployments',
    access: 'read',
    on: 'micro app',
    why: 'whether the deployment is up to date',
  },
  SetDeployments: {
    permission: 'deployments',
    access: 'write',
    on: 'micro app',
    why: 'the state and address of a deployment',
  },
};

const LABELS: Readonly<Record<string, string>> = { statuses: 'Commit statuses' };

/** @param call a REST route, or the name of a GraphQL operation */
export function needOf(call: string): Need | undefined {
  return Object.hasOwn(REST_NEEDS, call)
    ? REST_NEEDS[call as RestRoute]
    : Object.hasOwn(GRAPHQL_NEEDS, call)
      ? GRAPHQL_NEEDS[call]
      : undefined;
}

/** Turns `pull_requests` and `write` into the words of the settings page: `Pull requests: write`. */
export function permissionLabel(permission: string, access: string): string {
  const words = permission.replaceAll('_', ' ');
  return `${LABELS[permission] ?? words.charAt(0).toUpperCase() + words.slice(1)}: ${access}`;
}

/**
 * The permission that was missing when GitHub refused: from its header, which REST sends, else from the tables above.
 *
 * @param accepted `x-accepted-github-permissions`: `contents=write,workflows=write; contents=read` (`;` is "or")
 */
export function missingPermission(call: string, accepted: string | undefined): string | undefined {
  if (accepted !== undefined && /^[a-z_]+=[a-z]+([,; ]+[a-z_]+=[a-z]+)*$/.test(accepted)) {
    const ways = accepted.split(';').map((way) =>
      way
        .split(',')
        .map((one) => one.trim().split('='))
        .map(([permission = '', access = '']) => permissionLabel(permission, access))
        .join(' and '),
    );
    return ways.join(', or ');
  }
  const need = needOf(call);
  return need?.permission ? permissionLabel(need.permission, need.access) : undefined;
}
