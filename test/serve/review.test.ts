import { afterEach, describe, expect, test } from 'vitest';
import type { Service } from '../../lib/serve/service.ts';
import { closePull, mergePull } from '../support/fake-github/pulls.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles, git, headOf } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';
import { deliver as deliverEvent } from './deliver.ts';
import { loggedService } from './logged.ts';

const GitHubWorld = overGitHub(World);
const APPS = { path: 'acme/previews', branch: undefined };

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((service) => service.stop(5)));
});

/** A receiver beside GitHub, with a proposal for shop#7 that waits. */
async function opened(platform = platformText('commit: { mode: pull-request }'), sweepEvery: number | null = null) {
  const world = new GitHubWorld(platform);
  const fake = await world.github();
  fake.permissions.set('mia', 'write');
  world.push('shop');
  world.pull('shop', 7);
  const { service, log } = loggedService({ appsRepo: APPS, withContext: (work) => world.with(work), sweepEvery });
  running.push(service);
  const url = await service.start();
  const apps = () => fake.repository('acme', 'previews')!;
  const done = (event: string) => log.filter((entry) => entry.event === event && entry.ms !== undefined);
  /** Delivers, and waits until what it leads to is done. */
  const deliver = async (event: string, payload: object) => {
    const before = done('sync').length;
    const { status } = await deliverEvent(url, event, payload);
    if (status === 202) await expect.poll(() => done('sync').length).toBe(before + 1);
    return status;
  };
  const opened = {
    world,
    fake,
    service,
    log,
    apps,
    deliver,
    done,
    url,
    /** What GitHub sends of a pull request. */
    pull: (name: string, number: number, action: string) => {
      const repo = fake.repository('acme', name)!;
      const { head, title, state, merged } = repo.pullRequest(number)!;
      return {
        action,
        number,
        repository: repositoryOf(repo),
        pull_request: {
          number,
          title,
          state,
          merged,
          body: fake.bodies.get(`PR_${repo.id}_${number}`) ?? null,
          head: { ref: head.ref, sha: head.sha, repo: head.repositoryId === null ? null : { id: head.repositoryId } },
        },
      };
    },
    /** What GitHub sends when the branch of the apps repo has moved. */
    pushed: (before: string, forced = false) => ({
      ref: 'refs/heads/main',
      before,
      after: headOf(world.appsRepo),
      forced,
      deleted: false,
      repository: repositoryOf(apps()),
      commits: git(world.appsRepo, ['rev-list', '--reverse', `${before}..main`])
        .split('\n')
        .filter(Boolean)
        .map((id) => commitOf(world.appsRepo, id)),
    }),
  };
  await opened.deliver('pull_request', opened.pull('shop', 7, 'opened'));
  return opened;
}

function repositoryOf({ id, owner, name }: { id: number; owner: string; name: string }) {
  return { id, name, full_name: `${owner}/${name}`, owner: { login: owner }, default_branch: 'main' };
}

function commitOf(repo: string, id: string) {
  const paths = (filter: string) =>
    git(repo, ['diff-tree', '-r', '--no-commit-id', '--name-only', `--diff-filter=${filter}`, id])
      .split('\n')
      .filter(Boolean);
  const message = git(repo, ['log', '-1', '--format=%B', id]);
  return { id, message, added: paths('A'), removed: paths('D'), modified: paths('M') };
}

describe('events of the apps repo', () => {
  test('a proposal that is merged: the maker reads at once that the preview runs', async () => {
    const { world, fake, pull, deliver, apps } = await opened();
    expect(world.comment('shop', 7)).toContain('### Preview: waiting for review');
    mergePull(fake, 'acme', 'previews', 1);
    expect(await deliver('pull_request', pull('previews', 1, 'closed'))).toBe(202);
    expect(world.comment('shop', 7)).toContain('[Its address]');
    expect(apps().head('greenroom/pr-shop-7')).toBeNull();
  });

  test('one that is declined: the maker reads whom to ask', async () => {
    const { world, pull, deliver, apps } = await opened();
    closePull(apps(), apps().pullRequest(1)!);
    expect(await deliver('pull_request', pull('previews', 1, 'closed'))).toBe(202);
    expect(world.comment('shop', 7)).toContain('declined in review');
  });

  test('a removal that is merged: the maker reads that it is gone', async () => {
    const { world, fake, pull, deliver } = await opened();
    mergePull(fake, 'acme', 'previews', 1);
    await deliver('pull_request', pull('previews', 1, 'closed'));
    world.pull('shop', 7, { state: 'closed' });
    await deliver('pull_request', pull('shop', 7, 'closed'));
    expect(world.comment('shop', 7)).toContain('waiting for review');
    mergePull(fake, 'acme', 'previews', 2);
    expect(await deliver('pull_request', pull('previews', 2, 'closed'))).toBe(202);
    expect(world.comment('shop', 7)).toContain('### Preview: removed');
  });

  test('a push that brings a proposal says whose preview it is, by the message of its commit', async () => {
    const { world, fake, pushed, deliver } = await opened();
    const before = world.head()!;
    mergePull(fake, 'acme', 'previews', 1);
    expect(await deliver('push', pushed(before))).toBe(202);
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('what the receiver itself does there wakes nobody', async () => {
    const { world, pull, pushed, deliver, done } = await opened();
    for (const action of ['opened', 'synchronize', 'edited']) {
      expect(await deliver('pull_request', pull('previews', 1, action))).toBe(204);
    }
    commitFiles(world.appsRepo, { 'greenroom.yaml': platformText() });
    const before = world.head()!;
    await deliver('pull_request', pull('shop', 7, 'synchronize'));
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(await deliver('push', pushed(before))).toBe(204);
    expect(done('sync')).toHaveLength(2);
  });

  test('of other branches, of tags and without the branch are none', async () => {
    const { world, pushed, deliver } = await opened();
    const before = world.head()!;
    commitFiles(world.appsRepo, { 'exceptions/x.yaml': 'x' });
    const push = pushed(before);
    expect(await deliver('push', { ...push, ref: 'refs/heads/greenroom/pr-shop-7' })).toBe(204);
    expect(await deliver('push', { ...push, ref: 'refs/tags/main' })).toBe(204);
    expect(await deliver('push', { ...push, commits: [], deleted: true })).toBe(204);
    expect(await deliver('push', { ...push, repository: { ...push.repository, name: 'other' } })).toBe(204);
  });

  test('a request to review by somebody else, or from a fork, is an ordinary pull request', async () => {
    const { world, pull, deliver, log } = await opened();
    world.pull('previews', 5, { headRepositoryId: 4711 });
    const payload = pull('previews', 5, 'closed');
    const fork = { ...payload.pull_request, head: { ...payload.pull_request.head, ref: 'greenroom/pr-shop-7' } };
    await deliver('pull_request', {
      ...payload,
      pull_request: { ...fork, body: '<!-- greenroom:proposal pr-shop-7 acme/shop#7 -->' },
    });
    expect(log.at(-1)).toMatchObject({ event: 'sync', about: 'acme/previews#5' });
  });
});

describe('what somebody else changes there', () => {
  test.each([
    ['a preview that is removed by hand', { 'previews/main/shop/pr-shop-7/preview.json': null }],
    ['the settings', { 'greenroom.yaml': platformText('ttl: { default: 24h }') }],
    ['an exception', { 'exceptions/x.yaml': null }],
  ])('%s: everything is looked at again', async (_, files) => {
    const { world, pushed, done, url } = await opened(platformText(), 600);
    commitFiles(world.appsRepo, { 'exceptions/x.yaml': '# none\n' });
    const before = world.head()!;
    commitFiles(world.appsRepo, files);
    expect((await deliverEvent(url, 'push', pushed(before))).status).toBe(202);
    await expect.poll(() => done('sweep').length).toBe(2);
    expect(done('sweep')[1]).toMatchObject({ level: 'info', previews: 1 });
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.paths()).toContain('previews/main/shop/pr-shop-7/preview.json');
  });
});

describe('proposals where the apps repo is among the sources', () => {
  test('are no pull requests of makers: nothing is written on them', async () => {
    const { fake, pull, url, log, world, apps } = await opened();
    // A delivery that was on its way before this version knew them.
    const { pull_request: _, ...rest } = pull('previews', 1, 'opened');
    const payload = { ...rest, issue: { number: 1, pull_request: {} } };
    expect((await deliverEvent(url, 'issue_comment', payload)).status).toBe(202);
    await expect.poll(() => log.at(-1)).toMatchObject({ event: 'sync', about: 'acme/previews#1', state: 'none' });
    await world.say('previews', 1, 'mia', '/preview stop');
    expect((await deliverEvent(url, 'issue_comment', payload)).status).toBe(202);
    await expect.poll(() => log.filter(({ about }) => about === 'acme/previews#1').length).toBeGreaterThan(3);
    expect(fake.checks.filter(({ repository }) => repository === 'acme/previews')).toEqual([]);
    expect(fake.commentsOf('acme', 'previews', 1)).toHaveLength(1);
    expect(fake.commentsOf('acme', 'previews', 1)[0]).toMatchObject({ author: 'mia', reactions: [] });
    expect(apps().pullRequest(1)).toMatchObject({ state: 'open' });
  });
});

describe('commands by comment where every preview is proposed', () => {
  /** Somebody writes a comment; gives how it was answered. */
  const commanded = async () => {
    const scene = await opened();
    const { world, deliver } = scene;
    const event = (id: number, action: string) => ({
      action,
      repository: repositoryOf(scene.fake.repository('acme', 'shop')!),
      issue: { number: 7, pull_request: {} },
      comment: { id },
    });
    return {
      ...scene,
      say: async (body: string, author = 'mia') => {
        const id = await world.say('shop', 7, author, body);
        await deliver('issue_comment', event(id, 'created'));
        return world.answerTo('shop', 7, id);
      },
      tick: async (words: string) => {
        const ours = scene.fake.commentsOf('acme', 'shop', 7).find(({ author }) => author === scene.fake.login)!;
        expect(ours.body).toContain(`- [ ] ${words}`);
        scene.fake.edit(ours, ours.body.replace(`- [ ] ${words}`, `- [x] ${words}`), 'mia');
        await deliver('issue_comment', event(ours.number, 'edited'));
      },
      merged: async (number: number) => {
        mergePull(scene.fake, 'acme', 'previews', number);
        await deliver('pull_request', scene.pull('previews', number, 'closed'));
      },
      states: () =>
        scene
          .apps()
          .pullRequests()
          .map(({ state, merged }) => (merged ? 'merged' : state)),
    };
  };

  test('stop before the review: the proposal is closed, and a ticked box proposes it anew', async () => {
    const { world, say, states, apps, tick } = await commanded();
    expect(await say('/preview stop')).toBe('done');
    expect([states(), apps().head('greenroom/pr-shop-7')]).toEqual([['closed'], null]);
    expect(world.comment('shop', 7)).toContain(
      '### Preview: stopped\nmia stopped it; your pull request is unchanged. A new push starts it again, too.\n',
    );
    expect(world.check('shop', 7)).toMatchObject({ conclusion: 'neutral', title: 'No preview' });
    await tick('Start again');
    expect(states()).toEqual(['closed', 'open']);
    expect(world.comment('shop', 7)).toContain('### Preview: waiting for review');
  });

  test('a close before the review: what was asked for is withdrawn, said once, and in the words of what never ran', async () => {
    const { world, fake, pull, deliver, states } = await commanded();
    world.pull('shop', 7, { state: 'closed' });
    await deliver('pull_request', pull('shop', 7, 'closed'));
    const comment = world.comment('shop', 7);
    expect(comment).toContain(
      '### Preview: removed\nThis pull request was closed. The request for its preview was withdrawn.',
    );
    expect(states()).toEqual(['closed']);
    fake.requests.length = 0;
    await deliver('pull_request', pull('shop', 7, 'labeled'));
    expect(world.comment('shop', 7)).toBe(comment);
    expect(fake.requests.filter(({ operation = '' }) => /^(Add|Update)Comment$/.test(operation))).toEqual([]);
  });

  test('stop of what runs: its removal is proposed, and the words say until when it runs on', async () => {
    const { world, say, states, merged } = await commanded();
    await merged(1);
    expect(world.comment('shop', 7)).toContain('[Its address]');
    expect(await say('/preview stop')).toBe('done');
    expect(states()).toEqual(['merged', 'open']);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.comment('shop', 7)).toMatch(
      /### Preview: waiting for review\nmia stopped it\. Its preview ends when the platform team merges its removal, at the latest when its time is up\. \[See the request\]\(https:\/\/github\.com\/acme\/previews\/pull\/2\)\n\nYour earlier preview stays as it is/,
    );
    await merged(2);
    expect(world.previews()).toEqual([]);
    expect(world.comment('shop', 7)).toMatch(
      /### Preview: stopped\nmia stopped it after 1 minute; your pull request is unchanged\. [^\n]*\n\n<!-- greenroom:end -->\nIt was taken out of the apps repo; the cluster deletes it within minutes\. Data that was entered in it is deleted with it/,
    );
  });

  test('retry before the removal is merged takes it back: the preview never stopped', async () => {
    const { world, say, states, merged, apps } = await commanded();
    await merged(1);
    await say('/preview stop');
    expect(await say('/preview retry')).toBe('done');
    expect(world.comment('shop', 7)).not.toContain('stopped');
    // Its times may have changed with the command; then that is what is proposed.
    expect(states().slice(0, 1)).toEqual(['merged']);
    const open = apps()
      .pullRequests()
      .filter(({ state }) => state === 'open');
    for (const { number } of open) await merged(number);
    expect(world.previews()).toEqual(['pr-shop-7']);
    expect(world.comment('shop', 7)).toContain('[Its address]');
  });

  test('extend moves the proposal that waits, and proposes the new end of what runs', async () => {
    const { world, fake, say, states, merged } = await commanded();
    const end = (branch: string) =>
      JSON.parse(git(world.appsRepo, ['show', `${branch}:previews/main/shop/pr-shop-7/preview.json`])).expires;
    const before = end('greenroom/pr-shop-7');
    expect(await say('/preview extend 2h')).toBe('done');
    expect([states(), end('greenroom/pr-shop-7')]).toEqual([['open'], before + 7200]);
    await merged(1);
    expect(await say('/preview extend 1h')).toBe('done');
    expect([states(), end('main'), end('greenroom/pr-shop-7')]).toEqual([
      ['merged', 'open'],
      before + 7200,
      before + 10_800,
    ]);
    expect(world.comment('shop', 7)).toMatch(
      /The platform team looks at every change of a preview first\. Nothing to do\./,
    );
    expect(fake.bodies.get([...fake.bodies.keys()].at(-1)!)).toContain('Merging brings this version to');
  });

  test('of somebody who may not push: refused, and nothing is proposed', async () => {
    const { say, states } = await commanded();
    expect(await say('/preview stop', 'eve')).toBe('refused');
    expect(states()).toEqual(['open']);
  });

  test('retry of what was declined asks nobody again', async () => {
    const { world, say, apps, states } = await commanded();
    closePull(apps(), apps().pullRequest(1)!);
    expect(await say('/preview retry')).toBe('done');
    expect(states()).toEqual(['closed']);
    expect(world.comment('shop', 7)).toContain('declined in review');
  });
});
