import { parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Deployment, KeptDeployment, LiveDeployment, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** Fields of a GraphQL Repository: the deployments to `$environment`, newest first. */
export const DEPLOYMENT_FIELDS = `deployments(environments: [$environment], first: 100, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id commitOid createdAt description latestStatus { state environmentUrl description } }
    }`;

const LIST = `query ListDeployments($owner: String!, $name: String!, $environment: String!) {
  repository(owner: $owner, name: $name) { databaseId ${DEPLOYMENT_FIELDS} }
}`;

export interface DeploymentNode {
  readonly id: string;
  readonly commitOid: string;
  readonly createdAt: string;
  readonly description: string | null;
  readonly latestStatus: {
    readonly state: string;
    readonly environmentUrl: string | null;
    readonly description: string | null;
  } | null;
}

/** A deployment with GraphQL's id. */
export interface StoredDeployment extends KeptDeployment {
  readonly id: string;
}

export interface WithDeployments {
  readonly deployments: { readonly nodes: readonly (DeploymentNode | null)[] | null };
}

interface ListAnswer {
  readonly repository: (WithDeployments & { readonly databaseId: number | null }) | null;
}

interface Status {
  readonly id: string;
  readonly state: KeptDeployment['state'];
  readonly description: string;
  readonly url: string | null;
}

/**
 * Shows the preview as a deployment of its head commit, and sets earlier deployments to inactive unless they stay. An
 * unchanged deployment is not written again. If two exist for one commit, the first one is used.
 *
 * @param known the deployments to its environment, newest first
 */
export async function publishDeployment(
  client: GitHubClient,
  pull: PullRequest,
  environment: string,
  { live, staying, isGone = false, endsAtOnce = false }: Deployment,
  known: readonly StoredDeployment[],
): Promise<void> {
  const current = live === null ? undefined : known.findLast(({ headSha }) => headSha === live.headSha);
  const isStaying = ({ headSha }: StoredDeployment) => staying.some((sha) => headSha.startsWith(sha));
  // GitHub sets old deployments to inactive by itself, but not those of transient environments.
  const over = known.filter((one) => one !== current && one.state !== 'inactive' && !isStaying(one));
  const statuses: Status[] = over.map((one) => ({ ...one, state: 'inactive', url: null }));
  if (live !== null && (current === undefined || !isEqual(live, current))) {
    const id = current?.id ?? (await create(client, pull, environment, live.headSha));
    statuses.unshift({ ...live, id });
  }
  if (statuses.length > 0) await setStates(client, pull, statuses);
  const isOver = isGone || (endsAtOnce && over.length > 0);
  if (live === null && isOver && known.length > 0) await removeEnvironment(client, pull, environment);
}

function isEqual(wanted: LiveDeployment, { state, description, url }: StoredDeployment): boolean {
  return wanted.state === state && wanted.description === description && wanted.url === url;
}

/** Needs the permission Administration: write. Without it the environment stays in the repository's list, inactive. */
async function removeEnvironment(client: GitHubClient, pull: PullRequest, environment: string): Promise<void> {
  const { owner, name: repo } = namesOf(pull.repository);
  const route = 'DELETE /repos/{owner}/{repo}/environments/{environment_name}';
  await client.rest(route, { owner, repo, environment_name: environment }, [403, 404]);
}

export async function readDeployments(
  client: GitHubClient,
  pull: PullRequest,
  environment: string,
): Promise<StoredDeployment[]> {
  const { owner, name } = namesOf(pull.repository);
  const { id, path } = pull.repository;
  const { data, errors } = await client.query<ListAnswer>(LIST, { owner, name, environment });
  const found = data?.repository;
  if (!found || found.databaseId !== id || errors.length > 0) {
    const reason = errors[0]?.message ?? 'it is not where it was';
    throw new GreenroomError('unreachable', `deployments of ${path}: ${reason}`);
  }
  return deploymentsOf(found, pull.number);
}

/** The deployments of one pull request: several may share an environment. */
export function deploymentsOf({ deployments }: WithDeployments, number: number): StoredDeployment[] {
  return (deployments.nodes ?? []).flatMap((node) => (node?.description === descriptionOf(number) ? stored(node) : []));
}

function descriptionOf(number: number): string {
  return `Preview of pull request ${number}`;
}

/** GraphQL's names of the states that we write; any other state counts as inactive. */
const STATES: Readonly<Record<string, KeptDeployment['state']>> = {
  IN_PROGRESS: 'in_progress',
  SUCCESS: 'success',
  FAILURE: 'failure',
  INACTIVE: 'inactive',
};

function stored({ id, commitOid, createdAt, latestStatus }: DeploymentNode): StoredDeployment {
  return {
    id,
    headSha: commitOid,
    createdAt: parseTime(createdAt) ?? 0,
    // A deployment without a status is left from a run that crashed: its status is written again.
    state: latestStatus === null ? 'in_progress' : (STATES[latestStatus.state] ?? 'inactive'),
    description: latestStatus?.description ?? '',
    url: latestStatus?.environmentUrl || null,
  };
}

/** Over REST, since GraphQL only creates deployments of branches, not of commits. Returns GraphQL's id. */
async function create(client: GitHubClient, pull: PullRequest, environment: string, ref: string): Promise<string> {
  const { owner, name: repo } = namesOf(pull.repository);
  const { data } = await client.rest<{ node_id?: unknown }>('POST /repos/{owner}/{repo}/deployments', {
    owner,
    repo,
    ref,
    environment,
    description: descriptionOf(pull.number),
    // By default GitHub merges the base branch into the head, and waits for all checks, including ours.
    auto_merge: false,
    required_contexts: [],
    transient_environment: true,
    production_environment: false,
  });
  if (typeof data.node_id === 'string') return data.node_id;
  throw new GreenroomError('unreachable', 'the answer to a deployment is malformed');
}

/** Sets all of them in one request. */
async function setStates(client: GitHubClient, pull: PullRequest, statuses: readonly Status[]): Promise<void> {
  const fields = statuses.map((_, i) => `s${i}: createDeploymentStatus(input: $s${i}) { deploymentStatus { state } }`);
  const declared = statuses.map((_, i) => `$s${i}: CreateDeploymentStatusInput!`);
  const inputs = statuses.map(({ id: deploymentId, state, description, url }, i) => {
    const address = url === null ? {} : { environmentUrl: url };
    return [
      `s${i}`,
      { deploymentId, state: state.toUpperCase(), description, autoInactive: false, ...address },
    ] as const;
  });
  const query = `mutation SetDeployments(${declared.join(', ')}) { ${fields.join('\n  ')} }`;
  const { errors } = await client.mutate(query, Object.fromEntries(inputs));
  if (errors.length === 0) return;
  throw new GreenroomError('failed', `deployments of ${pull.repository.path} were refused: ${errors[0]!.message}`);
}
