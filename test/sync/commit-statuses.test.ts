import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles } from '../support/git.ts';
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
  const write = async (oid: string, description: string, context = 'greenroom/pr-shop-7', state = 'success') => {
    const { url, token } = await world.github();
    const { status } = await fetch(`${url}/repos/acme/previews/statuses/${oid}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ state, context, description }),
    });
    expect(status).toBe(201);
  };
  const said = async () => {
    const { status } = await sync();
    return [status?.state, status?.reason];
  };
  const applied = await push('one');
  /** A commit about something else. */
  const others = (text: string) => commitFiles(world.appsRepo, { 'README.md': text }, { time: world.now });
  return { world, push, sync, write, said, applied, others };
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

describe('Flux writes only failures', () => {
  const FLUX = platformText(
    'reconciler: flux\npolicies: { engines: [kyverno] }\nstatus: { probe: false, commitStatuses: { appId: 1, installationId: 2 } }',
  );

  /** As notification-controller writes it, with the name that `init` configures. */
  async function fluxScene() {
    const all = await scene(FLUX);
    const fail = (oid: string, name = 'pr-shop-7') =>
      all.write(
        oid,
        'reconciliation failed',
        `greenroom/${name} ${new Date(all.world.now * 1000).toISOString().slice(0, 14)}00`,
        'failure',
      );
    const later = (minutes: number) => {
      all.world.now += minutes * 60;
    };
    return { ...all, fail, later };
  }

  test('one is a problem of the platform, with the words for engineers, until a newer commit was tried without it', async () => {
    const { world, fail, later, said, applied, others } = await fluxScene();
    later(1);
    expect(await said()).toEqual(['committed', null]);
    await fail(applied);
    expect(await said()).toEqual(['not-working', 'not-applied']);
    expect(world.comment('shop', 7)).toContain('### Preview: not working - it could not be put in place');
    expect(world.comment('shop', 7)).toContain('reconciliation failed');
    later(1);
    others('another change');
    // Nobody knows yet whether it was tried at the new commit.
    expect(await said()).toEqual(['not-working', 'not-applied']);
    later(11);
    expect(await said()).toEqual(['starting', 'not-repeated']);
    expect(world.comment('shop', 7)).toContain('An earlier problem was not reported again');
    expect(world.comment('shop', 7)).not.toContain('### Preview: ready');
  });

  test('of the fence counts as well, and one that a retry repaired ends by time', async () => {
    const { fail, later, said, applied } = await fluxScene();
    await fail(applied, 'pr-shop-7-fence');
    later(35);
    expect(await said()).toEqual(['not-working', 'not-applied']);
    later(10);
    expect(await said()).toEqual(['starting', 'not-repeated']);
  });

  test('one that lasts is written again, and outlives any number of commits', async () => {
    const { world, fail, later, said, applied, others } = await fluxScene();
    await fail(applied);
    for (const round of [1, 2, 3]) {
      later(20);
      others(`change ${round}`);
      await fail(world.head()!);
      expect(await said()).toEqual(['not-working', 'not-applied']);
    }
  });

  test('one for an earlier commit of the pull request says nothing about the present one', async () => {
    const { fail, said, applied, push } = await fluxScene();
    await push('two');
    await fail(applied);
    expect(await said()).toEqual(['committed', null]);
  });

  test.each<[string, string, string]>([
    ['of another preview', 'greenroom/pr-shop-77 2026-11-30T10:00', 'failure'],
    ['of another program', 'kustomization/pr-shop-7/1234', 'failure'],
    ['that is no failure', 'greenroom/pr-shop-7 2026-11-30T10:00', 'success'],
  ])('one %s says nothing', async (_, context, state) => {
    const { write, said, applied } = await fluxScene();
    await write(applied, 'reconciliation failed', context, state);
    expect(await said()).toEqual(['committed', null]);
  });

  test('and is not asked to where serve is told more', async () => {
    const world = new World(
      FLUX.replace('probe: false', 'probe: false, notify: true, url: "https://serve.example.com/status"'),
    );
    world.push('shop');
    world.pull('shop', 7);
    await expect(world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7))).rejects.toThrow(
      /spec\.status\.commitStatuses: cannot be used together with notify/,
    );
  });
});

test('a status outlives a hundred commits of the same hour', async () => {
  const { world, write, said, applied, others } = await scene();
  world.now += 60;
  await write(applied, `The app does not become ready. [reconciler not-working/unhealthy ${world.now}]`);
  for (let i = 0; i < 120; i++) others(`change ${i}`);
  expect(await said()).toEqual(['not-working', 'unhealthy']);
});

test('the latest one counts, on whichever commit it is', async () => {
  const { world, write, said, applied, others } = await scene();
  others('another change');
  world.now += 60;
  await write(world.head()!, `It is in place and healthy. [reconciler ready ${world.now - 30}]`);
  await write(applied, `It could not be put in place. [reconciler not-working/not-applied ${world.now}]`);
  expect(await said()).toEqual(['not-working', 'not-applied']);
});
