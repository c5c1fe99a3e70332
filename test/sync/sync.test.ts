import { describe, expect, test } from 'vitest';
import { KEEP_LABEL } from '../../lib/compile/lifetime.ts';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { AppsRepo } from '../../lib/gitops/apps-repo.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/worlds.ts';

const HOUR = 3600;
const sync = (world: World, name = 'shop', number = 7, options = {}) =>
  world.with((context) => syncPullRequest(context, { path: `acme/${name}` }, number, options));

function opened(platform?: string): World {
  const world = new World(platform);
  world.push('shop');
  world.pull('shop', 7);
  return world;
}

describe('one pull request', () => {
  test('open: its preview is committed, with trailers, and the maker reads about it', async () => {
    const world = new World();
    const sha = world.push('shop');
    world.pull('shop', 7);
    const result = await sync(world);
    expect(result).toMatchObject({ name: 'pr-shop-7', effect: 'create', state: { state: 'committed' } });
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(result.commit).toBe(world.head());
    expect(world.message()).toContain(`Preview: pr-shop-7\nPull-Request: acme/shop#7\nHead: ${sha}`);
    expect(world.comment('shop', 7)).toContain('[Its address](https://pr-shop-7.apps.example.com)');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'success' });
  });

  test('the same state again commits nothing', async () => {
    const world = opened();
    await sync(world);
    const head = world.head();
    expect(await sync(world)).toMatchObject({ effect: 'none', commit: null, state: { state: 'committed' } });
    expect(world.head()).toBe(head);
  });

  test('closed: everything of it goes, its neighbours stay, and the folder of its repository too', async () => {
    const world = opened();
    world.pull('shop', 17);
    await sync(world);
    await sync(world, 'shop', 17);
    world.pull('shop', 7, { state: 'closed' });
    expect(await sync(world)).toMatchObject({ effect: 'remove', state: { state: 'none', reason: 'closed' } });
    expect(world.previews()).toEqual(['pr-shop-17']);
    expect(world.comment('shop', 7)).toContain('### Preview: removed');
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'create' });
  });

  test('a close that was handled while the commit was made, and found nothing to remove, is not forgotten', async () => {
    const world = opened();
    await world.with(async (context) => {
      const { repo } = context;
      const closing: AppsRepo = {
        description: repo.description,
        read: (...request) => repo.read(...request),
        commit: async (request) => {
          const result = await repo.commit(request);
          world.pull('shop', 7, { state: 'closed' });
          return result;
        },
        close: () => repo.close(),
      };
      await syncPullRequest({ ...context, repo: closing }, { path: 'acme/shop' }, 7);
    });
    expect(world.previews()).toEqual([]);
  });

  test('a dry run plans and writes nothing, neither in the apps repo nor on the pull request', async () => {
    const world = opened();
    const head = world.head();
    const result = await sync(world, 'shop', 7, { dryRun: true });
    expect(result.change.size).toBeGreaterThan(10);
    expect(world.head()).toBe(head);
    expect(world.comment('shop', 7)).toBeNull();
  });

  test('the maker reads about what was committed, also when nothing can be asked any more', async () => {
    const world = opened();
    await world.with(async (context) => {
      const ask = context.forge.pullRequest.bind(context.forge);
      let asked = 0;
      context.forge.pullRequest = async (...request) => {
        asked += 1;
        if (asked > 1) throw new GreenroomError('unreachable', 'no answer');
        return ask(...request);
      };
      const result = await syncPullRequest(context, { path: 'acme/shop' }, 7);
      expect(result).toMatchObject({ effect: 'create', commit: world.head() });
    });
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('unknown keeps: no answer about the pull request changes nothing', async () => {
    const world = opened();
    await sync(world);
    const head = world.head();
    world.rename('shop', 'moved-away');
    expect(await sync(world)).toMatchObject({ state: { state: 'unknown' }, effect: 'none', name: null });
    expect(world.head()).toBe(head);
  });
});

describe('who gets a preview', () => {
  test.each([
    ['drafts', { draft: true }, 'draft'],
    ['forks', { headRepositoryId: 999_999 }, 'fork'],
    ['deleted forks', { headRepositoryId: null }, 'fork'],
  ])('%s do not, unless the platform says so', async (_, options, reason) => {
    const world = opened();
    world.pull('shop', 7, options);
    expect(await sync(world)).toMatchObject({ state: { state: 'none', reason } });
    expect(world.previews()).toEqual([]);
    expect(world.comment('shop', 7)).toBeNull();

    const open = platformText().replace('{ owner: acme }', '{ owner: acme, drafts: true, forks: true }');
    world.settle({ 'greenroom.yaml': open });
    expect(await sync(world)).toMatchObject({ effect: 'create' });
  });

  test('forks get no secrets, whichever way they ask for them', async () => {
    const world = opened(
      platformText('imagePullSecrets: [{ name: registry, secret: platform/registry }]').replace(
        'owner: acme',
        'owner: acme, forks: true',
      ),
    );
    const reads = (way: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: own }\nspec:\n  selector: { matchLabels: { app: own } }\n  template:\n    metadata: { labels: { app: own } }\n    spec:\n      containers: [{ name: own, image: ghcr.io/acme/shop }]\n${way}`;
    const ways: Record<string, string>[] = [
      { 'preview.yaml': previewText('secrets: { KEY: acme/shop/key }') },
      {
        'preview.yaml': previewText(
          'apps: { api: { template: worker, image: ghcr.io/acme/shop, secrets: { KEY: acme/shop/key } } }',
        ),
      },
      {
        'k8s/a.yaml':
          'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: s }\nspec:\n  secretStoreRef: { kind: ClusterSecretStore, name: previews }\n  data: [{ secretKey: K, remoteRef: { key: acme/shop/key } }]\n',
      },
      { 'k8s/a.yaml': reads('      volumes: [{ name: v, secret: { secretName: registry } }]\n') },
      {
        'k8s/a.yaml': reads('').replace(
          'image: ghcr.io/acme/shop',
          'image: ghcr.io/acme/shop, env: [{ name: R, valueFrom: { secretKeyRef: { name: registry, key: .dockerconfigjson, optional: true } } }]',
        ),
      },
    ];
    for (const files of ways) {
      world.push('shop', { 'preview.yaml': previewText('manifests: k8s'), ...files });
      world.pull('shop', 7, { headRepositoryId: 999_999 });
      const { state } = await sync(world);
      expect(state, JSON.stringify(files)).toMatchObject({ state: 'invalid' });
      expect(JSON.stringify(state)).toContain('is not for pull requests from forks');
      expect(world.previews()).toEqual([]);
    }
    // The same without secrets has its preview, and a branch of the repository has its secrets.
    world.push('shop', { 'preview.yaml': previewText() });
    world.pull('shop', 7, { headRepositoryId: 999_999 });
    expect(await sync(world)).toMatchObject({ effect: 'create' });
    world.push('shop', { 'preview.yaml': previewText('secrets: { KEY: acme/shop/key }') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'update' });
  });

  test('files that the maker names, while the pull request changes one of them', async () => {
    const world = opened();
    world.push('shop', { 'preview.yaml': previewText('paths: ["web/**"]') });
    world.pull('shop', 7, { files: ['README.md'] });
    expect(await sync(world)).toMatchObject({ state: { reason: 'paths' } });
    world.pull('shop', 7, { files: ['README.md', 'web/a.ts'] });
    expect(await sync(world)).toMatchObject({ state: { state: 'committed' } });
  });

  test('a label that the platform wants, while it is there', async () => {
    const world = opened(platformText().replace('{ owner: acme }', '{ owner: acme, label: preview }'));
    expect(await sync(world)).toMatchObject({ state: { reason: 'label' } });
    world.pull('shop', 7, { labels: ['preview'] });
    expect(await sync(world)).toMatchObject({ effect: 'create' });
    world.pull('shop', 7, { labels: [] });
    expect(await sync(world)).toMatchObject({ effect: 'remove' });
  });

  test('repositories that are no source do not', async () => {
    const world = opened(platformText().replace('{ owner: acme }', '{ owner: acme, repos: [other] }'));
    expect(await sync(world)).toMatchObject({ state: { reason: 'not-a-source' } });
  });

  test('when all places are taken a new preview waits, and a running one is never pushed out', async () => {
    const world = opened(platformText('slots: { total: 1 }'));
    world.pull('shop', 8);
    await sync(world);
    expect(await sync(world, 'shop', 8)).toMatchObject({ state: { state: 'queued' }, effect: 'none' });
    expect(await sync(world)).toMatchObject({ state: { state: 'committed' } });
    world.pull('shop', 7, { state: 'closed' });
    await sync(world);
    expect(await sync(world, 'shop', 8)).toMatchObject({ effect: 'create' });
  });
});

describe('what the maker wrote', () => {
  test('a mistake at a new head leaves the earlier preview as it is, and says where the mistake is', async () => {
    const world = opened();
    await sync(world);
    const head = world.head();
    world.push('shop', { 'preview.yaml': previewText('prot: 80') });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ state: { state: 'invalid' }, effect: 'none' });
    expect(world.head()).toBe(head);
    expect(world.comment('shop', 7)).toMatch(/Line 6\b.*did you mean "port"/);
    expect(world.comment('shop', 7)).toContain('Your earlier preview stays as it is');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'failure' });
  });

  test('no preview.yaml: no preview, no comment, a neutral check', async () => {
    const world = new World();
    world.push('shop', { 'README.md': 'nothing to see' });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ state: { state: 'no-file' }, effect: 'none' });
    expect(world.comment('shop', 7)).toBeNull();
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral' });
  });

  test.each(['preview.yml', 'app/preview.yaml', '.preview.yaml', 'Preview.yaml'])(
    'a preview.yaml that is called %s is named, and nothing else of that name is',
    async (path) => {
      const world = new World();
      world.push('shop', { [path]: previewText() });
      world.pull('shop', 7, { files: ['README.md', path] });
      expect(await sync(world)).toMatchObject({ state: { state: 'no-file', misnamed: path }, effect: 'none' });
      const words = `\`${path}\` is not read: move it to \`preview.yaml\` in the top folder of the repository.`;
      expect(world.comment('shop', 7)).toContain(words);
      expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral' });
      world.push('shop', { [path]: 'stories: []\n' });
      world.pull('shop', 8, { files: [path] });
      const { state } = await sync(world, 'shop', 8);
      expect(state).toEqual({ state: 'no-file', removed: null });
      expect(world.comment('shop', 8)).toBeNull();
    },
  );

  test('preview.yaml goes away: so does the preview', async () => {
    const world = opened();
    await sync(world);
    world.push('shop', { 'preview.yaml': null, 'README.md': 'gone' });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'remove' });
    expect(world.previews()).toEqual([]);
  });

  test("the maker's manifests come from the head commit; a link among them is refused", async () => {
    const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: colours }\n';
    const world = new World();
    world.push('shop', { 'preview.yaml': previewText('manifests: deploy'), 'deploy/config.yaml': config });
    world.pull('shop', 7);
    await sync(world);
    expect(world.paths()).toContain('previews/main/shop/pr-shop-7/app/configmap.colours.yaml');
    world.push('shop', { 'deploy/link.yaml': { mode: '120000', content: '/etc/passwd' } });
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ state: { state: 'invalid' } });
  });
});

describe('identity', () => {
  test('a renamed repository keeps its preview, under its name and address', async () => {
    const world = opened();
    await sync(world);
    world.rename('shop', 'store');
    expect(await sync(world, 'store')).toMatchObject({ name: 'pr-shop-7', effect: 'update' });
    expect(world.previews()).toEqual(['pr-shop-7']);
    world.pull('store', 7, { state: 'closed' });
    expect(await sync(world, 'store')).toMatchObject({ name: 'pr-shop-7', effect: 'remove' });
  });

  test('a new repository under an old name inherits nothing, and cannot take the place over', async () => {
    const world = opened();
    await sync(world);
    const before = world.read('previews/main/shop/pr-shop-7/preview.json');
    world.forget('shop');
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'queued', reason: 'name' } });
    const comment = world.comment('shop', 7);
    expect(comment).toContain('Preview: waiting for its name');
    expect(comment).toMatch(
      /still taken by the preview of an earlier repository called acme\/shop; yours starts by itself/,
    );
    expect(world.read('previews/main/shop/pr-shop-7/preview.json')).toBe(before);
  });

  test('a change of cluster moves the preview in one commit', async () => {
    const world = opened();
    await sync(world);
    const clusters = 'clusters: [{ name: other, server: "https://other.example.com" }]';
    const head = world.settle({ 'greenroom.yaml': platformText(clusters) });
    const moved = await sync(world);
    expect(new Set(world.paths().map((path) => path.split('/')[1]))).toEqual(new Set(['other']));
    expect([world.head(), world.commits(head)]).toEqual([moved.commit, 1]);
  });
});

describe('the end of a preview', () => {
  test('it goes when its time is up, ten minutes of grace included, and stays gone until a push', async () => {
    const world = opened(platformText('ttl: { default: 2h }'));
    await sync(world);
    world.now = OPENED + 2 * HOUR + 599;
    expect(await sync(world)).toMatchObject({ effect: 'none' });
    world.now += 1;
    expect(await sync(world)).toMatchObject({ effect: 'remove', state: { reason: 'expired' } });
    world.pull('shop', 7, { updatedAt: world.now });
    expect(await sync(world)).toMatchObject({ effect: 'none', state: { reason: 'expired' } });
    world.push('shop', { 'README.md': 'more' }, world.now);
    world.pull('shop', 7, { updatedAt: world.now });
    expect(await sync(world)).toMatchObject({ effect: 'create' });
  });

  test('the keep label gives it the longest life there is', async () => {
    const world = opened(platformText('ttl: { default: 2h, max: 5h }'));
    world.pull('shop', 7, { labels: [KEEP_LABEL] });
    const { state } = await sync(world);
    expect(state).toMatchObject({ preview: { expires: OPENED + 5 * HOUR } });
  });

  test('a preview whose new head is refused still ends in time', async () => {
    const world = opened(platformText('ttl: { default: 2h }'));
    await sync(world);
    world.now = OPENED + 3 * HOUR;
    world.push('shop', { 'preview.yaml': previewText('prot: 80') }, world.now);
    world.pull('shop', 7);
    expect(await sync(world)).toMatchObject({ effect: 'remove', state: { state: 'invalid', live: null } });
  });
});

test('an apps repo without greenroom.yaml is said to need one', async () => {
  const world = opened();
  world.settle({ 'greenroom.yaml': null, 'README.md': 'x' });
  await expect(sync(world)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringContaining('greenroom init'),
  });
});
