import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Deployment, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** Fields of a GraphQL Repository: the deployments to `$environment`, the newest first. */
export const DEPLOYMENT_FIELDS = `deployments(environments: [$environment], first: 20, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id commitOid latestStatus { state environmentUrl } }
    }`;

const LIST = `query ListDeployments($owner: String!, $name: String!, $environment: String!) {
  repository(owner: $owner, name: $name) { databaseId ${DEPLOYMENT_FIELDS} }
}`;

export interface DeploymentNode {
  readonly id: string;
  readonly commitOid: string;
  readonly latestStatus: { readonly state: string; readonly environmentUrl: string | null } | null;
}

export interface WithDeployments {
  readonly deployments: { readonly nodes: readonly (DeploymentNode | null)[] | null };
}

interface ListAnswer {
  readonly repository: (WithDeployments & { readonly databaseId: number | null }) | null;
}

type Status = { readonly id: string } & (
  | { readonly state: 'INACTIVE' }
  | { readonly state: 'SUCCESS'; readonly url: string }
);

/**
 * Shows the preview as a deployment of its head commit, and those before it as gone. What stands there already is not
 * written again. Of two that were made for one commit at the same time, the first stays.
 *
 * @param known the deployments to its environment, the newest first
 */
export async function publishDeployment(
  client: GitHubClient,
  pull: PullRequest,
  wanted: Deployment,
  known: readonly DeploymentNode[],
): Promise<void> {
  const { live } = wanted;
  const current = live === null ? undefined : known.findLast(({ commitOid }) => commitOid === live.headSha);
  // GitHub puts old deployments aside by itself, but not those of environments that come and go.
  const over = known.filter((node) => node !== current && node.latestStatus?.state !== 'INACTIVE');
  const statuses: Status[] = over.map(({ id }) => ({ id, state: 'INACTIVE' }));
  const shown = current?.latestStatus;
  if (live !== null && (shown?.state !== 'SUCCESS' || shown.environmentUrl !== live.url)) {
    const id = current?.id ?? (await create(client, pull, wanted.environment, live.headSha));
    statuses.unshift({ id, state: 'SUCCESS', url: live.url });
  }
  if (statuses.length > 0) await setStates(client, pull, statuses);
}

export async function readDeployments(
  client: GitHubClient,
  pull: PullRequest,
  environment: string,
): Promise<DeploymentNode[]> {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, environment });
  const found = data?.repository;
  if (!found || found.databaseId !== id || errors.length > 0) {
    const reason = errors[0]?.message ?? 'it is not where it was';
    throw new GreenroomError('unreachable', `deployments of ${path}: ${reason}`);
  }
  return deploymentsOf(found);
}

export function deploymentsOf({ deployments }: WithDeployments): DeploymentNode[] {
  return (deployments.nodes ?? []).filter((node) => node !== null);
}

/** Over REST: GraphQL makes deployments of branches only, and a branch moves on. Gives GraphQL's id of it. */
async function create(client: GitHubClient, pull: PullRequest, environment: string, ref: string): Promise<string> {
  const { owner, name: repo } = namesOf(pull.repository);
  const { data } = await client.rest<{ node_id?: unknown }>('POST /repos/{owner}/{repo}/deployments', {
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
  if (typeof data.node_id === 'string') return data.node_id;
  throw new GreenroomError('unreachable', 'the answer to a deployment came damaged');
}

/** All in one request. */
async function setStates(client: GitHubClient, pull: PullRequest, statuses: readonly Status[]): Promise<void> {
  const fields = statuses.map((_, i) => `s${i}: createDeploymentStatus(input: $s${i}) { deploymentStatus { state } }`);
  const declared = statuses.map((_, i) => `$s${i}: CreateDeploymentStatusInput!`);
  const inputs = statuses.map((status, i) => {
    const { id: deploymentId, state } = status;
    const address = status.state === 'SUCCESS' ? { environmentUrl: status.url } : {};
    return [`s${i}`, { deploymentId, state, autoInactive: false, ...address }] as const;
  });
  const query = `mutation SetDeployments(${declared.join(', ')}) { ${fields.join('\n  ')} }`;
  const { errors } = await client.mutate(query, Object.fromEntries(inputs));
  if (errors.length === 0) return;
  throw new GreenroomError('failed', `deployments of ${pull.repository.path} were refused: ${errors[0]!.message}`);
}
