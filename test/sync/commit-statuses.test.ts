import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const PLATFORM = platformText('status: { probe: false, commitStatuses: { appId: 1, installationId: 2 } }');

async function scene(platform = PLATFORM) {
  const world = new GitHubWorld(platform);
  const push = async (level: string) => {
    world.push('shop', { 'preview.yaml': previewText(`env: { LEVEL: "${level}" }`) });
    world.pull('shop', 7);
    await sync();
    return world.head()!;
  };
  const sync = () => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7));
  /** As the reconciler writes it. */
  const write = async (oid: string, description: string, context = 'greenroom/pr-shop-7') => {
    const { url, token } = await world.github();
    const { status } = await fetch(`${url}/repos/acme/previews/statuses/${oid}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'success', context, description }),
    });
    expect(status).toBe(201);
  };
  const said = async () => {
    const { status } = await sync();
    return [status?.state, status?.reason];
  };
  const applied = await push('one');
  return { world, push, sync, write, said, applied };
}

describe('a commit status of the apps repo, where nobody runs serve', () => {
  test('is read by the next sync, although the branch has moved on', async () => {
    const { world, write, said, applied } = await scene();
    expect(await said()).toEqual(['committed', null]);
    world.now += 60;
    await write(applied, `It is being put in place. [reconciler starting/applying ${world.now - 30}]`);
    world.settle({ 'README.md': 'another change' });
    expect(await said()).toEqual(['starting', 'applying']);
    world.now += 60;
    await write(applied, `It is in place and healthy. [reconciler ready ${world.now - 5}]`);
    expect(await said()).toEqual(['ready', null]);
    expect(world.comment('shop', 7)).toContain('### Preview: ready - [Open the preview]');
  });

  test('is about the head that the apps repo held at that commit, never about a later one', async () => {
    const { world, write, said, applied, push } = await scene();
    const next = await push('two');
    world.now += 60;
    await write(applied, `It is in place and healthy. [reconciler ready ${world.now}]`);
    expect((await said())[0]).toBe('committed');
    await write(next, `The app does not become ready. [reconciler not-working/unhealthy ${world.now}]`);
    expect(await said()).toEqual(['not-working', 'unhealthy']);
  });

  test('a sweep reads those of all previews with one request', async () => {
    const { world, write, applied } = await scene();
    world.push('cart');
    world.pull('cart', 8);
    await world.with((context) => syncPullRequest(context, { path: 'acme/cart' }, 8));
    world.now += 60;
    await write(applied, `It is in place and healthy. [reconciler ready ${world.now}]`);
    await write(
      world.head()!,
      `It could not be put in place. [reconciler not-working/not-applied ${world.now}]`,
      'greenroom/pr-cart-8',
    );
    const fake = await world.github();
    const before = fake.requests.length;
    const { results } = await world.with((context) => sweep(context));
    expect(Object.fromEntries(results.map(({ name, status }) => [name, status?.state]))).toEqual({
      'pr-cart-8': 'not-working',
      'pr-shop-7': 'ready',
    });
    const asked = fake.requests
      .slice(before)
      .filter((request) => JSON.stringify(request).includes('ReadCommitStatuses'));
    expect(asked).toHaveLength(1);
  });

  test.each<[string, (now: number) => string, string?]>([
    ['of another preview', (now) => `x [reconciler ready ${now}]`, 'greenroom/pr-shop-8'],
    ['of another program', (now) => `x [reconciler ready ${now}]`, 'ci/build'],
    ['without our form', () => 'It is in place and healthy.'],
    ['from the future', (now) => `x [reconciler ready ${now + 3600}]`],
    ['that claims to be the reporter', (now) => `x [cluster ready ${now}]`],
    ['in whose middle something is made up', (now) => `[reconciler ready ${now}] x`],
  ])('one %s says nothing', async (_, description, context) => {
    const { world, write, said, applied } = await scene();
    await write(applied, description(world.now), context);
    expect((await said())[0]).toBe('committed');
  });

  test('that cannot be read is said to the platform team once, and to no maker', async () => {
    const { world, sync } = await scene();
    (await world.github()).missing.add('reading the statuses of a branch');
    const { notes, status } = await sync();
    expect(status?.state).toBe('committed');
    const why = expect.stringMatching(
      /^status\.commitStatuses: .* it needs the permission "Commit statuses: read" there$/,
    );
    expect(notes).toEqual([why]);
    expect(world.comment('shop', 7)).not.toContain('commitStatuses');
    const swept = await world.with((context) => sweep(context));
    expect(swept.notes).toEqual([why]);
  });

  test('where the platform did not ask for them, they are neither read nor believed', async () => {
    const { world, write, said, applied } = await scene(platformText('status: { probe: false }'));
    await write(applied, `It is in place and healthy. [reconciler ready ${world.now}]`);
    expect((await said())[0]).toBe('committed');
    expect(JSON.stringify((await world.github()).requests)).not.toContain('ReadCommitStatuses');
  });
});

test('Flux would write one for each preview on each commit: refused', async () => {
  const world = new World(
    platformText(
      'reconciler: flux\npolicies: { engines: [kyverno] }\nstatus: { commitStatuses: { appId: 1, installationId: 2 } }',
    ),
  );
  world.push('shop');
  world.pull('shop', 7);
  await expect(world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7))).rejects.toThrow(
    /spec\.status\.commitStatuses: needs reconciler argocd/,
  );
});
