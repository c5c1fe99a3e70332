import { describe, expect, test } from 'vitest';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import type { Fault } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const apply = { random: () => 0, sleep: async () => undefined };
const run = (world: World) => world.with((context) => sweep(context, { apply }));

/** Two previews of pull requests that are open. */
async function live() {
  const world = new GitHubWorld();
  world.push('shop');
  for (const number of [7, 8]) world.pull('shop', number);
  await run(world);
  expect(world.previews()).toEqual(['pr-shop-7', 'pr-shop-8']);
  return { world, fake: await world.github() };
}

describe('what gives no positive answer keeps every preview', () => {
  const JSON_TYPE = { 'content-type': 'application/json' };
  const json = (status: number, body: object): Fault => ({ status, headers: JSON_TYPE, body: JSON.stringify(body) });
  const empty = { totalCount: 0, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] };
  const NAMES = { databaseId: 1000, name: 'shop', owner: { login: 'acme' } };
  const noPulls = json(200, { data: { repository: { ...NAMES, pullRequests: empty } } });
  const noRepositories = json(200, { data: { repositoryOwner: { repositories: empty } } });
  const notFound = json(200, { data: { repository: null }, errors: [{ type: 'NOT_FOUND', message: 'gone' }] });

  // What the list of repositories, the list of pull requests, a pull request, and a repository by its id answer.
  test.each<[string, Partial<Record<'ListRepositories' | 'ListPulls' | 'ReadPull' | 'byId', Fault>>, boolean]>([
    ['errors', { ListPulls: json(500, {}), ReadPull: json(500, {}), byId: json(500, {}) }, true],
    ['HTML with 200', { ListPulls: { status: 200 }, ReadPull: { status: 200 }, byId: { status: 200 } }, true],
    ['404', { ListPulls: json(404, {}), ReadPull: json(404, {}), byId: json(404, {}) }, true],
    ['a repository that is not found', { ListPulls: notFound, ReadPull: notFound, byId: json(404, {}) }, true],
    ['an empty list of repositories, and no answer', { ListRepositories: noRepositories, ReadPull: notFound }, true],
    ['an empty list of pull requests, and no answer', { ListPulls: noPulls, ReadPull: { status: 200 } }, true],
    ['an empty list of pull requests, and that they are open', { ListPulls: noPulls }, false],
    [
      'a page that is missing',
      { ListPulls: { edit: (body) => body.replace('"totalCount":2', '"totalCount":3') } },
      true,
    ],
  ])('%s', async (_, faults, isUnknown) => {
    const { world, fake } = await live();
    const [head, paths] = [world.head(), world.paths()];
    fake.fault = ({ operation, path }) => {
      if (path.startsWith('/repositories/')) return faults.byId;
      return faults[operation as keyof typeof faults];
    };
    const { unknown, failures } = await run(world);
    expect([failures, world.head(), world.paths()]).toEqual([[], head, paths]);
    expect(unknown.length > 0).toBe(isUnknown);
  });

  test('a redirect to another repository, whose pull request is closed', async () => {
    const { world, fake } = await live();
    const head = world.head();
    world.push('other');
    for (const number of [7, 8]) world.pull('other', number, { state: 'closed' });
    world.rename('shop', 'archive');
    fake.redirects.set('acme/shop', 'acme/other');
    fake.fault = ({ path, operation }) =>
      path.startsWith('/repositories/') || operation === 'ListPulls'
        ? { status: 404, headers: JSON_TYPE, body: '{}' }
        : undefined;
    const { unknown } = await run(world);
    expect(world.head()).toBe(head);
    expect(unknown).toContainEqual(expect.stringContaining('acme/shop#7'));
  });

  test('a positive answer does remove', async () => {
    const { world } = await live();
    world.pull('shop', 7, { state: 'closed' });
    await run(world);
    expect(world.previews()).toEqual(['pr-shop-8']);
  });
});
