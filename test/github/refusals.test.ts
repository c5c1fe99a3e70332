import { expect, test } from 'vitest';
import type { GitHubClient } from '../../lib/github/http/client.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const fake = await fakeForFile();
const GitHubWorld = overGitHub(World);
const sync = (world: World) =>
  world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { apply: { sleep: async () => {} } }));
const json = { 'content-type': 'application/json' };
const read = (client: GitHubClient) => client.rest('GET /repositories/{id}', { id: 1 });
const ACCESS = 'Although you appear to have the correct authorization credentials, the `acme` organization has';

test.each([
  [
    403,
    'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
    'Configure SSO',
  ],
  [
    403,
    `${ACCESS} an IP allow list enabled, and your IP address is not permitted to access this resource.`,
    'IP allow list',
  ],
  [403, `${ACCESS} enabled OAuth App access restrictions.`, 'approve the application'],
  [403, 'Unable to create comment because issue is locked.', 'unlock the conversation'],
  [
    403,
    "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days.",
    'shorter life',
  ],
  [403, 'acme forbids access via a personal access token (classic).', 'of this kind'],
  [
    422,
    'refusing to allow a GitHub App to create or update workflow `.github/workflows/x.yml` without `workflows` permission',
    'Workflows: write',
  ],
  [422, 'Repository rule violations found: GH013: Secret detected in content', 'looks like a secret'],
  [403, 'Repository was archived so is read-only.', 'unarchives it'],
  [403, 'Sorry. Your account was suspended.', 'the account is suspended'],
  [403, 'This installation has been suspended', 'an owner can resume the GitHub App'],
  [
    403,
    'An owner of this repository has limited the ability to comment to collaborators.',
    'make the account a collabo',
  ],
  [403, 'User is blocked', 'unblock it'],
  [403, 'As an Enterprise Managed User, you cannot access this content', 'of its own enterprise'],
  [403, 'Repository access blocked', 'GitHub has closed the repository'],
  [451, 'Repository unavailable due to DMCA takedown.', 'GitHub has closed the repository'],
  [401, "'Issuer' claim ('iss') must be an Integer", 'GITHUB_APP_ID is not the id'],
  [401, 'Bad credentials', 'wrong, was revoked or has expired'],
  [
    401,
    "'Expiration time' claim ('exp') must be a numeric value representing the future time",
    'clock of this machine',
  ],
  [401, 'A JSON web token could not be decoded', 'private key does not belong to the App'],
])('%d "%s" is said in words of its own', async (status, message, words) => {
  fake.fault = () => ({ status, headers: json, body: JSON.stringify({ message }) });
  const error = await read(clientOf(fake)).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining(words) });
  if (!words.includes(': write')) expect((error as Error).message).not.toContain('it needs the permission');
});

const PUSH_PROTECTION =
  'Repository rule violations found\n\nGH013: Secret detected in content\n\nSecret detected in content.';
const gh013 = { errors: [{ type: 'UNPROCESSABLE', message: PUSH_PROTECTION }], data: null };

test.each([
  ['CommitFiles', [], gh013, 200],
  ['MoveBranch', ['createCommitOnBranch'], gh013, 200],
  ['PATCH', ['createCommitOnBranch', 'updateRefs'], { message: PUSH_PROTECTION }, 422],
])(
  'push protection that stops a commit at %s is named, and no rule of the branch',
  async (call, lacks, body, status) => {
    const world = new GitHubWorld();
    world.push('shop');
    world.pull('shop', 7);
    const github = await world.github();
    for (const mutation of lacks) github.lacks.add(mutation);
    github.fault = ({ operation, method }) =>
      operation === call || method === call ? { status, headers: json, body: JSON.stringify(body) } : undefined;
    const error = await sync(world).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining('looks like a secret') });
    expect((error as Error).message).not.toContain('bypass');
  },
);

test('a locked conversation is named where the comment is refused, and the preview is there', async () => {
  const world = new GitHubWorld();
  world.push('shop');
  world.pull('shop', 7);
  const github = await world.github();
  github.locked.add(`PR_${github.repository('acme', 'shop')!.id}_7`);
  const { notes, effect, isPassing } = await sync(world);
  expect(notes.join()).toContain('issue is locked; unlock the conversation');
  expect([effect, isPassing, world.previews()]).toEqual(['create', false, ['pr-shop-7']]);
});

test.each([
  [[{ resource: 'Status', field: 'sha', code: 'invalid' }], 'Validation Failed (sha invalid) (422)'],
  [
    [{ message: 'No commit found for SHA: 1' }, 'and this'],
    'Validation Failed (No commit found for SHA: 1; and this) (422)',
  ],
  [[null, 7, {}], 'Validation Failed (422)'],
  [{ no: 'list' }, 'Validation Failed (422)'],
  [[{ message: 'x'.repeat(1000) }], `Validation Failed (${'x'.repeat(300)}) (422)`],
])('what is invalid is named: %j', async (errors, words) => {
  fake.fault = () => ({ status: 422, headers: json, body: JSON.stringify({ message: 'Validation Failed', errors }) });
  const error = await read(clientOf(fake)).catch((caught: unknown) => caught);
  expect((error as Error).message).toMatch(/refused GET \/repositories\/\{id\}: /);
  expect((error as Error).message.endsWith(words)).toBe(true);
});

test('no permission is made up for a refusal that is about none', async () => {
  fake.fault = () => ({ status: 403, headers: json, body: JSON.stringify({ message: 'Not today.' }) });
  const error = await read(clientOf(fake)).catch((caught: unknown) => caught);
  expect((error as Error).message).toMatch(/refused GET \/repositories\/\{id\}: Not today\.$/);
});

test.each([
  [['repository', 'pullRequest', 'commits', 'nodes', 0, 'commit', 'status'], 'Commit statuses: read'],
  [['repository', 'pullRequest', 'comments'], 'Pull requests: read'],
  [['repository', 'object'], 'Contents: read'],
  [undefined, 'Pull requests: read'],
])('of a part of an answer, at %j, names what that part needs', async (path, permission) => {
  const errors = [{ type: 'FORBIDDEN', path, message: 'Resource not accessible by integration' }];
  fake.fault = () => ({ headers: json, body: JSON.stringify({ data: { repository: null }, errors }) });
  await expect(clientOf(fake).query('query ReadPull { x }', {})).rejects.toMatchObject({
    message: expect.stringContaining(`it needs the permission "${permission}" there`),
  });
});
