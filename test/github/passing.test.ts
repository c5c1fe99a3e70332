import { describe, expect, test } from 'vitest';
import { handleComment, syncAndAnswer } from '../../lib/sync/answer.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { deliver } from '../serve/deliver.ts';
import { loggedService } from '../serve/logged.ts';
import type { FakeRequest } from '../support/fake-github/server.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);
const json = { 'content-type': 'application/json' };
const WRONG =
  'Something went wrong while executing your query on 2026-11-30. Please include `ABCD:1` when reporting this.';
const wrong = { headers: json, body: JSON.stringify({ data: null, errors: [{ message: WRONG }] }) };
const BAD_GATEWAY = { status: 502 };

async function shop() {
  const world = new GitHubWorld();
  world.push('shop');
  world.pull('shop', 7);
  const fake = await world.github();
  const apply = { random: () => 0, sleep: async () => undefined };
  const sync = () => world.with((context) => syncPullRequest(context, { path: 'acme/shop' }, 7, { apply }));
  /** These requests fail so often. */
  const fail = (isIt: (request: FakeRequest) => boolean, answer: object, times = Number.POSITIVE_INFINITY) => {
    let left = times;
    fake.fault = (request) => (isIt(request) && left-- > 0 ? answer : undefined);
  };
  return { world, fake, sync, fail };
}

const named = (name: string) => (request: FakeRequest) =>
  request.operation === name || `${request.method} ${request.path.split('/').at(-1)}` === name;

describe('a failure of GitHub that passes', () => {
  test.each([
    ['AddComment', BAD_GATEWAY],
    ['AddComment', wrong],
    ['POST check-runs', BAD_GATEWAY],
    ['POST deployments', BAD_GATEWAY],
    ['SetDeployments', BAD_GATEWAY],
    ['SetDeployments', wrong],
  ])('of %s is to be tried again, and the commit stays', async (name, answer) => {
    const { world, sync, fail } = await shop();
    fail(named(name), answer, 1);
    const first = await sync();
    expect(first).toMatchObject({
      effect: 'create',
      isPassing: true,
      notes: [expect.stringContaining('not be written')],
    });
    expect(await sync()).toMatchObject({ effect: 'none', isPassing: false, notes: [] });
    expect(world.comment('shop', 7)).toContain('pr-shop-7');
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'success' });
  });

  test('of the commit is tried again at once, and is never the fault of anyone', async () => {
    const { world, fake, sync, fail } = await shop();
    fail(named('CommitFiles'), wrong, 2);
    expect(await sync()).toMatchObject({ effect: 'create', isPassing: false });
    expect(world.previews()).toEqual(['pr-shop-7']);
    const other = await shop();
    other.fail(named('CommitFiles'), wrong);
    await expect(other.sync()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('again'),
    });
    expect(fake.requests.filter(named('CommitFiles'))).toHaveLength(3);
  });

  test.each([
    ['an error', wrong],
    ['null', { headers: json, body: JSON.stringify({ data: { repository: { pullRequest: null } } }) }],
    ['null for the repository', { headers: json, body: JSON.stringify({ data: { repository: null } }) }],
  ])('of the reading, with %s for the pull request, is to be tried again', async (_, answer) => {
    const { world, fail, sync } = await shop();
    await sync();
    world.now += 3600;
    fail(({ operation }) => operation?.startsWith('ReadPull') === true, answer);
    expect(await sync()).toMatchObject({ state: { state: 'unknown' }, isPassing: true });
    expect(world.previews()).toEqual(['pr-shop-7']);
    const asked = world.with((context) => handleComment(context, { path: 'acme/shop' }, 7, 1));
    await expect(asked).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('of the reply to a command is made up for: who asked reads it, and is answered then', async () => {
    const { world, sync, fail } = await shop();
    await sync();
    await world.allow('shop', 'mia', 'write');
    const id = await world.say('shop', 7, 'mia', '/preview stpo');
    fail(named('UpdateComment'), BAD_GATEWAY, 1);
    const first = await world.with((context) => handleComment(context, { path: 'acme/shop' }, 7, id));
    expect([first?.isPassing, world.answerTo('shop', 7, id)]).toEqual([true, null]);
    await world.with((context) => syncAndAnswer(context, { path: 'acme/shop' }, 7));
    expect(world.answerTo('shop', 7, id)).toBe('confused');
    expect(world.comment('shop', 7)).toContain('stpo');
  });

  test('of a commit by a secondary limit that GraphQL reports is one wait, and nobody is blamed', async () => {
    const { world, fake, sync, fail } = await shop();
    const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
    const headers = { ...json, 'retry-after': '60' };
    fail(named('CommitFiles'), { headers, body: JSON.stringify({ data: null, errors: [{ message }] }) }, 1);
    expect(await sync()).toMatchObject({ effect: 'create', isPassing: false, notes: [] });
    expect(fake.requests.filter(named('CommitFiles'))).toHaveLength(2);
    expect(world.waits.filter((milliseconds) => milliseconds >= 59_000)).toEqual([60_000]);
  });

  test('of the comment is written by the service itself, without a sweep', async () => {
    const { world, fail } = await shop();
    fail(named('AddComment'), wrong, 2);
    const { service, log } = loggedService({ withContext: (work) => world.with(work), retryAfter: 0.01 });
    const url = await service.start();
    const repository = { name: 'shop', owner: { login: 'acme' } };
    await deliver(url, 'pull_request', { action: 'opened', repository, pull_request: { number: 7 } });
    await expect.poll(() => world.comment('shop', 7)).toContain('pr-shop-7');
    await service.stop(5);
    expect(log.filter(({ event }) => event === 'retry')).toHaveLength(2);
  });
});
