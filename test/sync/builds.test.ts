import { describe, expect, test } from 'vitest';
import { formatTime } from '../../lib/core/clock.ts';
import { syncPullRequest } from '../../lib/sync/sync.ts';
import type { FakeGitHub } from '../support/fake-github/server.ts';
import type { BuildFile } from '../support/forge.ts';
import { OPENED, platformText, previewText } from '../support/inputs.ts';
import { readMarkdown } from '../support/markdown.ts';
import { World } from '../support/worlds.ts';

const at = (minutes: number) => formatTime(OPENED + minutes * 60);
const job = (state: BuildFile['state'], from?: number, to?: number, more: Partial<BuildFile> = {}): BuildFile => ({
  name: 'image / build',
  state,
  ...(from === undefined ? {} : { startedAt: at(from) }),
  ...(to === undefined ? {} : { endedAt: at(to) }),
  ...more,
});

/** A platform that wants digests, and a registry that has no image yet. */
class Scene extends World {
  constructor(spec = 'evidence: { require: [digest] }') {
    super(platformText(spec));
    this.push('shop', { 'preview.yaml': previewText() });
  }

  /** What the comment says once these builds are there. */
  async told(builds: readonly BuildFile[] | undefined, minutes = 60) {
    this.pull('shop', 7, { updatedAt: OPENED, ...(builds && { builds }) });
    this.now = OPENED + minutes * 60;
    const images = { resolve: async () => ({ status: 'missing' }) as const };
    const result = await this.with((context) => syncPullRequest({ ...context, images }, { path: 'acme/shop' }, 7));
    const comment = this.comment('shop', 7)!;
    const [headline = '', words = ''] = comment.slice(comment.indexOf('### ')).split('\n');
    const text = words.replace(
      /^The image `ghcr\.io\/acme\/shop:pr-7-[0-9a-f]{7}` for `[0-9a-f]{7}` is not there yet\. /,
      '',
    );
    const links = readMarkdown(comment).links;
    return {
      headline: headline.replace('### Preview: ', ''),
      text: text.replace(/ \[.*$/, ''),
      links,
      result,
      check: this.check('shop', 7)!,
    };
  }
}

describe('waiting says which tag is awaited, and how its build goes', () => {
  test('it runs', async () => {
    const { headline, text, check, result } = await new Scene().told([
      job('running', 58),
      { name: 'lint', state: 'failed' },
    ]);
    expect(headline).toBe('waiting for your build');
    expect(text).toBe(
      'Your build "image / build" runs since Tue 24 Nov 08:58 UTC. The preview starts by itself when it is there. Nothing to do.',
    );
    expect(check).toMatchObject({ conclusion: 'pending', title: 'Waiting for your build' });
    expect(result.state).toMatchObject({
      state: 'waiting',
      build: { state: 'waiting-for-build', since: OPENED + 58 * 60 },
    });
  });

  test('it takes as long as the middle one of earlier builds, and then longer', async () => {
    const scene = new Scene();
    const shas = [4, 6, 30, 2].map((n) => [scene.push('shop', { 'README.md': `${n}` }), n] as const);
    scene.push('shop', { 'README.md': 'now' });
    const earlier = shas.map(([sha, n]) => job('passed', 0, n, { sha }));
    const failed = job('failed', 0, 1, { sha: shas[0]![0], name: 'lint' });
    const now = await scene.told([job('running', 58), ...earlier, failed]);
    expect(now.text).toContain('runs since Tue 24 Nov 08:58 UTC; it usually takes about 4 minutes.');
    expect(now.result.state).toMatchObject({ build: { next: { what: 'the build ends', by: OPENED + 62 * 60 } } });
    const late = await scene.told([job('running', 50), ...earlier]);
    expect(late.text).toContain('; it takes longer than usual');
    expect((await scene.told([job('queued'), ...earlier])).text).toContain(
      'waits for its turn. It usually takes about 4 minutes.',
    );
  });

  test('it failed: the link, and whose turn it is', async () => {
    const url = 'https://github.com/acme/shop/actions/runs/1/job/2';
    const { headline, text, links, check } = await new Scene().told([
      job('passed', 40, 41, { name: 'lint' }),
      job('failed', 50, 55, { url }),
    ]);
    expect(headline).toBe('your build failed');
    expect(text).toBe(
      'Your build "image / build" did not succeed Tue 24 Nov 08:55 UTC, so there is nothing new to show. See why, then push a change or run it again.',
    );
    expect(links).toEqual([url]);
    expect(check).toMatchObject({ conclusion: 'failure', title: 'Your build failed' });
  });

  test('it was run again: the later one counts', async () => {
    const both = [job('failed', 10, 12), job('running', 58)];
    expect((await new Scene().told(both)).text).toContain('runs since Tue 24 Nov 08:58 UTC');
    expect((await new Scene().told(both.toReversed())).text).toContain('runs since Tue 24 Nov 08:58 UTC');
  });

  test('a failed image is failed, whatever else still runs; an image that is still built is not', async () => {
    const lint = job('running', 58, undefined, { name: 'lint' });
    expect((await new Scene().told([lint, job('failed', 50, 55)])).headline).toBe('your build failed');
    const api = job('running', 50, undefined, { name: 'image (api)' });
    expect((await new Scene().told([api, job('failed', 50, 55)])).headline).toBe('waiting for your build');
  });

  test('a status of another system counts as well', async () => {
    const { headline, text } = await new Scene().told([job('failed', 50, 55, { name: 'ci/docker' })]);
    expect([headline, text]).toEqual(['your build failed', expect.stringContaining('"ci/docker" did not succeed')]);
  });

  test('none at all: what has to be done; not in the first minutes', async () => {
    const scene = new Scene();
    const young = await scene.told([], 2);
    expect([young.headline, young.text]).toEqual([
      'waiting for your build',
      'Its build is not listed yet. The preview starts by itself when it is there. Nothing to do.',
    ]);
    const { headline, text, check } = await scene.told([]);
    expect(headline).toBe('waiting for your build - nothing builds an image');
    expect(text).toContain(
      'Nothing in this repository builds an image for pull requests: no check has run for this commit. Add a workflow',
    );
    expect(text).toContain('see docs/new-apps.md of greenroom.');
    expect(text).toContain('Ask the platform team');
    expect(check).toMatchObject({ conclusion: 'neutral' });
  });

  test('others, of which none makes an image', async () => {
    const others = ['lint', 'test', 'types', 'docs'].map((name) => job('passed', 1, 2, { name }));
    const { headline, text } = await new Scene().told(others);
    expect(headline).toBe('waiting for your build - nothing builds an image');
    expect(text).toContain('only "lint", "test", "types" and others ran for this commit.');
    const failed = await new Scene().told([job('failed', 1, 2, { name: 'lint' })]);
    expect([failed.headline, failed.text]).toEqual([
      'waiting for your build - a check failed',
      expect.stringMatching(/^The check "lint" did not succeed .*, which may be why there is no image\./),
    ]);
  });

  test.each([
    'docker lint',
    'container scan (trivy)',
    'image size',
    'build docs',
    'build-and-test',
    'release notes',
    'publish / npm',
    'package (helm chart)',
    'storybook / build',
    'rebuilder',
    'imagery',
  ])('%s builds no image, and is not called a build', async (name) => {
    const scene = new Scene();
    const failed = await scene.told([job('failed', 1, 2, { name })]);
    expect([failed.headline, failed.check['title']]).toEqual([
      'waiting for your build - a check failed',
      'Waiting for your build - a check failed',
    ]);
    expect((await scene.told([job('passed', 1, 2, { name })])).headline).toBe(
      'waiting for your build - nothing builds an image',
    );
    const beside = await scene.told([job('failed', 1, 2, { name }), job('running', 58)]);
    expect(beside.text).toMatch(/^Your build "image \/ build" runs/);
  });

  test.each(['Docker image', 'ci/docker', 'build container amd64', 'Build, test and push image', 'bake', 'kaniko-web'])(
    '%s builds one; a job "build" beside it is another thing',
    async (name) => {
      const compiles = job('failed', 50, 51, { name: 'build' });
      const { headline, text } = await new Scene().told([compiles, job('running', 58, undefined, { name })]);
      expect([headline, text]).toEqual(['waiting for your build', expect.stringContaining(`"${name}" runs since`)]);
    },
  );

  test('a job "build" alone is taken for the build; what it makes is not known', async () => {
    const { headline, text } = await new Scene().told([job('passed', 40, 50, { name: 'build' })]);
    expect(headline).toBe('waiting for your build - no image was pushed');
    expect(text).toContain('Check that this or another job pushes the image under this name and tag.');
  });

  test('where the platform lists the names, no other job is a build', async () => {
    const scene = new Scene('evidence: { require: [digest] }\nstatus: { builds: ["Ship / *"] }');
    const docker = job('failed', 50, 55, { name: 'docker image' });
    expect((await scene.told([docker, job('running', 58, undefined, { name: 'ship / it' })])).text).toMatch(
      /^Your build "ship \/ it" runs since/,
    );
    expect((await scene.told([docker])).headline).toBe('waiting for your build - a check failed');
    expect((await scene.told([job('failed', 50, 55, { name: 'ship / it' })])).headline).toBe('your build failed');
  });

  test('the job that runs greenroom itself is no build', async () => {
    const own = job('running', 58, undefined, { name: 'preview' });
    expect((await new Scene().told([own, job('failed', 50, 55)])).headline).toBe('your build failed');
    expect((await new Scene().told([own])).headline).toBe('waiting for your build - nothing builds an image');
  });

  test('more checks than one answer lists: nobody says that none of them builds', async () => {
    const many = Array.from({ length: 130 }, (_, i) => job('passed', 1, 2, { name: `test ${i}` }));
    const { headline, text } = await new Scene().told(many);
    const isListed = text.includes('and others ran for this commit');
    expect(headline).toBe(isListed ? 'waiting for your build - nothing builds an image' : 'waiting for your build');
  });

  test('it ended well, and pushed no such image; its image may take some minutes', async () => {
    const scene = new Scene();
    expect(await scene.told([job('passed', 50, 58)])).toMatchObject({
      headline: 'waiting for your build',
      text: expect.stringContaining('ended Tue 24 Nov 08:58 UTC; its image should be there within minutes.'),
    });
    expect(await scene.told([job('passed', 40, 50)])).toMatchObject({
      headline: 'waiting for your build - the build pushed no such image',
      text: 'Your build "image / build" ended Tue 24 Nov 08:50 UTC, and the image is not there. Check that it pushes the image under this name and tag.',
      check: { conclusion: 'neutral' },
    });
  });

  test('the forge does not say: it is unknown, and nothing else is claimed', async () => {
    const scene = new Scene();
    // On GitHub: a token that may not read checks.
    if ('github' in scene)
      (await (scene as unknown as { github(): Promise<FakeGitHub> }).github()).missing.add('reading checks');
    expect((await scene.told(undefined)).text).toBe(
      'The state of its build is unknown. The preview starts by itself when it is there. Nothing to do.',
    );
  });
});

describe('names and links of builds are foreign', () => {
  test.each([
    ['[x](https://evil.example) @everyone #1 <img src=x>', 'build @everyone'],
    ['<!-- greenroom:preview -->\n### Preview: ready', 'a headline'],
    [`build ${'x'.repeat(1_000_000)}`, '1 MB'],
    ['build `code` **bold** | a | b |', 'marks'],
    ['\u202eimage\u0000\u200b', 'invisible signs'],
    ['', 'no name'],
  ])('%# a name is text: %j', async (name) => {
    const scene = new Scene();
    for (const state of ['running', 'failed', 'passed'] as const) {
      await scene.told([job(state, 10, state === 'running' ? undefined : 20, { name })]);
      const comment = scene.comment('shop', 7)!;
      const { links, images, html, headings, prose } = readMarkdown(comment);
      expect(comment.length).toBeLessThan(3000);
      expect([links.filter((url) => url.includes('evil')), images, headings.length]).toEqual([[], [], 1]);
      expect(html.filter((tag) => !/^<!-- greenroom:|^<\/?sub>$/.test(tag))).toEqual([]);
      expect(prose).not.toMatch(/@\w|\u202e/);
      expect(comment.split('<!-- greenroom:preview -->')).toHaveLength(2);
    }
  });

  test.each([
    'javascript:alert(1)',
    'https://mia:secret@github.com/x',
    'not an address',
    `https://github.com/${'x'.repeat(1_000_000)}`,
  ])('%# a link that is none is left out', async (url) => {
    const { links, text } = await new Scene().told([job('failed', 50, 55, { url })]);
    expect(links.filter((link) => link === url)).toEqual([]);
    expect(text).toContain('did not succeed');
  });

  test('no character of an address ends a link', async () => {
    const url = 'https://github.com/a) [x](https://evil.example/"<img>`*_|';
    const { links } = await new Scene().told([job('failed', 50, 55, { url })]);
    expect(links.filter((link) => !link.startsWith('https://github.com/a'))).toEqual([]);
  });
});
