import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import type { SyncContext } from '../../lib/sync/plan/base.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import { inProcess } from '../support/command.ts';
import { overGitHub } from '../support/fake-github/world.ts';
import { commitFiles, type TestFiles } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const GitHubWorld = overGitHub(World);

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;
const CALM = '### Preview: problem on our side\nNothing for you to change';
const THROWS = "export default () => { throw new Error('no such team'); };\n";
const EXTENDED = platformText('extensions: [extensions/team.mjs]');
const REGISTERED = platformText().replace('{ owner: acme }', '{ owner: acme, registered: true }');
const APP = 'apiVersion: greenroom.dev/v1alpha1\nkind: MicroApp\nspec: { repository: acme/shop, owner: "@acme/web" }\n';

/** What somebody pushes to the apps repo, the exit code, a part of the reason, and the files that mend it. */
const BROKEN: readonly [what: string, before: TestFiles, broken: TestFiles, exit: number, reason: string][] = [
  [
    'settings that are no YAML',
    { 'greenroom.yaml': platformText() },
    { 'greenroom.yaml': 'a: [' },
    2,
    'greenroom.yaml:',
  ],
  [
    'a link in the place of the settings',
    { 'greenroom.yaml': platformText() },
    { 'greenroom.yaml': { mode: '120000', content: 'other.yaml' } },
    1,
    'greenroom.yaml is a symbolic link',
  ],
  ['no settings at all', { 'greenroom.yaml': platformText() }, { 'greenroom.yaml': null }, 1, 'has no greenroom.yaml'],
  [
    'an apps repo of a newer version',
    { '.greenroom.json': null },
    { '.greenroom.json': '{"version": "999.0.0", "files": {}}' },
    2,
    'was written by greenroom 999.0.0',
  ],
  [
    'an extension that is not there',
    { 'greenroom.yaml': platformText() },
    { 'greenroom.yaml': EXTENDED },
    2,
    'names extensions/team.mjs, which does not exist',
  ],
  [
    'an extension that cannot be loaded',
    { 'greenroom.yaml': platformText() },
    { 'greenroom.yaml': EXTENDED, 'extensions/team.mjs': 'export default (' },
    2,
    'cannot be loaded as an ES module',
  ],
  [
    'an extension that fails',
    { 'greenroom.yaml': platformText() },
    { 'greenroom.yaml': EXTENDED, 'extensions/team.mjs': THROWS },
    2,
    'failed: no such team',
  ],
  [
    'a registration with a typing mistake',
    { 'greenroom.yaml': REGISTERED, 'apps/acme/shop.yaml': APP },
    { 'apps/acme/shop.yaml': APP.replace('owner:', 'ownr:') },
    2,
    'its registration cannot be read',
  ],
];

class Scene extends World {
  constructor(before: TestFiles = {}) {
    super();
    this.now = NOW + 60;
    commitFiles(this.appsRepo, before);
    this.change('small');
  }

  change(size: string): void {
    this.push('shop', { 'preview.yaml': previewText(`size: ${size}`) }, NOW);
    this.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
  }

  run(...args: string[]) {
    return inProcess([...args, '--apps-repo', this.appsRepo, '--forge', this.forge]);
  }

  alarms(): string {
    return readFileSync(join(this.root, 'alarms.md'), 'utf8');
  }

  sync = () => this.run('sync', '--repo', 'acme/shop', '--pr', '7');
  sweep = () => this.run('sweep', '--alarms', join(this.root, 'alarms.md'));
}

describe('what is broken on the platform’s side is told to both, and only the platform team reads why', () => {
  test.each(BROKEN)('%s', async (_, before, broken, exit, reason) => {
    const scene = new Scene(before);
    expect((await scene.sync()).code).toBe(0);
    commitFiles(scene.appsRepo, broken);
    scene.change('medium');
    for (const by of [scene.sync, scene.sweep]) {
      const { code, stdout, stderr } = await by();
      expect([code, stdout + stderr]).toEqual([exit, expect.stringContaining(reason)]);
      const comment = scene.comment('shop', 7)!;
      expect(comment).toContain(CALM);
      expect(comment).toContain('https://pr-shop-7.apps.example.com');
      expect(comment).not.toContain(reason);
    }
    // Markdown hides nothing of the sentence, but marks are escaped in it.
    const plain = (text: string) => text.replaceAll(/[\\\u2060]/g, '');
    expect(plain(scene.alarms())).toContain(reason);
    // Whoever comes by again says the same, once.
    const [said, told] = [scene.comment('shop', 7), scene.alarms()];
    await scene.sweep();
    expect([scene.comment('shop', 7), scene.alarms()]).toEqual([said, told]);

    commitFiles(scene.appsRepo, { 'extensions/team.mjs': null, ...before });
    expect((await scene.sweep()).code).toBe(0);
    expect(scene.comment('shop', 7)).not.toContain('problem on our side');
    expect(scene.alarms()).toBe('');
  });

  test.each(BROKEN)('%s: a first sync that nobody else has seen says it as well', async (_, before, broken, exit) => {
    const scene = new Scene({ ...before, ...broken });
    expect((await scene.sync()).code).toBe(exit);
    expect(scene.comment('shop', 7)).toContain(CALM);
  });

  test('a command that nobody can carry out does not end in silence', async () => {
    const scene = new Scene();
    await scene.sync();
    commitFiles(scene.appsRepo, { 'greenroom.yaml': 'a: [' });
    await scene.allow('shop', 'mia', 'write');
    const id = await scene.say('shop', 7, 'mia', '/preview extend 2h');
    const { handleTrigger } = await import('../../lib/sync/trigger.ts');
    const trigger = { repository: { path: 'acme/shop' }, number: 7, commentId: id };
    await expect(scene.with((context) => handleTrigger(context, trigger))).rejects.toThrow('greenroom.yaml:');
    expect(scene.comment('shop', 7)).toContain(CALM);
    expect(scene.answerTo('shop', 7, id)).toBeNull();
  });

  test('who has a preview of the latest commit reads nothing of it from the sweep', async () => {
    const scene = new Scene();
    await scene.sync();
    const before = scene.comment('shop', 7);
    commitFiles(scene.appsRepo, { 'greenroom.yaml': 'a: [' });
    expect((await scene.sweep()).code).toBe(2);
    expect(scene.comment('shop', 7)).toBe(before);
    expect(scene.alarms()).toContain('No preview is started, updated or ended');
  });
});

describe('over GitHub', () => {
  async function overFake() {
    const world = new GitHubWorld(platformText());
    world.now = NOW + 60;
    const fake = await world.github();
    fake.clock = () => Math.floor(Date.now() / 1000);
    const change = (size: string) => {
      world.push('shop', { 'preview.yaml': previewText(`size: ${size}`) }, NOW);
      world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    };
    const run = (args: readonly string[], token = fake.token) => {
      const env = { GITHUB_TOKEN: token, GITHUB_API_URL: fake.url };
      return inProcess([...args, '--apps-repo', 'acme/previews'], world.root, env);
    };
    const sync = (token?: string) => run(['sync', '--repo', 'acme/shop', '--pr', '7'], token);
    const file = join(world.root, 'alarms.md');
    const sweepNow = (token?: string) => run(['sweep', '--alarms', file], token);
    change('small');
    expect((await sync()).code).toBe(0);
    return { world, fake, change, sync, sweepNow, alarms: () => readFileSync(file, 'utf8') };
  }

  test('a token that has expired: nothing can be said to makers, and the platform team reads what to do', async () => {
    const { world, change, sync, sweepNow, alarms } = await overFake();
    const said = world.comment('shop', 7);
    change('medium');
    for (const by of [sync, sweepNow]) {
      const { code, stderr } = await by('ghs_expired');
      expect([code, stderr]).toEqual([1, expect.stringContaining('has expired: set GITHUB_TOKEN to a valid one')]);
      expect(stderr).not.toContain('ghs_expired');
    }
    expect(alarms()).toContain('No preview is started, updated or ended: ');
    expect(world.comment('shop', 7)).toBe(said);
  });

  test('an apps repo that takes no commit: the calm sentence, and what to do for the platform team', async () => {
    const { world, fake, change, sync, sweepNow, alarms } = await overFake();
    fake.archived.add('acme/previews');
    change('medium');
    for (const by of [sync, sweepNow]) {
      const { code, stderr } = await by();
      expect([code, stderr]).toEqual([1, expect.stringContaining('acme/previews is archived')]);
    }
    expect(alarms()).toContain('acme/previews is archived');
    expect(world.comment('shop', 7)).toContain('### Preview: problem on our side\nYour file is fine;');
    expect(world.comment('shop', 7)).not.toContain('archived');
  });

  test('a comment that may not be written: the preview is updated, and who runs it reads which permission is missing', async () => {
    const { fake, change, sync } = await overFake();
    fake.missing.add('comments');
    change('medium');
    const { code, stdout, stderr } = await sync();
    expect([code, stdout]).toEqual([0, expect.stringContaining('pr-shop-7: update')]);
    expect(stderr).toContain('it needs the permission "Pull requests: write" there');
  });
});

describe('what somebody has to confirm', () => {
  test('is in the file for the platform team, with names, until a label on the pull request confirms it', async () => {
    const scene = new Scene();
    expect((await scene.sweep()).code).toBe(0);
    expect(scene.alarms()).toBe('');
    commitFiles(scene.appsRepo, {
      'greenroom.yaml': platformText().replace('owner: acme', 'owner: acme, label: wanted'),
    });
    const { code, stderr } = await scene.sweep();
    expect(code).toBe(1);
    for (const text of [stderr, scene.alarms()]) {
      expect(text.replaceAll(/[\\\u2060]/g, '')).toMatch(
        /greenroom.yaml has changed, .* greenroom.dev\/yes. pr-shop-7 is removed: /,
      );
    }
    scene.pull('shop', 7, { createdAt: NOW, updatedAt: NOW, labels: ['greenroom.dev/yes'] });
    expect((await scene.sweep()).code).toBe(0);
    expect([scene.alarms(), scene.previews()]).toEqual(['', []]);
  });
});

describe('what gives no answer', () => {
  const registry = (reason: string): Partial<SyncContext> => ({
    images: { resolve: async () => ({ status: 'unknown', reason }) },
  });

  test('a registry: the sweep names it once, and everybody who waits for it', async () => {
    const world = new World(platformText('evidence: { require: [digest] }'));
    world.push('shop');
    for (let n = 1; n <= 7; n++) world.pull('shop', n);
    const { problems, unknown } = await world.with((context) =>
      sweep({ ...context, ...registry('ghcr.io answered 500') }),
    );
    expect(problems).toEqual([
      'acme/shop#1, acme/shop#2, acme/shop#3, acme/shop#4, acme/shop#5 and 2 others: the image cannot be looked up: ghcr.io answered 500',
    ]);
    expect(unknown).toHaveLength(7);
    for (let n = 1; n <= 7; n++) expect(world.comment('shop', n)).toContain('Nothing for you to change: the registry');
  });

  test('the apps repo: the comment says so, with the error for who runs it', async () => {
    const world = new World();
    world.push('shop');
    world.pull('shop', 7);
    const down = new GreenroomError('unreachable', 'previews.git does not answer');
    const broken = (context: SyncContext, error: GreenroomError): SyncContext => ({
      ...context,
      repo: new Proxy(context.repo, {
        get: (target, key) => {
          if (key === 'read') return () => Promise.reject(error);
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      }),
    });
    const run = (error: GreenroomError) =>
      world.with((context) => syncPullRequest(broken(context, error), { path: 'acme/shop' }, 7));
    const limited = new GreenroomError('unreachable', 'a limit', { until: world.now + 600 });
    await expect(run(limited)).rejects.toMatchObject({ code: 'unreachable', until: world.now + 600 });
    expect(world.comment('shop', 7)).toBeNull();
    await expect(run(down)).rejects.toMatchObject({ code: 'unreachable', message: down.message });
    expect(world.comment('shop', 7)).toContain('the place where previews are kept does not answer');
  });

  test('the branch takes no commit: the sweep says so on the pull request, as a sync does', async () => {
    const world = new World();
    world.push('shop');
    world.pull('shop', 7);
    const refused = new GreenroomError('failed', 'the branch is protected');
    const { problems } = await world.with((context) =>
      sweep({
        ...context,
        repo: new Proxy(context.repo, {
          get: (target, key) => {
            if (key === 'commit') return () => Promise.reject(refused);
            const value: unknown = Reflect.get(target, key);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        }),
      }),
    );
    expect(problems).toEqual(['acme/shop#7: the branch is protected']);
    expect(world.comment('shop', 7)).toContain('Your file is fine; we could not put the preview in place');
  });
});
