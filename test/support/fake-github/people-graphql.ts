import type { BuildFile } from '../forge.ts';
import { keyOf } from './answers.ts';
import { connection, type Page } from './connection.ts';
import type { FakeGitHub } from './server.ts';
import { FakeError, type FakeRepository, type StoredComment } from './store.ts';

const REACTIONS = { '+1': 'THUMBS_UP', '-1': 'THUMBS_DOWN', confused: 'CONFUSED', eyes: 'EYES' } as const;

function actorNode(fake: FakeGitHub, login: string | null): object | null {
  if (login === null || login === 'ghost') return null;
  return { __typename: fake.bots.has(login) || login.endsWith('[bot]') ? 'Bot' : 'User', login };
}

export function commentNode(fake: FakeGitHub, comment: StoredComment): object {
  return {
    id: comment.id,
    fullDatabaseId: String(comment.number),
    body: comment.body,
    createdAt: new Date(comment.createdAt * 1000).toISOString(),
    updatedAt: comment.updatedAt,
    author: actorNode(fake, comment.author),
    editor: actorNode(fake, comment.editor),
    viewerDidAuthor: comment.author === fake.login,
    // Who may write to a repository may edit the comments of others.
    viewerCanUpdate: !fake.missing.has('comments'),
    reactionGroups: Object.entries(REACTIONS).map(([content, name]) => ({
      content: name,
      viewerHasReacted: comment.reactions.some((one) => one.content === content && one.login === fake.login),
    })),
  };
}

/** The latest status of each context. */
export function statusNode(fake: FakeGitHub, repo: Pick<FakeRepository, 'owner' | 'name'>, sha: string): object | null {
  const all = fake.statuses.filter((status) => status.repository === keyOf(repo) && status.head_sha === sha);
  const latest = new Map(all.map((status) => [status['context'], status]));
  if (latest.size === 0) return null;
  return {
    contexts: [...latest.values()].map((status) => ({
      context: status['context'],
      state: String(status['state'] ?? 'success').toUpperCase(),
      description: status['description'] ?? null,
      createdAt: status['created_at'],
      targetUrl: status['target_url'] ?? null,
    })),
  };
}

/** Builds of the pull requests' files, and the checks and statuses that were written over the API; null for none. */
export function rollupNode(fake: FakeGitHub, repo: FakeRepository, sha: string): object | null {
  fake.allow('reading checks');
  const builds = repo
    .pullRequests()
    .flatMap(({ head, builds: own = [] }) => own.filter((build) => (build.sha ?? head.sha) === sha).map(buildNode));
  const checks = fake.checks.filter((run) => run.repository === keyOf(repo) && run.head_sha === sha);
  const runs = checks.map((run) => ({
    __typename: 'CheckRun',
    name: run['name'],
    status: String(run['status'] ?? 'completed').toUpperCase(),
    conclusion: run['conclusion'] === undefined ? null : String(run['conclusion']).toUpperCase(),
    detailsUrl: null,
  }));
  const own = statusNode(fake, repo, sha) as { contexts: object[] } | null;
  const statuses = (own?.contexts ?? []).map((status) => ({ __typename: 'StatusContext', ...status }));
  const nodes = [...builds, ...runs, ...statuses];
  return nodes.length === 0 ? null : { contexts: (page: Page) => connection(nodes, page, (node) => node) };
}

/** Systems other than GitHub Actions write statuses; here, those whose names begin with `ci/`. */
function buildNode({ name, state, ...build }: BuildFile): object {
  const { startedAt = null, endedAt = null, url = null } = build as { [field: string]: string | null };
  if (name.startsWith('ci/')) {
    const states = { queued: 'EXPECTED', running: 'PENDING', passed: 'SUCCESS', failed: 'ERROR' };
    const createdAt = endedAt ?? startedAt ?? new Date(0).toISOString();
    return { __typename: 'StatusContext', context: name, state: states[state], createdAt, targetUrl: url };
  }
  const status = { queued: 'QUEUED', running: 'IN_PROGRESS', passed: 'COMPLETED', failed: 'COMPLETED' }[state];
  const conclusion = { queued: null, running: null, passed: 'SUCCESS', failed: 'FAILURE' }[state];
  return { __typename: 'CheckRun', name, status, conclusion, startedAt, completedAt: endedAt, detailsUrl: url };
}

export interface DeploymentsPage extends Page {
  readonly environments?: readonly string[];
  readonly orderBy?: { readonly direction: string };
}

export function deploymentNodes(fake: FakeGitHub, repo: FakeRepository, page: DeploymentsPage) {
  fake.allow('reading deployments');
  const found = fake.deployments.filter(
    (one) => one.repository === keyOf(repo) && (page.environments?.includes(one.environment) ?? true),
  );
  if (page.orderBy?.direction === 'DESC') found.reverse();
  return connection(found, page, (one) => {
    const latest = one.statuses.at(-1);
    const state = latest?.state.toUpperCase();
    return {
      id: one.node_id,
      // As on GitHub, where the numbers have outgrown it.
      databaseId: null,
      commitOid: one.sha,
      description: one.description,
      createdAt: new Date(one.created_at * 1000).toISOString(),
      latestStatus:
        latest === undefined
          ? null
          : { state, environmentUrl: latest.environment_url ?? null, description: latest.description ?? '' },
    };
  });
}

export interface DeploymentStatusInput {
  readonly deploymentId: string;
  readonly state: string;
  readonly environmentUrl?: string;
  readonly description?: string;
}

export function setDeployment(
  fake: FakeGitHub,
  { deploymentId, state, environmentUrl, description = '' }: DeploymentStatusInput,
) {
  fake.allow('deployments');
  const deployment = fake.deployments.find(({ node_id }) => node_id === deploymentId);
  if (deployment === undefined) throw new FakeError('NOT_FOUND', 'Could not resolve to a node with the global id');
  if (description.length > 140)
    throw new FakeError('UNPROCESSABLE', 'Description is too long (maximum is 140 characters)');
  const address = environmentUrl === undefined ? {} : { environment_url: environmentUrl };
  deployment.statuses.push({ state: state.toLowerCase(), description, ...address });
  return { deploymentStatus: { state } };
}

export function remarkNodes(fake: FakeGitHub, subject: string, page: Page) {
  return connection(
    fake.remarks.filter((remark) => remark.subject === subject),
    page,
    ({ body, author, isResolved, isOutdated }) => ({
      isResolved,
      isOutdated,
      comments: () => connection([body], { first: 1 }, () => ({ body, viewerDidAuthor: author === fake.login })),
    }),
  );
}
