import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkBuild } from '../../lib/doctor/build/awaited.ts';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { platform, previewText } from '../support/inputs.ts';
import { PROJECT_TEMPLATES, projectOf } from '../support/project-templates.ts';
import fc from '../support/property.ts';

const WORKFLOW = '.github/workflows/build.yml';
const read = (ci: Record<string, string>, preview = previewText(), settings = '') =>
  checkBuild(new Map([['preview.yaml', preview], ...Object.entries(ci)]), 'acme/shop', platform(settings));

const action = (tags: string, more = '') => `on: pull_request
${more}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ${tags}
`;
const script = (lines: string) => `on: pull_request
jobs:
  build:
    steps:
      - env:
          SHA: \${{ github.event.pull_request.head.sha }}
          NUMBER: \${{ github.event.number }}
        run: |
${lines.replace(/^/gm, '          ')}
`;
const NUMBER = '${{ github.event.pull_request.number }}';
const HEAD = '${{ github.event.pull_request.head.sha }}';
const BY_SHA = 'tag: "{sha}"';

describe('a build that pushes what previews expect', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'calls that of the apps repo',
      { [WORKFLOW]: 'jobs: { a: { uses: acme/previews/.github/workflows/build.yaml@main } }' },
      '',
    ],
    ['pushes the whole commit', { [WORKFLOW]: action(`ghcr.io/acme/shop:${HEAD}`) }, BY_SHA],
    [
      'names it among others',
      { [WORKFLOW]: action(`|\n            ghcr.io/acme/shop:latest\n            ghcr.io/acme/shop:${HEAD}`) },
      BY_SHA,
    ],
    [
      'names repository and number',
      { [WORKFLOW]: action(`ghcr.io/\${{ github.repository }}:pr-${NUMBER}`) },
      'tag: "pr-{number}"',
    ],
    ['by variables', { [WORKFLOW]: action('${{ env.IMAGE }}', `env: { IMAGE: "ghcr.io/acme/shop:${HEAD}" }`) }, BY_SHA],
    [
      'by a script',
      { [WORKFLOW]: script('docker build -t x .\ndocker push "ghcr.io/acme/shop:pr-$NUMBER-${SHA:0:7}"') },
      '',
    ],
    [
      'by variables of a script',
      { [WORKFLOW]: script('IMAGE=ghcr.io/acme/shop\nTAG="$SHA"\ndocker buildx build --push -t "$IMAGE:$TAG" .') },
      BY_SHA,
    ],
    ['over lines', { [WORKFLOW]: script('buildah push \\\n  --quiet \\\n  ghcr.io/acme/shop:$SHA') }, BY_SHA],
    [
      'includes that of the apps repo',
      { '.gitlab-ci.yml': 'include: [{ project: acme/previews, file: /ci/build.gitlab-ci.yml }]' },
      '',
    ],
    [
      'on GitLab',
      { '.gitlab-ci.yml': 'a: { script: ["podman push ghcr.io/acme/shop:$CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] }' },
      BY_SHA,
    ],
  ])('%s', (_, ci, settings) => {
    expect(read(ci, previewText(), settings)).toEqual({ problems: [], unknown: [] });
  });

  test.each(PROJECT_TEMPLATES)('is that of %s', (name) => {
    const files = projectOf(name);
    expect(checkBuild(files, 'acme/shop', platform())).toEqual({ problems: [], unknown: [] });
  });
});

describe('a build that pushes something else', () => {
  test.each<[string, string, string]>([
    [
      'another tag',
      action('ghcr.io/acme/shop:latest'),
      'pushes ghcr.io/acme/shop:latest; previews expect ghcr.io/acme/shop:pr-<number>-<sha7>',
    ],
    [
      "GitHub's merge",
      action('ghcr.io/acme/shop:${{ github.sha }}'),
      "pushes ghcr.io/acme/shop:<sha of GitHub's merge>",
    ],
    ['the head without the number', action(`ghcr.io/acme/shop:${HEAD}`), 'pushes ghcr.io/acme/shop:<sha>'],
    ['no tag', script('docker push ghcr.io/acme/shop'), 'pushes ghcr.io/acme/shop; previews expect'],
  ])('%s, with its line', (_, text, message) => {
    const { problems, unknown } = read({ [WORKFLOW]: text });
    expect(unknown).toEqual([]);
    expect(problems).toMatchObject([
      { file: WORKFLOW, line: expect.any(Number), message: expect.stringContaining(message) },
    ]);
    expect(problems[0]!.line).toBeGreaterThan(4);
  });

  test.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'expects ghcr.io/acme/shop:pr-<number>-<sha7>, and there is no CI file'],
    ['another image', { [WORKFLOW]: action('ghcr.io/acme/other:pr-7') }, `and nothing in ${WORKFLOW} pushes it`],
    [
      'nothing, since push is off',
      { [WORKFLOW]: action('ghcr.io/acme/shop:x').replace('push: true', 'push: false') },
      'nothing in',
    ],
    [
      "that of another platform's build",
      { [WORKFLOW]: 'jobs: { a: { uses: evil/previews/.github/workflows/build.yaml@main } }' },
      'nothing in',
    ],
    ['no YAML', { [WORKFLOW]: '\t{{{' }, 'nothing in'],
  ])('%s', (_, ci, message) => {
    expect(read(ci).problems).toMatchObject([{ file: 'preview.yaml', message: expect.stringContaining(message) }]);
  });

  test('of several apps, each is looked for', () => {
    const apps = 'apps: { api: { template: web-service, image: ghcr.io/acme/api, path: /api } }';
    const { problems } = read({ [WORKFLOW]: action(`ghcr.io/acme/shop:${HEAD}`) }, previewText(apps), BY_SHA);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('expects ghcr.io/acme/api:<sha>')]);
  });
});

test('what only a run can tell is said to be so', () => {
  const { problems, unknown } = read({ [WORKFLOW]: action('ghcr.io/acme/shop:${{ steps.meta.outputs.version }}') });
  expect([problems, unknown]).toEqual([
    [],
    [`${WORKFLOW}:10: whether it pushes ghcr.io/acme/shop:pr-<number>-<sha7> only a run can tell`],
  ]);
});

test('an image that the file names by a tag or digest of its own is not awaited', () => {
  expect(read({}, previewText('', `ghcr.io/acme/shop@sha256:${'0'.repeat(64)}`)).problems).toEqual([]);
});

test('any text is read at once', () => {
  const piece = fc.constantFrom(
    'docker build ',
    '--push ',
    '-t ',
    'a:b',
    '\n',
    ' ',
    '$',
    '${{ ',
    ' }}',
    'run: |',
    '- ',
    '&a ',
    '*a',
    '{',
    '}',
    '?',
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => void read({ [WORKFLOW]: pieces.join('') })));
  const started = performance.now();
  read({
    [WORKFLOW]: script('docker build '.repeat(15_000)),
    '.gitlab-ci.yml': `a: [${'"docker push $A", '.repeat(10_000)}]`,
  });
  read({ [WORKFLOW]: action(`${'ghcr.io/${{ x }}'.repeat(2000)}`) });
  expect(performance.now() - started).toBeLessThan(3000);
});

describe('greenroom doctor --build', () => {
  let apps: string;
  beforeAll(async () => {
    apps = join(tempFolder(), 'previews');
    const args = ['init', apps, '--domain', 'apps.example.com', '--owner', 'acme', '--no-input'];
    expect(await inProcess(args, '/')).toMatchObject({ code: 0 });
  });
  const doctor = async (files: Record<string, string>, ...more: string[]) => {
    const dir = tempFolder();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    return inProcess(['doctor', apps, '--no-cluster', '--build', dir, '--repo', 'acme/shop', ...more], '/');
  };
  const preview = { 'preview.yaml': previewText() };

  test.each<[string, Record<string, string>, number, string]>([
    ['right', Object.fromEntries(projectOf('function')), 0, ''],
    [
      'wrong',
      { ...preview, [WORKFLOW]: action('ghcr.io/acme/shop:latest') },
      1,
      `${WORKFLOW}:10:1: pushes ghcr.io/acme/shop:latest;`,
    ],
    ['unknown', { ...preview, [WORKFLOW]: action('ghcr.io/acme/shop:${{ steps.a.outputs.b }}') }, 4, ''],
  ])('a build that is %s', async (_, files, code, line) => {
    const answer = await doctor(files);
    expect([answer.code, answer.stdout]).toEqual([code, line === '' ? '' : expect.stringContaining(line)]);
  });

  test('without a preview.yaml there is nothing to hold it against', async () => {
    expect(await doctor({ 'README.md': '' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('preview.yaml'),
    });
  });
});
