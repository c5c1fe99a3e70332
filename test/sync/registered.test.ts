import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { commitFiles } from '../support/git.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const PLATFORM = platformText().replace('{ owner: acme }', '{ owner: acme, registered: true }');
const app = (more = '') =>
  `apiVersion: greenroom.dev/v1alpha1\nkind: MicroApp\nspec: { repository: acme/shop, owner: "@acme/web"${more} }\n`;

function opened(registration?: string) {
  const world = new World(PLATFORM);
  world.push('shop', undefined, OPENED);
  world.pull('shop', 7);
  if (registration !== undefined) register(world, registration);
  return world;
}
const register = (world: World, text: string) => commitFiles(world.appsRepo, { 'apps/acme/shop.yaml': text });
const sync = (world: World) => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));

test('a repository that nobody registered gets no preview, and reads what to do', async () => {
  const state = {
    reason: 'not-registered',
    sentence: expect.stringContaining('propose `apps/acme/shop.yaml` in the apps repo'),
  };
  expect(await sync(opened())).toMatchObject({ effect: 'none', state });
});

test('once it is registered it gets one, and loses it with its registration', async () => {
  const world = opened(app());
  expect(await sync(world)).toMatchObject({ effect: 'create' });
  register(world, app().replace('acme/shop', 'acme/other'));
  expect(await sync(world)).toMatchObject({ effect: 'remove', state: { reason: 'not-registered' } });
  expect(world.comment('shop', 7)).toContain('propose `apps/acme/shop.yaml` in the apps repo, or ask');
});

test('another repository under a registered name is not registered', async () => {
  expect(await sync(opened(app(', repositoryId: 999999')))).toMatchObject({ state: { reason: 'not-registered' } });
  const world = opened();
  register(world, app(`, repositoryId: ${world.id('shop')}`));
  expect(await sync(world)).toMatchObject({ effect: 'create' });
});

test('a slip in a registration ends nothing that runs, and nobody else is stopped by it', async () => {
  const world = opened(app());
  await sync(world);
  register(world, app(', costCenter: CC-1'));
  expect(await sync(world)).toMatchObject({
    effect: 'none',
    state: { state: 'problem', where: 'settings', cause: { message: expect.stringContaining('costCentre') } },
  });
  expect(world.previews()).toEqual(['pr-shop-7']);
  register(world, app());
  commitFiles(world.appsRepo, { 'apps/acme/other.yaml': 'nonsense\n' });
  expect(await sync(world)).toMatchObject({ effect: 'none', state: { state: 'committed' } });
});

test.each(['acme/shop', 'Acme/Shop'])(
  'the file of another repository does not speak for one that has its own: %s',
  async (name) => {
    const world = opened(app(', team: web'));
    const other = app(', team: others').replace('acme/shop', name);
    commitFiles(world.appsRepo, { 'apps/acme/a.yaml': other, 'apps/acme/z.yaml': other });
    await sync(world);
    const teams = objectsOf(world).map(({ metadata }) => metadata.labels['greenroom.dev/team']);
    expect(new Set(teams)).toEqual(new Set(['web']));
  },
);

test.each(['../prod/', 'acme/../prod/', './'])('secrets that begin at %s are refused', async (prefix) => {
  const cause = { message: expect.stringContaining('must be a path without . and ..') };
  expect(await sync(opened(app(`, secretsPrefix: ${prefix}`)))).toMatchObject({ state: { state: 'problem', cause } });
});

test('an owner that names nobody is refused, with the field, the line and what is allowed', async () => {
  const place = 'apps/acme/shop.yaml:3:39: spec.owner: must be an account such as @mia, a team such as @acme/web';
  const cause = { message: expect.stringContaining(place) };
  const registration = app().replace('"@acme/web"', 'web');
  expect(await sync(opened(registration))).toMatchObject({ state: { state: 'problem', cause } });
});

/** Objects of the preview in the apps repo. */
const objectsOf = (world: World) =>
  world
    .paths()
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => parse(world.read(path)));

test('who pays and who is responsible is on each object, and at the pods', async () => {
  const world = opened(app(', team: web, costCentre: CC-1234'));
  await sync(world);
  const objects = objectsOf(world);
  expect(objects.length).toBeGreaterThan(5);
  for (const { kind, metadata, spec } of objects) {
    for (const place of [metadata, ...(kind === 'Deployment' ? [spec.template.metadata] : [])]) {
      expect(place.labels, kind).toMatchObject({ 'greenroom.dev/team': 'web', 'greenroom.dev/cost-centre': 'CC-1234' });
      expect(place.annotations, kind).toMatchObject({ 'greenroom.dev/owner': '@acme/web' });
    }
  }
  register(world, app());
  expect(await sync(world)).toMatchObject({ effect: 'update' });
});

test('its secrets begin where its registration says, before commit and for admission', async () => {
  const world = opened(app(', secretsPrefix: web-team/shop/'));
  const asks = (reference: string, manifest = '') => {
    world.push('shop', {
      'preview.yaml': previewText(`secrets: { KEY: ${reference} }${manifest && '\nmanifests: k8s'}`),
      ...(manifest && { 'k8s/a.yaml': manifest }),
    });
    world.pull('shop', 7);
    return sync(world);
  };
  const words = expect.stringContaining('must be a reference under web-team/shop/');
  expect(await asks('acme/shop/key')).toMatchObject({ state: { state: 'invalid', problems: [{ message: words }] } });
  expect(await asks('web-team/shop/key')).toMatchObject({ effect: 'create' });
  const { metadata } = objectsOf(world).find(({ kind }) => kind === 'Namespace');
  expect(metadata.annotations).toMatchObject({ 'greenroom.dev/secrets-prefix': 'web-team/shop/' });
  const external = (key: string) =>
    `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: { name: own }\nspec:\n  secretStoreRef: { kind: ClusterSecretStore, name: previews }\n  data: [{ secretKey: K, remoteRef: { key: ${key} } }]\n`;
  expect(await asks('web-team/shop/key', external('acme/shop/key'))).toMatchObject({ state: { state: 'denied' } });
  expect(await asks('web-team/shop/key', external('web-team/shop/key'))).toMatchObject({
    state: { state: 'committed' },
  });
});

test('previews that cost more than the budget of their repository are told of it, and go on', async () => {
  const world = opened(app(', budget: 4'));
  expect(await sync(world)).toMatchObject({ effect: 'create' });
  expect(world.comment('shop', 7)).not.toContain('its budget is');
  world.pull('shop', 8);
  const second = await world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 8));
  expect(second).toMatchObject({ effect: 'create' });
  expect(world.comment('shop', 8)).toContain('The 2 previews of this repository cost about');
  expect(world.comment('shop', 8)).toContain('a month at this rate; its budget is &#36;4.00');
});
