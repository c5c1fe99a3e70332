import type { FakeGitHub, FakeRequest } from './server.ts';
import type { Schemas } from './shapes.ts';
import type { FakeRepository } from './store.ts';

/** As GitHub sends it: its description leaves every part out that it may. */
type BasicError = Required<Pick<Schemas['basic-error'], 'message' | 'documentation_url' | 'status'>>;
type ValidationError = (Schemas['validation-error'] | Schemas['validation-error-simple']) & BasicError;

/** By its id, a repository is not part of the description: the fields that are looked at, as by its name. */
export type RepositoryBody = Pick<Schemas['repository'], 'id' | 'name' | 'full_name' | 'owner'>;

/** What `greenroom new` looks at of a repository, a pull request, a branch and labels. */
export type WorkshopBody =
  | Pick<Schemas['full-repository'], 'id' | 'name' | 'full_name' | 'default_branch'>
  | { readonly ref: string; readonly object: { readonly sha: unknown } }
  | PullBody
  | readonly PullBody[]
  | readonly { readonly name: string }[];

type PullBody = Pick<Schemas['pull-request'], 'number' | 'html_url' | 'state' | 'merged_at'>;

/** Every body that is ever answered with. */
export type RestBody =
  | undefined
  | BasicError
  | ValidationError
  | RepositoryBody
  | WorkshopBody
  | Schemas['installation']
  | Schemas['installation-token']
  | Schemas['blob']
  | Schemas['git-tree']
  | Schemas['git-commit']
  | Schemas['git-ref']
  | Schemas['file-commit']
  | Schemas['check-run']
  | { readonly total_count: number; readonly check_runs: readonly Schemas['check-run'][] }
  | Schemas['status']
  | readonly Schemas['status'][]
  | Schemas['repository-collaborator-permission']
  | Schemas['reaction']
  | Schemas['deployment']
  | readonly Schemas['deployment'][]
  | Schemas['deployment-status']
  | readonly Schemas['diff-entry'][]
  | Schemas['pull-request-review-comment'];

export interface RestAnswer<Body = RestBody> {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Body;
}

export type Handler = (
  fake: FakeGitHub,
  repo: FakeRepository,
  request: FakeRequest,
  rest: string[],
) => RestAnswer | Promise<RestAnswer>;

const documentation_url = 'https://docs.github.com/rest';

/** A refusal by a `basic-error`. */
export function refusal(status: number, message: string): RestAnswer<BasicError> {
  return { status, body: { message, documentation_url, status: String(status) } };
}

export const NOT_FOUND = refusal(404, 'Not Found');

export const ARCHIVED = 'Repository was archived so is read-only.';

/** A refusal by a `validation-error`. */
export function invalid(message: string, errors?: Schemas['validation-error']['errors']): RestAnswer<ValidationError> {
  const found = errors === undefined ? {} : { errors };
  return { status: 422, body: { message, documentation_url, status: '422', ...found } };
}

export function refused(permissions: string): RestAnswer {
  const answer = refusal(403, 'Resource not accessible by integration');
  return { ...answer, headers: { 'x-accepted-github-permissions': permissions } };
}

export function keyOf(repo: Pick<FakeRepository, 'owner' | 'name'>): string {
  return `${repo.owner}/${repo.name}`;
}
