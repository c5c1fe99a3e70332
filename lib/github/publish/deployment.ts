import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Deployment, PullRequest } from '../../forge/forge.ts';
import type { Cache } from '../http/cache.ts';
import type { GitHubClient } from '../http/client.ts';

const LIST = `query ListDeployments($owner: String!, $name: String!, $environment: String!) {
  repository(owner: $owner, name: $name) {
    databaseId
    deployments(environments: [$environment], first: 10, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id commitOid latestStatus { state environmentUrl } }
    }
  }
}`;

interface DeploymentNode {
  readonly id: string;
  readonly commitOid: string;
  readonly latestStatus: { readonly state: string; readonly environmentUrl: string | null } | null;
}

interface ListAnswer {
  readonly repository: {
    readonly databaseId: number | null;
    readonly deployments: { readonly nodes: readonly (DeploymentNode | null)[] | null };
  } | null;
}

/**
 * Shows the preview as a deployment of its head commit, and those before it as gone. What stands there already is not
 * written again.
 */
export async function publishDeployment(
  client: GitHubClient,
  cache: Cache,
  pull: PullRequest,
  wanted: Deployment,
): Promise<void> {
  const known = await readDeployments(client, pull, wanted.environment);
  const isCurrent = (node: DeploymentNode) => node.commitOid === wanted.live?.headSha;
  const current = known.find(isCurrent);
  // GitHub puts old deployments aside by itself, but not those of environments that come and go.
  const over = known.filter((node) => node !== current && node.latestStatus?.state !== 'INACTIVE');
  const shown = current?.latestStatus;
  const isShown = shown?.state === 'SUCCESS' && shown.environmentUrl === wanted.live?.url;
  if (over.length === 0 && (wanted.live === null || isShown)) return;

  const needed = [...over, ...(current === undefined || isShown ? [] : [current])].map(({ id }) => id);
  const ids = await numbersOf(client, cache, pull, wanted.environment, needed);
  if (wanted.live !== null && !isShown) {
    const { headSha, url } = wanted.live;
    const id = ids.get(current?.id) ?? (await create(client, cache, pull, wanted.environment, headSha));
    await setState(client, pull, id, { state: 'success', environment_url: url });
  }
  for (const node of over) {
    const id = ids.get(node.id);
    if (id !== undefined) await setState(client, pull, id, { state: 'inactive' });
  }
}

/** REST's numbers by GraphQL's ids: GraphQL has them in 32 bits only. What we made ourselves is remembered. */
async function numbersOf(
  client: GitHubClient,
  cache: Cache,
  pull: PullRequest,
  environment: string,
  needed: readonly string[],
): Promise<ReadonlyMap<string | undefined, number>> {
  const known = new Map<string | undefined, number>();
  for (const node of needed) {
    const id = Number(await cache.get(numberKey(client, node)));
    if (Number.isSafeInteger(id) && id > 0) known.set(node, id);
  }
  if (known.size === needed.length) return known;
  const { owner, name: repo } = namesOf(pull.repository);
  const route = 'GET /repos/{owner}/{repo}/deployments';
  const { data } = await client.rest<unknown>(route, { owner, repo, environment, per_page: 100 });
  if (!Array.isArray(data)) throw new GreenroomError('unreachable', 'the list of deployments came damaged');
  return new Map(data.map((entry: { id: number; node_id: string }) => [entry.node_id as string | undefined, entry.id]));
}

async function readDeployments(client: GitHubClient, pull: PullRequest, environment: string) {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, environment });
  const found = data?.repository;
  if (!found || found.databaseId !== id || errors.length > 0) {
    const reason = errors[0]?.message ?? 'it is not where it was';
    throw new GreenroomError('unreachable', `deployments of ${path}: ${reason}`);
  }
  return (found.deployments.nodes ?? []).filter((node) => node !== null);
}

async function create(
  client: GitHubClient,
  cache: Cache,
  pull: PullRequest,
  environment: string,
  ref: string,
): Promise<number> {
  const { owner, name: repo } = namesOf(pull.repository);
  const { data } = await client.rest<{ id?: unknown; node_id?: unknown }>('POST /repos/{owner}/{repo}/deployments', {
    owner,
    repo,
    ref,
    environment,
    description: `Preview of pull request ${pull.number}`,
    // By default GitHub would merge the base branch into the head, and wait for all checks, ours included.
    auto_merge: false,
    required_contexts: [],
    transient_environment: true,
    production_environment: false,
  });
  if (typeof data.id !== 'number') throw new GreenroomError('unreachable', 'the answer to a deployment came damaged');
  if (typeof data.node_id === 'string') await cache.set(numberKey(client, data.node_id), String(data.id));
  return data.id;
}

const numberKey = ({ description }: GitHubClient, node: string) => `deployment ${description} ${node}`;

async function setState(
  client: GitHubClient,
  pull: PullRequest,
  id: number,
  state: { readonly state: 'success' | 'inactive'; readonly environment_url?: string },
): Promise<void> {
  const { owner, name: repo } = namesOf(pull.repository);
  const route = 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';
  await client.rest(route, { owner, repo, deployment_id: id, auto_inactive: false, ...state });
}
