import { describe, expect, test } from 'vitest';
import { ProcessCache } from '../../lib/github/http/cache.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';
import { handleComment } from '../../lib/sync/answer.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
type GitHubWorld = InstanceType<typeof GitHubWorld>;

const HOUR = 3600;
const SHOP = { path: 'acme/shop' };
const apply = { random: () => 0, sleep: async () => undefined };
const sync = (world: GitHubWorld) => world.with((context) => syncPullRequest(context, SHOP, 7, { apply }));

async function opened(platform?: string) {
  const world = new GitHubWorld(platform);
  world.push('shop');
  world.pull('shop', 7);
  const fake = await world.github();
  // An optional permission: without it environments stay.
  fake.missing.add('administration');
  return { world, fake };
}

/** Calls that changed something on GitHub since the last time. */
function writes(fake: FakeGitHub): string[] {
  const found = fake.requests.filter(
    ({ method, operation }) => /Add|Update|Delete|Commit|Set/.test(operation ?? '') || (method !== 'GET' && !operation),
  );
  fake.requests.length = 0;
  return found.map(
    ({ method, path, operation }) => operation ?? `${method} ${path.replace(/^\/repos\/[^/]+\/[^/]+/, '')}`,
  );
}

describe('deployments', () => {
  test('a preview is a deployment of its commit, in an environment that comes and goes', async () => {
    const { world, fake } = await opened();
    await sync(world);
    const sha = fake.repository('acme', 'shop')!.pullRequest(7)!.head.sha;
    expect(fake.deployments).toMatchObject([
      { environment: 'preview/pr-shop-7', sha, transient_environment: true, production_environment: false },
    ]);
    const [status] = fake.deployments[0]!.statuses;
    expect(status).toMatchObject({ state: 'in_progress', environment_url: 'https://pr-shop-7.apps.example.com' });
  });

  test('a push is a deployment of its own, and the one before is over', async () => {
    const { world, fake } = await opened();
    await sync(world);
    world.push('shop', { 'README.md': 'x' });
    world.pull('shop', 7);
    await sync(world);
    expect(fake.deployments.map(({ statuses }) => statuses.at(-1)?.state)).toEqual(['inactive', 'in_progress']);
  });

  test.each(['closed', 'stopped', 'expired'])('%s: it is over', async (how) => {
    const { world, fake } = await opened(platformText('ttl: { default: 4h, max: 8h }'));
    await sync(world);
    if (how === 'closed') world.pull('shop', 7, { state: 'closed' });
    if (how === 'expired') world.now = OPENED + 5 * HOUR;
    if (how === 'stopped') {
      await world.allow('shop', 'mia', 'write');
      const id = await world.say('shop', 7, 'mia', '/preview stop');
      await world.with((context) => handleComment(context, SHOP, 7, id));
    } else await sync(world);
    expect(fake.deployments.map(({ statuses }) => statuses.at(-1)?.state)).toEqual(['inactive']);
  });

  test('an ending whose write failed is made up for by the next sync', async () => {
    const { world, fake } = await opened();
    await sync(world);
    world.pull('shop', 7, { state: 'closed' });
    fake.fault = ({ operation }) => (operation === 'SetDeployments' ? { status: 502 } : undefined);
    expect(await sync(world)).toMatchObject({ effect: 'remove', notes: [expect.stringContaining('SetDeployments')] });
    fake.fault = () => undefined;
    await sync(world);
    expect(fake.deployments.at(-1)?.statuses.at(-1)?.state).toBe('inactive');
  });

  test('a permission that is missing is a note; preview, comment and check are there', async () => {
    const { world, fake } = await opened();
    fake.missing.add('deployments');
    const { notes } = await sync(world);
    expect(notes).toEqual([expect.stringContaining('Deployments: write')]);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.comment('shop', 7)).toContain('[Its address]');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'success' });
  });

  test('a token that may not read them costs nothing else', async () => {
    const { world, fake } = await opened();
    const cache = new ProcessCache();
    world.cache = async () => cache;
    fake.missing.add('reading deployments');
    const refused = expect.stringContaining('Deployments: read');
    expect((await sync(world)).notes).toEqual([refused]);
    world.push('shop', { 'README.md': 'x' });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'update', notes: [refused] });
    expect(world.comment('shop', 7)).toContain('[Its address]');
    fake.missing.clear();
    expect(await sync(world)).toMatchObject({ effect: 'none', notes: [] });
    expect(fake.deployments).toMatchObject([{ statuses: [{ state: 'in_progress' }] }]);
  });

  test('of all previews to one environment, each pull request shows and ends its own', async () => {
    const { world, fake } = await opened(platformText('status: { environments: shared }'));
    const syncOf = (number: number) => world.with((context) => syncPullRequest(context, SHOP, number, { apply }));
    // One head for both, as of two branches that were pushed from one commit.
    world.pull('shop', 8);
    await sync(world);
    await syncOf(8);
    const shown = () => fake.deployments.map(({ environment, statuses }) => [environment, statuses.at(-1)]);
    expect(shown()).toMatchObject([
      ['preview', { state: 'in_progress', environment_url: 'https://pr-shop-7.apps.example.com' }],
      ['preview', { state: 'in_progress', environment_url: 'https://pr-shop-8.apps.example.com' }],
    ]);
    fake.requests.length = 0;
    await sync(world);
    expect(writes(fake).filter((write) => /deployment/i.test(write))).toEqual([]);
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    expect(shown()).toMatchObject([
      ['preview', { state: 'inactive' }],
      ['preview', { state: 'in_progress' }],
    ]);
  });

  test('of two that were made for one commit at the same time, the first stays', async () => {
    const { world, fake } = await opened();
    await sync(world);
    const second = { ...fake.deployments[0]!, node_id: 'DE_second', statuses: [...fake.deployments[0]!.statuses] };
    fake.deployments.push(second);
    await sync(world);
    expect(fake.deployments.map(({ statuses }) => statuses.at(-1)?.state)).toEqual(['in_progress', 'inactive']);
    fake.requests.length = 0;
    await sync(world);
    expect(writes(fake)).toEqual([]);
  });

  test('a pull request that never had a preview is not looked up', async () => {
    const { world, fake } = await opened();
    world.pull('shop', 7, { draft: true });
    await sync(world);
    expect(fake.requests.filter(({ operation }) => operation === 'ListDeployments')).toEqual([]);
  });
});

test('the same state twice writes nothing, in every state', async () => {
  const { world, fake } = await opened(platformText('ttl: { default: 4h, warn: 1h }'));
  const twice = async () => {
    await sync(world);
    const first = writes(fake);
    await sync(world);
    expect(writes(fake)).toEqual([]);
    return first;
  };
  expect(await twice()).toContain('AddComment');
  world.now = OPENED + 3 * HOUR + 60;
  expect(await twice()).toEqual(['UpdateComment', 'AddComment']);
  world.push('shop', { 'preview.yaml': previewText('prot: 80') }, world.now);
  world.pull('shop', 7, { updatedAt: world.now });
  expect(await twice()).toContain('UpdateComment');
  world.pull('shop', 7, { state: 'closed', updatedAt: world.now });
  expect(await twice()).toContain('SetDeployments');
});

test('two of us that wrote a comment at the same time: the first stays', async () => {
  const { world, fake } = await opened();
  await sync(world);
  const [own] = fake.commentsOf('acme', 'shop', 7);
  fake.addComment(`PR_${world.id('shop')}_7`, fake.login, `${COMMENT_MARKER}\nsecond`);
  fake.addComment(`PR_${world.id('shop')}_7`, 'mallory', `${COMMENT_MARKER}\na copied marker`);
  await sync(world);
  expect(fake.commentsOf('acme', 'shop', 7).map(({ id, author }) => [id, author])).toEqual([
    [own!.id, fake.login],
    [expect.anything(), 'mallory'],
  ]);
});

describe('boxes in the comment', () => {
  async function endsSoon() {
    const { world, fake } = await opened(platformText('ttl: { default: 4h, max: 8h, warn: 1h }'));
    await world.allow('shop', 'mia', 'write');
    world.now = OPENED + 3.5 * HOUR;
    await sync(world);
    const own = fake.commentsOf('acme', 'shop', 7)[0]!;
    const tick = (login: string) => fake.edit(own, own.body.replace(/^- \[ \]/m, '- [x]'), login);
    const handle = () => world.with((context) => handleComment(context, SHOP, 7, own.number));
    return { world, fake, own, tick, handle };
  }
  const expires = (world: GitHubWorld) =>
    JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json')).expires as number;

  test('a tick keeps it, by the account that GitHub says made it, and the box is free again', async () => {
    const { world, own, tick, handle } = await endsSoon();
    expect(own.body).toContain('- [ ] Keep it 8 more hours');
    tick('mia');
    await handle();
    expect(expires(world)).toBe(world.now + 8 * HOUR);
    expect(own.body).toContain('### Preview: on its way');
    expect(await handle()).toBeNull();
  });

  test.each(['eve', 'other[bot]'])('a tick by %s keeps nothing, and is taken back', async (login) => {
    const { world, fake, own, tick, handle } = await endsSoon();
    fake.permissions.set('eve', 'read');
    fake.permissions.set('other[bot]', 'write');
    tick(login);
    await handle();
    expect(expires(world)).toBe(OPENED + 4 * HOUR);
    expect(own.body).toContain('- [ ] Keep it');
  });

  test('a tick is not written over by a sync that comes first; the sweep finds it', async () => {
    const { world, own, tick } = await endsSoon();
    tick('mia');
    world.push('shop', { 'README.md': 'x' }, OPENED);
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ unanswered: [own.number] });
    expect(own.body).toContain('- [x] Keep it');
    await world.with((context) => sweep(context, { apply }));
    expect(expires(world)).toBe(world.now + 8 * HOUR);
  });

  test('a tick in a copy of our comment is nobody of ours', async () => {
    const { world, fake, own, handle } = await endsSoon();
    const copy = fake.addComment(`PR_${world.id('shop')}_7`, 'mia', own.body.replace('- [ ]', '- [x]'));
    copy.editor = 'mia';
    expect(await world.with((context) => handleComment(context, SHOP, 7, copy.number))).toBeNull();
    expect(await handle()).toBeNull();
    expect(expires(world)).toBe(OPENED + 4 * HOUR);
  });

  test('what somebody edits into the comment of another counts as theirs', async () => {
    const { world, fake } = await endsSoon();
    fake.permissions.set('eve', 'read');
    const mias = fake.addComment(`PR_${world.id('shop')}_7`, 'mia', 'looks good');
    fake.edit(mias, '/preview stop', 'eve');
    await world.with((context) => handleComment(context, SHOP, 7, mias.number));
    expect([world.previews(), world.answerTo('shop', 7, mias.number)]).toEqual([['pr-shop-7'], 'refused']);
    const eves = fake.addComment(`PR_${world.id('shop')}_7`, 'eve', 'looks good');
    fake.edit(eves, '/preview stop', 'mia');
    await world.with((context) => handleComment(context, SHOP, 7, eves.number));
    expect([world.previews(), world.answerTo('shop', 7, eves.number)]).toEqual([[], 'done']);
  });

  test('a command that a person writes by our account is a command like others', async () => {
    const { world, fake } = await endsSoon();
    fake.bots.delete(fake.login);
    fake.permissions.set(fake.login, 'write');
    const { number } = fake.addComment(`PR_${world.id('shop')}_7`, fake.login, '/preview stop');
    await world.with((context) => handleComment(context, SHOP, 7, number));
    expect(world.previews()).toEqual([]);
  });

  test('start again', async () => {
    const { world, own, tick, handle } = await endsSoon();
    world.now = OPENED + 6 * HOUR;
    await sync(world);
    expect(own.body).toContain('- [ ] Start again');
    tick('mia');
    await handle();
    expect(expires(world)).toBe(world.now + 4 * HOUR);
    expect(own.body).toContain('### Preview: on its way');
  });
});

describe('what commands leave on GitHub', () => {
  test('a status of the head commit, readable, with a link to who asked', async () => {
    const { world, fake } = await opened();
    await world.allow('shop', 'mia', 'write');
    const id = await world.say('shop', 7, 'mia', '/preview extend 4h');
    await world.with((context) => handleComment(context, SHOP, 7, id));
    expect(fake.statuses).toMatchObject([
      {
        context: 'greenroom/asked-7',
        state: 'success',
        description: 'kept until 2026-11-25T12:00:00Z by mia',
        target_url: `https://github.com/acme/shop/pull/7#issuecomment-${id}`,
      },
    ]);
  });

  test('an extension is in the words of a later stop and start as well, and is read from them', async () => {
    const { world, fake } = await opened(platformText('ttl: { default: 4h, max: 8h }'));
    await world.allow('shop', 'mia', 'write');
    for (const command of ['extend 4h', 'stop', 'start']) {
      world.now += HOUR;
      const id = await world.say('shop', 7, 'mia', `/preview ${command}`);
      await world.with((context) => handleComment(context, SHOP, 7, id));
    }
    expect(fake.statuses.map(({ description }) => description)).toEqual([
      'kept until 2026-11-24T16:00:00Z by mia',
      'stopped by mia, extended until 2026-11-24T16:00:00Z',
      'started again by mia, extended until 2026-11-24T16:00:00Z',
    ]);
    expect(JSON.parse(world.read('previews/main/shop/pr-shop-7/preview.json'))).toMatchObject({
      expires: OPENED + 8 * HOUR,
    });
  });

  test('a status that we did not write so, or for another pull request, asks for nothing', async () => {
    const { world, fake } = await opened();
    const sha = fake.repository('acme', 'shop')!.pullRequest(7)!.head.sha;
    const status = (context: string, description: string) =>
      fake.statuses.push({
        id: 1,
        repository: 'acme/shop',
        head_sha: sha,
        context,
        description,
        created_at: new Date(world.now * 1000).toISOString(),
        target_url: null,
      });
    status('greenroom/asked-8', 'stopped by mia');
    status('greenroom/asked-7', 'please stop');
    expect(await sync(world)).toMatchObject({ effect: 'create' });
  });

  test('the permission is asked for the name that GitHub has, and a broken answer is no permission', async () => {
    const { world, fake } = await opened();
    await sync(world);
    await world.allow('shop', 'mia', 'write');
    fake.fault = ({ path }) =>
      path.includes('/collaborators/')
        ? { edit: () => JSON.stringify({ permission: 'admin', user: { login: 'somebody-else' } }) }
        : undefined;
    const id = await world.say('shop', 7, 'mia', '/preview stop');
    await world.with((context) => handleComment(context, SHOP, 7, id));
    expect([world.previews(), world.answerTo('shop', 7, id)]).toEqual([['pr-shop-7'], 'refused']);
  });

  test('no answer about the permission leaves the comment for later', async () => {
    const { world, fake } = await opened();
    await sync(world);
    await world.allow('shop', 'mia', 'write');
    fake.fault = ({ path }) => (path.includes('/collaborators/') ? { status: 502 } : undefined);
    const id = await world.say('shop', 7, 'mia', '/preview stop');
    const handle = () => world.with((context) => handleComment(context, SHOP, 7, id));
    await expect(handle()).rejects.toMatchObject({ code: 'unreachable' });
    expect(world.answerTo('shop', 7, id)).toBeNull();
    fake.fault = () => undefined;
    await handle();
    expect([world.previews(), world.answerTo('shop', 7, id)]).toEqual([[], 'done']);
  });

  test('a reading that lags behind what was just remembered does not bring it back', async () => {
    const { world, fake } = await opened();
    await sync(world);
    await world.allow('shop', 'mia', 'write');
    fake.fault = ({ operation }) =>
      operation === 'ReadPull'
        ? { edit: (body) => body.replace(/"status":\{"contexts":\[.*?\]\}/g, '"status":null') }
        : undefined;
    const id = await world.say('shop', 7, 'mia', '/preview stop');
    await world.with((context) => handleComment(context, SHOP, 7, id));
    expect(world.previews()).toEqual([]);
    expect(world.comment('shop', 7)).toContain('### Preview: stopped');
  });
});

describe('a suggested change', () => {
  const service = (type: string) =>
    `apiVersion: v1\nkind: Service\nmetadata:\n  name: extra\nspec:\n  type: ${type}\n  ports:\n  - port: 80\n`;

  async function refused(files: Record<string, string>, then?: Record<string, string>) {
    const world = new GitHubWorld();
    world.push('shop', { 'preview.yaml': previewText('manifests: deploy'), ...files });
    if (then !== undefined) world.push('shop', then);
    world.pull('shop', 7);
    return { world, fake: await world.github() };
  }

  test('is a remark on the line, once', async () => {
    const { world, fake } = await refused({ 'deploy/extra.yaml': service('NodePort') });
    expect(await sync(world)).toMatchObject({ state: { state: 'denied' }, notes: [] });
    expect(fake.remarks).toMatchObject([{ path: 'deploy/extra.yaml', author: fake.login }]);
    expect(fake.remarks[0]!.body).toMatch(
      /^<!-- greenroom:fix [0-9a-f]{32} -->\n[^`]*\(`no-node-port`\)\n\n```suggestion\n/,
    );
    expect(world.comment('shop', 7)).toContain('press "Commit suggestion" if it is offered there');
    await sync(world);
    for (const remark of fake.remarks) Object.assign(remark, { isResolved: true, isOutdated: true });
    world.push('shop', { 'README.md': 'x', 'deploy/extra.yaml': `# moved\n${service('NodePort')}` });
    world.pull('shop', 7);
    await sync(world);
    expect(fake.remarks).toHaveLength(1);
  });

  test('a copy of our marker by somebody else does not stand in for it', async () => {
    const { world, fake } = await refused({ 'deploy/extra.yaml': service('NodePort') });
    await sync(world);
    const [own] = fake.remarks.splice(0);
    fake.remarks.push({ ...own!, author: 'mallory' });
    await sync(world);
    expect(fake.remarks.map(({ author }) => author)).toEqual(['mallory', fake.login]);
  });

  test('a line that is not in the diff has no remark; the comment links to the file instead', async () => {
    const { world, fake } = await refused({ 'deploy/extra.yaml': service('NodePort') }, { 'README.md': 'other' });
    expect(await sync(world)).toMatchObject({ state: { state: 'denied' }, notes: [] });
    expect(fake.remarks).toEqual([]);
    expect(fake.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/pulls/7/comments'))).toEqual(
      [],
    );
    expect(world.comment('shop', 7)).toMatch(
      /\[edit the file\]\(https:\/\/github\.com\/acme\/shop\/edit\/change\/deploy\/extra\.yaml\)/,
    );
  });

  test('one without a place does not keep the others back', async () => {
    const { world, fake } = await refused(
      { 'deploy/a.yaml': service('NodePort').replace('extra', 'a') },
      { 'deploy/b.yaml': service('NodePort').replace('extra', 'b') },
    );
    await sync(world);
    expect(fake.remarks.map(({ path }) => path)).toEqual(['deploy/b.yaml']);
  });

  test('a refusal by GitHub is no failure of ours, and a permission that is missing is a note', async () => {
    const { world, fake } = await refused({ 'deploy/extra.yaml': service('NodePort') });
    fake.fault = ({ method, path }) =>
      method === 'POST' && path.endsWith('/pulls/7/comments')
        ? { status: 422, headers: { 'content-type': 'application/json' }, body: '{"message":"Validation Failed"}' }
        : undefined;
    expect(await sync(world)).toMatchObject({ notes: [] });
    fake.fault = () => undefined;
    fake.missing.add('remarks');
    expect((await sync(world)).notes).toEqual([expect.stringContaining('Pull requests: write')]);
    expect(world.comment('shop', 7)).toContain('not started');
  });

  test('a slip in preview.yaml is one as well', async () => {
    const world = new GitHubWorld();
    world.push('shop', { 'preview.yaml': previewText('prot: 80') });
    world.pull('shop', 7);
    const fake = await world.github();
    expect(await sync(world)).toMatchObject({ state: { state: 'invalid' }, notes: [] });
    expect(fake.remarks).toMatchObject([{ path: 'preview.yaml', line: 6 }]);
    expect(fake.remarks[0]!.body).toContain('```suggestion\n  port: 80\n```');
    expect(world.comment('shop', 7)).toContain('press "Commit suggestion" if it is offered there');
  });
});
