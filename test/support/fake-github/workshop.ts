import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bareRepo, moveBranch } from '../git.ts';
import { type Handler, invalid, keyOf, NOT_FOUND, type RestAnswer, refused } from './answers.ts';
import { createPull, savePull } from './pulls.ts';
import type { FakeGitHub, FakeRequest } from './server.ts';
import { FakeError, type FakeRepository } from './store.ts';

// What `greenroom new` asks for beside what a bot does.

/** `POST /orgs/{org}/repos` and `POST /user/repos`, with `auto_init`. */
export function createRepository(fake: FakeGitHub, owner: string, { body }: FakeRequest): RestAnswer {
  if (fake.missing.has('administration')) return refused('administration=write');
  const name = String(body['name']);
  if (fake.repository(owner, name) !== undefined) return invalid('Repository creation failed.');
  const path = join(fake.root, owner, `${name}.git`);
  mkdirSync(dirname(path), { recursive: true });
  bareRepo({ 'README.md': `# ${name}\n${String(body['description'])}` }, { path });
  return { status: 201, body: fullBody(fake.repository(owner, name)!) };
}

const readRepository: Handler = (_, repo) => ({ status: 200, body: fullBody(repo) });

const createRef: Handler = (fake, repo, { body }) => {
  if (fake.missing.has('contents')) return refused('contents=write');
  const branch = String(body['ref']).replace('refs/heads/', '');
  if (repo.head(branch) !== null) return invalid('Reference already exists');
  if (repo.typeOf(String(body['sha'])) !== 'commit') return invalid('Object does not exist');
  moveBranch(repo.gitDir, branch, String(body['sha']));
  return { status: 201, body: { ref: `refs/heads/${branch}`, object: { sha: body['sha'] } } };
};

const listPulls: Handler = (fake, repo, { path }) => {
  const head = new URLSearchParams(path.split('?')[1]).get('head')?.split(':')[1];
  const pulls = repo.pullRequests().filter((pull) => pull.head.ref === head);
  pulls.sort((a, b) => b.number - a.number);
  return { status: 200, body: pulls.slice(0, 1).map((pull) => pullBody(fake, repo, pull)) };
};

const openPull: Handler = (fake, repo, { body }) => {
  if (fake.missing.has('pull_requests')) return refused('pull_requests=write');
  try {
    const input = { repositoryId: '', baseRefName: String(body['base']), headRefName: String(body['head']) };
    const pull = createPull(fake, repo, { ...input, title: String(body['title']), body: String(body['body']) });
    return { status: 201, body: pullBody(fake, repo, pull) };
  } catch (error) {
    if (error instanceof FakeError) return invalid(error.message);
    throw error;
  }
};

const addLabels: Handler = (fake, repo, { body }, [number = '']) => {
  if (fake.missing.has('pull_requests')) return refused('pull_requests=write');
  const pull = repo.pullRequest(Number(number));
  if (pull === undefined) return NOT_FOUND;
  const labels = [...new Set([...pull.labels, ...(body['labels'] as string[])])];
  savePull(repo, { ...pull, labels });
  return { status: 200, body: labels.map((name) => ({ name })) };
};

export const WORKSHOP_ROUTES: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  ['GET', /^$/, readRepository],
  ['POST', /^git\/refs$/, createRef],
  ['GET', /^pulls$/, listPulls],
  ['POST', /^pulls$/, openPull],
  ['POST', /^issues\/(\d+)\/labels$/, addLabels],
];

function fullBody(repo: FakeRepository) {
  return { id: repo.id, name: repo.name, full_name: keyOf(repo), default_branch: repo.defaultBranch() };
}

function pullBody(fake: FakeGitHub, repo: FakeRepository, pull: ReturnType<typeof createPull>) {
  const { number, state, merged } = pull;
  const html_url = `${fake.url}/${keyOf(repo)}/pull/${number}`;
  return { number, html_url, state, merged_at: merged ? pull.updatedAt : null };
}
