// What REST says of people, deployments and diffs, in the types of GitHub's published description.
import { urlOf } from './git-shapes.ts';
import type { StoredDeployment, StoredRemark } from './people.ts';
import { type Schemas, user } from './shapes.ts';
import type { FakeRepository } from './store.ts';

const TIME = '2026-11-02T09:00:00Z';
const BOT = user('greenroom-bot', 'Bot');

export function permission(login: string, name: string): Schemas['repository-collaborator-permission'] {
  return { permission: name, role_name: name, user: { ...user(login), role_name: name } };
}

export function reaction(content: Schemas['reaction']['content']): Schemas['reaction'] {
  return { id: 1, node_id: 'REA_1', user: BOT, content, created_at: TIME };
}

export function deployment(repo: FakeRepository, stored: StoredDeployment): Schemas['deployment'] {
  const { id, node_id, sha, environment, transient_environment, production_environment } = stored;
  const url = `${urlOf(repo)}/deployments/${id}`;
  return {
    url,
    id,
    node_id,
    sha,
    ref: sha,
    task: 'deploy',
    payload: {},
    original_environment: environment,
    environment,
    description: stored.description,
    creator: BOT,
    created_at: TIME,
    updated_at: TIME,
    statuses_url: `${url}/statuses`,
    repository_url: urlOf(repo),
    transient_environment,
    production_environment,
  };
}

export function changedFile(repo: FakeRepository, filename: string, patch: string): Schemas['diff-entry'] {
  const count = (sign: string) => patch.split('\n').filter((line) => line.startsWith(sign)).length;
  const [additions, deletions] = [count('+'), count('-')];
  return {
    sha: null,
    filename,
    status: 'modified',
    additions,
    deletions,
    changes: additions + deletions,
    blob_url: `${urlOf(repo)}/blob/${filename}`,
    raw_url: `${urlOf(repo)}/raw/${filename}`,
    contents_url: `${urlOf(repo)}/contents/${filename}`,
    patch,
  };
}

export function reviewComment(
  repo: FakeRepository,
  { path, body, line, start_line }: StoredRemark,
  id: number,
  pull: { readonly number: number; readonly sha: string },
): Schemas['pull-request-review-comment'] {
  const url = `${urlOf(repo)}/pulls/comments/${id}`;
  const pullUrl = `${urlOf(repo)}/pulls/${pull.number}`;
  const page = `https://github.com/${repo.owner}/${repo.name}/pull/${pull.number}#discussion_r${id}`;
  return {
    url,
    pull_request_review_id: id,
    id,
    node_id: `PRRC_${id}`,
    diff_hunk: '',
    path,
    commit_id: pull.sha,
    original_commit_id: pull.sha,
    user: BOT,
    body,
    created_at: TIME,
    updated_at: TIME,
    html_url: page,
    pull_request_url: pullUrl,
    author_association: 'NONE',
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl } },
    start_line: start_line ?? null,
    line,
    side: 'RIGHT',
  };
}
