// What REST answers look like: the types are made from GitHub's own published description of its API, so that an answer
// that lacks a field does not compile.
import type { components } from '@octokit/openapi-types';

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
