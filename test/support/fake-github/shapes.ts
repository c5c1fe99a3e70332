// What REST answers look like: the types are made from GitHub's own published description of its API, so that an answer
// that lacks a field does not compile.
import type { components } from '@octokit/openapi-types';
import type { StoredCheck } from './server.ts';

export type Schemas = components['schemas'];

export function user(login: string, type: 'User' | 'Organization' | 'Bot' = 'User'): Schemas['simple-user'] {
  const url = `https://api.github.com/users/${login}`;
  return {
    login,
    id: [...login].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000, 7),
    node_id: `U_${login}`,
    avatar_url: `https://avatars.githubusercontent.com/${login}`,
    gravatar_id: '',
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  };
}

export function installation(id: number, owner: string, suspendedAt: string | null): Schemas['installation'] {
  const api = `https://api.github.com/app/installations/${id}`;
  return {
    id,
    account: user(owner, 'Organization'),
    repository_selection: 'all',
    access_tokens_url: `${api}/access_tokens`,
    repositories_url: 'https://api.github.com/installation/repositories',
    html_url: `https://github.com/organizations/${owner}/settings/installations/${id}`,
    app_id: 1,
    target_id: 1,
    target_type: 'Organization',
    permissions: { contents: 'write', pull_requests: 'write', checks: 'write', metadata: 'read' },
    events: [],
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    single_file_name: null,
    app_slug: 'greenroom',
    suspended_by: suspendedAt === null ? null : user('olga'),
    suspended_at: suspendedAt,
  };
}

export function blob(sha: string, content: Buffer): Schemas['blob'] {
  // Wrapped, as GitHub does.
  const text = content.toString('base64').replace(/(.{60})/g, '$1\n');
  const url = `https://api.github.com/git/blobs/${sha}`;
  return { sha, node_id: `B_${sha}`, size: content.length, url, encoding: 'base64', content: text };
}

export function checkRun(run: StoredCheck): Schemas['check-run'] {
  const given = run as StoredCheck & {
    readonly name?: string;
    readonly external_id?: string;
    readonly details_url?: string;
    readonly status?: Schemas['check-run']['status'];
    readonly conclusion?: Schemas['check-run']['conclusion'];
    readonly output?: { readonly title?: string; readonly summary?: string; readonly annotations?: readonly object[] };
  };
  const url = `https://api.github.com/repos/${run.repository}/check-runs/${run.id}`;
  return {
    id: run.id,
    head_sha: run.head_sha,
    node_id: `CR_${run.id}`,
    external_id: given.external_id ?? null,
    url,
    html_url: `https://github.com/${run.repository}/runs/${run.id}`,
    details_url: given.details_url ?? null,
    status: given.status ?? 'queued',
    conclusion: given.conclusion ?? null,
    started_at: '2026-11-02T09:00:00Z',
    completed_at: given.status === 'completed' ? '2026-11-02T09:00:00Z' : null,
    output: {
      title: given.output?.title ?? null,
      summary: given.output?.summary ?? null,
      text: null,
      annotations_count: given.output?.annotations?.length ?? 0,
      annotations_url: `${url}/annotations`,
    },
    name: given.name ?? '',
    check_suite: { id: 1 },
    app: null,
    pull_requests: [],
  };
}

export function commitStatus(status: StoredCheck): Schemas['status'] {
  const {
    state,
    description,
    target_url,
    context,
    created_at = '',
  } = status as StoredCheck & Record<string, string | undefined>;
  return {
    url: `https://api.github.com/repos/${status.repository}/statuses/${status.head_sha}`,
    avatar_url: null,
    id: status.id,
    node_id: `SC_${status.id}`,
    state: state ?? 'pending',
    description: description ?? null,
    target_url: target_url ?? null,
    context: context ?? 'default',
    created_at,
    updated_at: created_at,
    creator: user('greenroom-bot', 'Bot'),
  };
}
