import { commitFiles, git } from '../git.ts';
import {
  ARCHIVED,
  type Handler,
  invalid,
  keyOf,
  NOT_FOUND,
  type RepositoryBody,
  type RestAnswer,
  refusal,
  refused,
} from './answers.ts';
import { createCommit, createTree, readCommit, readRef, readTree, updateRef } from './git-data.ts';
import { fileCommit } from './git-shapes.ts';
import { PEOPLE_ROUTES } from './people.ts';
import type { FakeGitHub, FakeRequest, StoredCheck } from './server.ts';
import { blob, checkRun, commitStatus, user } from './shapes.ts';
import type { FakeRepository } from './store.ts';
import { createRepository, WORKSHOP_ROUTES } from './workshop.ts';

const ROUTES: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^git\/blobs\/([0-9a-f]+)$/, readBlob],
  ['GET', /^git\/trees\/(.+)$/, readTree],
  ['GET', /^git\/commits\/(.+)$/, readCommit],
  ['GET', /^git\/ref\/heads\/(.+)$/, readRef],
  ['POST', /^git\/trees$/, writing(createTree)],
  ['POST', /^git\/commits$/, writing(createCommit)],
  ['PATCH', /^git\/refs\/heads\/(.+)$/, writing(updateRef)],
  ['PUT', /^contents\/(.+)$/, writing(firstFile)],
  ['GET', /^commits\/([0-9a-f]+)\/check-runs$/, listChecks],
  ['POST', /^check-runs$/, createCheck],
  ['PATCH', /^check-runs\/(\d+)$/, updateCheck],
  ['GET', /^commits\/([0-9a-f]+)\/statuses$/, listStatuses],
  ['POST', /^statuses\/([0-9a-f]+)$/, createStatus],
  ...PEOPLE_ROUTES,
  ...WORKSHOP_ROUTES,
];

export async function runRest(fake: FakeGitHub, request: FakeRequest): Promise<RestAnswer> {
  const path = request.path.split('?')[0]!.split('/').slice(1).map(decodeURIComponent);
  if (path[0] === 'repositories') {
    const repo = fake.repositoryById(Number(path[1]));
    return repo === undefined ? NOT_FOUND : { status: 200, body: repositoryBody(repo) };
  }
  const [root, owner = '', name = '', ...below] = path;
  if (request.method === 'POST' && root === 'orgs' && name === 'repos') return createRepository(fake, owner, request);
  const repo = root === 'repos' ? fake.repository(owner, name) : undefined;
  if (repo === undefined) return NOT_FOUND;
  for (const [method, pattern, handler] of ROUTES) {
    const match = pattern.exec(below.join('/'));
    if (method !== request.method || match === null) continue;
    if (method !== 'GET' && fake.archived.has(keyOf(repo))) return refusal(403, ARCHIVED);
    return handler(fake, repo, request, match.slice(1));
  }
  return NOT_FOUND;
}

function repositoryBody(repo: FakeRepository): RepositoryBody {
  return { id: repo.id, name: repo.name, full_name: keyOf(repo), owner: user(repo.owner, 'Organization') };
}

async function readBlob(
  _: FakeGitHub,
  repo: FakeRepository,
  __: FakeRequest,
  [sha = '']: string[],
): Promise<RestAnswer> {
  const object = await repo.object(sha);
  if (object?.type !== 'blob') return NOT_FOUND;
  return { status: 200, body: blob(sha, object.content!) };
}

async function firstFile(
  _: FakeGitHub,
  repo: FakeRepository,
  { body }: FakeRequest,
  [path = '']: string[],
): Promise<RestAnswer> {
  const branch = String(body['branch'] ?? repo.defaultBranch());
  const parent = repo.head(branch);
  if (parent === null && !repo.isEmpty()) return refusal(404, `Branch ${branch} not found`);
  const isThere = parent !== null && git(repo.gitDir, ['--literal-pathspecs', 'ls-tree', parent, '--', path]) !== '';
  if (isThere && body['sha'] === undefined) return invalid('Invalid request.\n\n"sha" wasn\'t supplied.');
  const content = Buffer.from(String(body['content']), 'base64');
  const sha = commitFiles(repo.gitDir, { [path]: content }, { branch, message: String(body['message']) });
  return { status: 201, body: await fileCommit(repo, path, content, sha) };
}

/** What needs the permission to write contents. */
function writing(handler: Handler): Handler {
  return (fake, ...rest) => (fake.missing.has('contents') ? refused('contents=write') : handler(fake, ...rest));
}

function listChecks(fake: FakeGitHub, repo: FakeRepository, request: FakeRequest, [sha = '']: string[]): RestAnswer {
  const name = new URLSearchParams(request.path.split('?')[1]).get('check_name');
  const runs = fake.checks.filter(
    (run) => run.repository === keyOf(repo) && run.head_sha === sha && (name === null || run['name'] === name),
  );
  // Only the latest of each App, as by `filter=latest`.
  const latest = [...new Map(runs.map((run) => [run['by'], run])).values()];
  return { status: 200, body: { total_count: latest.length, check_runs: latest.map(checkRun) } };
}

const MAX_ANNOTATIONS = 50;

function createCheck(fake: FakeGitHub, repo: FakeRepository, { body }: FakeRequest): RestAnswer {
  if (fake.missing.has('checks')) return refused('checks=write');
  if (annotationsOf(body).length > MAX_ANNOTATIONS) return invalid('Invalid request.');
  const known = { id: fake.checks.length + 1, repository: keyOf(repo), by: fake.login };
  const run: StoredCheck = { ...body, head_sha: String(body['head_sha']), ...known };
  fake.checks.push(run);
  return { status: 201, body: checkRun(run) };
}

function updateCheck(fake: FakeGitHub, _: FakeRepository, { body }: FakeRequest, [id = '']: string[]): RestAnswer {
  const run = fake.checks.find((check) => check.id === Number(id));
  if (run === undefined) return NOT_FOUND;
  if (annotationsOf(body).length > MAX_ANNOTATIONS) return invalid('Invalid request.');
  // Annotations are added to those that are there.
  const annotations = [...annotationsOf(run), ...annotationsOf(body)];
  Object.assign(run, body, { output: { ...(body['output'] as object), annotations } });
  return { status: 200, body: checkRun(run) };
}

function annotationsOf(body: Record<string, unknown>): unknown[] {
  return (body['output'] as { annotations?: unknown[] } | undefined)?.annotations ?? [];
}

function listStatuses(fake: FakeGitHub, repo: FakeRepository, _: FakeRequest, [sha = '']: string[]): RestAnswer {
  const found = fake.statuses.filter((status) => status.repository === keyOf(repo) && status.head_sha === sha);
  return { status: 200, body: [...found].reverse().map(commitStatus) };
}

function createStatus(fake: FakeGitHub, repo: FakeRepository, { body }: FakeRequest, [sha = '']: string[]): RestAnswer {
  if (fake.missing.has('statuses')) return refused('statuses=write');
  if (String(body['description'] ?? '').length > 140) return invalid('Validation Failed');
  const created_at = new Date(fake.clock() * 1000).toISOString();
  const head = { repository: keyOf(repo), head_sha: sha };
  const status = { ...body, id: fake.statuses.length + 1, ...head, created_at } as StoredCheck;
  fake.statuses.push(status);
  return { status: 201, body: commitStatus(status) };
}
