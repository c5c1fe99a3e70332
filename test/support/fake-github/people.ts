import { git } from '../git.ts';
import { type Handler, invalid, keyOf, NOT_FOUND, type RestAnswer, refusal, refused } from './answers.ts';
import * as shapes from './people-shapes.ts';
import type { FakeGitHub, FakeRequest } from './server.ts';
import type { Schemas } from './shapes.ts';
import type { FakeRepository } from './store.ts';

export interface StoredDeployment {
  readonly id: number;
  readonly node_id: string;
  readonly repository: string;
  readonly sha: string;
  readonly environment: string;
  readonly description: string;
  /** Unix seconds. */
  readonly created_at: number;
  readonly transient_environment: boolean;
  readonly production_environment: boolean;
  readonly statuses: { readonly state: string; readonly environment_url?: string; readonly description?: string }[];
}

/** A remark on lines of the diff. */
export interface StoredRemark {
  readonly subject: string;
  readonly author: string;
  readonly body: string;
  readonly path: string;
  readonly line: number;
  readonly start_line?: number;
  isResolved: boolean;
  isOutdated: boolean;
}

/** What people see on a pull request, and what they may do. */
export const PEOPLE_ROUTES: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^collaborators\/([^/]+)\/permission$/, permission],
  ['POST', /^issues\/comments\/(\d+)\/reactions$/, react],
  ['POST', /^deployments$/, deploy],
  ['DELETE', /^environments\/(.+)$/, removeEnvironment],
  ['GET', /^pulls\/(\d+)\/files$/, changedFiles],
  ['POST', /^pulls\/(\d+)\/comments$/, remark],
];

function permission(fake: FakeGitHub, _: FakeRepository, __: FakeRequest, [login = '']: string[]): RestAnswer {
  const own = fake.permissions.get(login);
  if (own === undefined) return refusal(404, `${login} is not a user`);
  return { status: 200, body: shapes.permission(login, own) };
}

function react(fake: FakeGitHub, _: FakeRepository, { body }: FakeRequest, [id = '']: string[]): RestAnswer {
  if (fake.missing.has('reactions')) return refused('issues=write; pull_requests=write');
  const comment = fake.commentByNumber(Number(id));
  if (comment === undefined) return NOT_FOUND;
  const content = body['content'] as Schemas['reaction']['content'];
  const isThere = comment.reactions.some((one) => one.login === fake.login && one.content === content);
  if (!isThere) comment.reactions.push({ login: fake.login, content });
  return { status: isThere ? 200 : 201, body: shapes.reaction(content) };
}

function deploy(fake: FakeGitHub, repo: FakeRepository, { body }: FakeRequest): RestAnswer {
  if (fake.missing.has('deployments')) return refused('deployments=write');
  // What GitHub does by default: it merges the base branch, and wants every check to have passed.
  if (body['auto_merge'] !== false) return refusal(409, 'Conflict merging main');
  if (JSON.stringify(body['required_contexts']) !== '[]') {
    return refusal(409, 'Conflict: Commit status checks failed');
  }
  const id = 6_000_000_000 + fake.deployments.length;
  const deployment: StoredDeployment = {
    id,
    node_id: `DE_${id}`,
    repository: keyOf(repo),
    sha: String(body['ref']),
    environment: String(body['environment'] ?? 'production'),
    description: String(body['description'] ?? ''),
    created_at: fake.clock(),
    transient_environment: body['transient_environment'] === true,
    production_environment: body['production_environment'] === true,
    statuses: [],
  };
  fake.deployments.push(deployment);
  return { status: 201, body: shapes.deployment(repo, deployment) };
}

function removeEnvironment(
  fake: FakeGitHub,
  repo: FakeRepository,
  _: FakeRequest,
  [environment = '']: string[],
): RestAnswer {
  if (fake.missing.has('administration')) return refused('administration=write');
  const isOf = (one: StoredDeployment) => one.repository === keyOf(repo) && one.environment === environment;
  if (!fake.deployments.some(isOf)) return NOT_FOUND;
  for (let i = fake.deployments.length - 1; i >= 0; i--) if (isOf(fake.deployments[i]!)) fake.deployments.splice(i, 1);
  return { status: 204, body: undefined };
}

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** The files that the head commit changes, with their diffs as git makes them. */
function patches(repo: FakeRepository, number: number): { filename: string; patch: string }[] {
  const sha = repo.pullRequest(number)!.head.sha;
  const [, parent = EMPTY_TREE] = git(repo.gitDir, ['rev-list', '--parents', '-n1', sha]).split(' ');
  const names = git(repo.gitDir, ['diff', '--name-only', '-z', parent, sha]).split('\0').filter(Boolean);
  return names.map((filename) => {
    const diff = git(repo.gitDir, ['diff', '-U3', parent, sha, '--', filename]);
    return { filename, patch: diff.slice(diff.indexOf('\n@@') + 1) };
  });
}

function changedFiles(_: FakeGitHub, repo: FakeRepository, { path }: FakeRequest, [number = '']: string[]): RestAnswer {
  const query = new URLSearchParams(path.split('?')[1]);
  const [size, page] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)];
  const named = repo.pullRequest(Number(number))?.files?.map((filename) => ({ filename, patch: '' }));
  const files = (named ?? patches(repo, Number(number))).slice((page - 1) * size, page * size);
  return { status: 200, body: files.map(({ filename, patch }) => shapes.changedFile(repo, filename, patch)) };
}

function remark(fake: FakeGitHub, repo: FakeRepository, { body }: FakeRequest, [number = '']: string[]): RestAnswer {
  if (fake.missing.has('remarks')) return refused('pull_requests=write');
  const pull = repo.pullRequest(Number(number))!;
  const { path, line, start_line, commit_id, side } = body as unknown as StoredRemark & {
    commit_id: string;
    side: string;
  };
  const patch = patches(repo, Number(number)).find(({ filename }) => filename === path)?.patch ?? '';
  const hunk = shownLines(patch).find((lines) => lines.has(line) && lines.has(start_line ?? line));
  if (commit_id !== pull.head.sha || side !== 'RIGHT' || hunk === undefined || (start_line ?? 0) >= line) {
    return invalid('Validation Failed', [{ field: 'pull_request_review_thread.line', code: 'invalid' }]);
  }
  const subject = `PR_${repo.id}_${number}`;
  const state = { isResolved: false, isOutdated: false };
  const start = start_line === undefined ? {} : { start_line };
  const remark = { subject, author: fake.login, body: String(body['body']), path, line, ...start, ...state };
  const id = fake.remarks.push(remark);
  return { status: 201, body: shapes.reviewComment(repo, remark, id, { number: Number(number), sha: pull.head.sha }) };
}

/** Numbers of the lines that each hunk shows of the new side, counted line by line. */
function shownLines(patch: string): Set<number>[] {
  const hunks: Set<number>[] = [];
  let next = 0;
  for (const text of patch.split('\n')) {
    const start = /^@@ .* \+(\d+)/.exec(text)?.[1];
    if (start !== undefined) {
      next = Number(start);
      hunks.push(new Set());
    } else if (/^[ +]/.test(text)) {
      hunks.at(-1)!.add(next);
      next += 1;
    }
  }
  return hunks;
}
