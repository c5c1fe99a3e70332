import { type Build, type Builds, buildName, buildUrl } from '../../core/build.ts';
import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Lookup, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** Checks and statuses of one commit: as many as one answer takes. */
const CHECKS = `statusCheckRollup { contexts(first: 100) { totalCount nodes {
  __typename
  ... on CheckRun { name status conclusion startedAt completedAt detailsUrl }
  ... on StatusContext { context state createdAt targetUrl }
} } }`;

/** The head and some commits before it, of the pull request and of the branch that it wants to change. */
const BUILDS = `query ReadBuilds($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequest(number: $number) {
      commits(last: 6) { nodes { commit { oid ${CHECKS} } } }
      baseRef { target { ... on Commit { history(first: 4) { nodes { oid ${CHECKS} } } } } }
    }
  }
}`;

type CheckNode =
  | {
      readonly __typename: 'CheckRun';
      readonly name: string;
      readonly status: string;
      readonly conclusion: string | null;
      readonly startedAt: string | null;
      readonly completedAt: string | null;
      readonly detailsUrl: string | null;
    }
  | {
      readonly __typename: 'StatusContext';
      readonly context: string;
      readonly state: string;
      readonly createdAt: string;
      readonly targetUrl: string | null;
    };

interface CommitNode {
  readonly oid: string;
  readonly statusCheckRollup: {
    readonly contexts: { readonly totalCount: number; readonly nodes: readonly (CheckNode | null)[] | null } | null;
  } | null;
}

interface BuildsAnswer {
  readonly repository: {
    readonly databaseId: number | null;
    readonly pullRequest: {
      readonly commits: { readonly nodes: readonly ({ readonly commit: CommitNode } | null)[] | null } | null;
      readonly baseRef: {
        readonly target: { readonly history?: { readonly nodes: readonly (CommitNode | null)[] | null } } | null;
      } | null;
    } | null;
  } | null;
}

/** Ours are no builds. */
const OWN = /^greenroom\//;

/**
 * The checks and statuses of a head, and of commits before it.
 *
 * @param serverUrl GitHub's pages: links elsewhere are whatever somebody wrote, and are left out
 */
export async function readBuilds(client: GitHubClient, serverUrl: string, pull: PullRequest): Promise<Lookup<Builds>> {
  const unknown = (reason: string): Lookup<Builds> => ({ status: 'unknown', reason });
  try {
    const variables = { ...namesOf(pull.repository), number: pull.number };
    const { data, errors } = await client.query<BuildsAnswer>(BUILDS, variables);
    const node = data?.repository?.pullRequest;
    if (!node || errors.length > 0) return unknown(errors[0]?.message ?? 'the answer lacks parts of it');
    if (data.repository?.databaseId !== pull.repository.id) return unknown('another repository has the name by now');
    const own = (node.commits?.nodes ?? []).flatMap((one) => one?.commit ?? []);
    const head = own.find(({ oid }) => oid === pull.head.sha);
    if (head === undefined) return unknown('it has another head by now');
    const before = node.baseRef?.target?.history?.nodes ?? [];
    // A commit may be on both branches.
    const commits = new Map([...own, ...before.flatMap((one) => one ?? [])].map((one) => [one.oid, one]));
    commits.delete(head.oid);
    const buildsOf = (commit: CommitNode) => checksOf(commit, serverUrl);
    const { totalCount = 0, nodes } = head.statusCheckRollup?.contexts ?? {};
    const rest = totalCount > (nodes?.length ?? 0) ? { isPartial: true } : {};
    return { status: 'found', value: { head: buildsOf(head), earlier: [...commits.values()].map(buildsOf), ...rest } };
  } catch (error) {
    // A token may read pull requests and no checks: then nobody knows of builds.
    if (error instanceof GreenroomError) return unknown(error.message);
    throw error;
  }
}

function checksOf({ statusCheckRollup }: CommitNode, serverUrl: string): Build[] {
  return (statusCheckRollup?.contexts?.nodes ?? []).flatMap((node) => {
    const build =
      node === null ? null : node.__typename === 'CheckRun' ? ofRun(node, serverUrl) : ofStatus(node, serverUrl);
    return build === null || OWN.test(build.name) ? [] : [build];
  });
}

const timeOf = (text: string | null) => parseTime(text ?? '') ?? null;

function ofRun(node: Extract<CheckNode, { __typename: 'CheckRun' }>, serverUrl: string): Build | null {
  const { name, status, conclusion, startedAt, completedAt, detailsUrl } = node;
  const known = { name: buildName(name), url: buildUrl(detailsUrl, serverUrl) };
  if (status === 'IN_PROGRESS') return { ...known, state: 'running', startedAt: timeOf(startedAt), endedAt: null };
  if (status !== 'COMPLETED') return { ...known, state: 'queued', startedAt: null, endedAt: null };
  // What was left out, or is out of date, says nothing.
  if (conclusion === 'SKIPPED' || conclusion === 'STALE' || conclusion === null) return null;
  const state = conclusion === 'SUCCESS' || conclusion === 'NEUTRAL' ? 'passed' : 'failed';
  return { ...known, state, startedAt: timeOf(startedAt), endedAt: timeOf(completedAt) };
}

/** A status has one time: when it was written. */
function ofStatus(node: Extract<CheckNode, { __typename: 'StatusContext' }>, serverUrl: string): Build {
  const at = timeOf(node.createdAt);
  const known = { name: buildName(node.context), url: buildUrl(node.targetUrl, serverUrl) };
  if (node.state === 'PENDING') return { ...known, state: 'running', startedAt: at, endedAt: null };
  // A branch asks for it, and nobody has written it yet.
  if (node.state === 'EXPECTED') return { ...known, state: 'queued', startedAt: null, endedAt: null };
  return { ...known, state: node.state === 'SUCCESS' ? 'passed' : 'failed', startedAt: null, endedAt: at };
}
