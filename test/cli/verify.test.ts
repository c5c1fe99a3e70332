import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { VERSION } from '../../lib/core/version.ts';
import { formatRecord, parseRecord } from '../../lib/model/record.ts';
import { init } from '../../lib/scaffold/init.ts';
import { sweep } from '../../lib/sync/sweep/sweep.ts';
import { keyPair } from '../evidence/signing.ts';
import { inProcess } from '../support/command.ts';
import { commitFiles, filesOf, git, type TestFiles, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { GitWorld as World } from '../support/worlds.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;
const SHOP = 'previews/main/shop/pr-shop-1';
const DEPLOYMENT = `${SHOP}/app/deployment.pr-shop-1.yaml`;

const scaffolds = new Map<string, Promise<TestFiles>>();

function scaffold(platform: string): Promise<TestFiles> {
  if (!scaffolds.has(platform)) scaffolds.set(platform, layDown(platform));
  return scaffolds.get(platform)!;
}

async function layDown(platform: string): Promise<TestFiles> {
  const dir = tempFolder();
  await init({ dir, version: VERSION, platform });
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [relative(dir, path), readFileSync(path, 'utf8')]));
}

async function appsRepo(previews: number, platform = platformText()): Promise<World> {
  const world = new World(platform);
  world.now = NOW + 60;
  commitFiles(world.appsRepo, await scaffold(platform));
  world.push('shop', undefined, NOW);
  for (let n = 1; n <= previews; n++) world.pull('shop', n, { createdAt: NOW, updatedAt: NOW });
  await world.with((context) => sweep(context));
  expect(world.previews()).toHaveLength(previews);
  return world;
}

/** A branch with these files on top of main, and what `verify` says of it. */
async function verify(world: World, files: TestFiles, ...args: string[]) {
  commitFiles(world.appsRepo, files, { branch: 'change', parent: world.head()! });
  return run(world, 'verify', '--base', 'main', '--head', 'change', ...args);
}

/** A command on the apps repo, which asks the forge of this world. */
async function run(world: World, command: 'verify' | 'diff', ...args: string[]) {
  return runOn(world, command, world.appsRepo, ...args);
}

async function runOn(world: World, ...args: string[]) {
  const { args: forge, env } = await world.asking();
  return inProcess([...args, ...forge], '/', env);
}

describe('a change of the apps repo', () => {
  let world: World;
  beforeAll(async () => {
    world = await appsRepo(2);
  });
  const read = (path: string) => filesOf(world.appsRepo)[path]!;
  const record = (change: object, number = 1) => {
    const file = `previews/main/shop/pr-shop-${number}/preview.json`;
    return { [file]: formatRecord({ ...parseRecord(read(file))!, ...change }) };
  };

  test('what greenroom itself wrote passes, compiled again and compared', async () => {
    const all = await run(world, 'verify');
    expect([all.code, all.stdout]).toEqual([0, '']);
    expect(all.stderr).toContain('2 previews, 2 to look at, 2 compiled again and the same byte for byte');
  });

  test('a commit of the bot passes, as a pull request', async () => {
    const before = world.head()!;
    world.push('shop', { 'preview.yaml': previewText('ttl: 2h') }, NOW);
    world.pull('shop', 1, { createdAt: NOW, updatedAt: NOW });
    await world.with((context) => sweep(context));
    const { code, stderr } = await run(world, 'verify', '--base', before);
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 to look at, 1 compiled again')]);
    // What it was when the pull request moves on since nobody can prove.
    world.push('shop', { 'preview.yaml': previewText('ttl: 3h') }, NOW + 30);
    world.pull('shop', 1, { createdAt: NOW, updatedAt: NOW + 30 });
    const late = await run(world, 'verify', '--base', before);
    expect([late.code, late.stderr]).toEqual([
      4,
      expect.stringContaining('is not the current head of its pull request'),
    ]);
    expect((await run(world, 'verify')).code).toBe(0);
  });

  test.each<[string, () => TestFiles, RegExp]>([
    [
      'an edited manifest',
      () => ({ [DEPLOYMENT]: read(DEPLOYMENT).replace('replicas: 1', 'replicas: 9') }),
      /deployment\.pr-shop-1\.yaml:\d+:1: is not what greenroom writes for acme\/shop#1 at \w{7}: found `replicas: 9`, wanted `replicas: 1`/,
    ],
    ['a manifest that is gone', () => ({ [DEPLOYMENT]: null }), /deployment\.pr-shop-1\.yaml: is missing/],
    ['a manifest beside them', () => ({ [`${SHOP}/app/job.x.yaml`]: 'kind: Job\n' }), /job\.x\.yaml: is unexpected/],
    ['a longer life', () => record({ expires: NOW + 90 * 86_400 }), /preview\.json:\d+:1: .*"expires"/],
    ['another image', () => record({ image: 'ghcr.io/acme/evil:1' }), /preview\.json:\d+:1: .*evil/],
    ['a file out of shape', () => ({ [`${SHOP}/preview.json`]: '{}' }), /malformed/],
    [
      'a preview under two names',
      () => {
        const text = read(`${SHOP}/preview.json`).replaceAll('pr-shop-1', 'pr-shop-9');
        return { 'previews/main/shop/pr-shop-9/preview.json': text };
      },
      /same pull request/,
    ],
    [
      'a preview moved by hand',
      () => ({ 'previews/big/shop/pr-shop-1/preview.json': read(`${SHOP}/preview.json`) }),
      /there is no cluster big/,
    ],
    ['a link', () => ({ [DEPLOYMENT]: { mode: '120000', content: '/etc/passwd' } }), /is a link/],
    ['a link out of the repository', () => ({ logs: { mode: '120000', content: '/var/log' } }), /^logs: is a link/m],
    ['another repository', () => ({ '.gitmodules': '[submodule "x"]\n' }), /\.gitmodules: would add a submodule/],
    [
      'attributes of Git',
      () => ({ 'previews/.gitattributes': '* text\n' }),
      /\.gitattributes: makes a checkout differ/,
    ],
    [
      'a file that may be run',
      () => ({ [DEPLOYMENT]: { mode: '100755', content: read(DEPLOYMENT) } }),
      /deployment\.pr-shop-1\.yaml: is executable/,
    ],
    ['owners that are gone', () => ({ '.github/CODEOWNERS': null }), /CODEOWNERS: is missing/],
    [
      'an exception that the fence contradicts',
      () => ({
        'exceptions/root.yaml':
          'apiVersion: greenroom.dev/v1alpha1\nkind: Exception\nspec: { rule: run-as-non-root, repository: acme/shop, reason: x, approver: "@a", until: "2100-01-01" }\n',
      }),
      /exceptions\/root\.yaml/,
    ],
    ['an object in bootstrap', () => ({ 'bootstrap/argocd/x.yaml': 'kind: Secret\n' }), /x\.yaml: was not written by/],
    [
      'an edited policy',
      () => ({ 'policies/vap/validatingadmissionpolicy.greenroom-no-privileged.yaml': 'x' }),
      /no-privileged\.yaml: differs from what/,
    ],
    ['an exception that is none', () => ({ 'exceptions/x.yaml': 'kind: Exception\n' }), /exceptions\/x\.yaml/],
    [
      'settings without what is compiled from them',
      () => ({ 'greenroom.yaml': platformText('knative: true') }),
      /greenroom upgrade/,
    ],
  ])('%s is refused and named', async (_, files, complaint) => {
    const { code, stdout } = await verify(world, files());
    expect(stdout).toMatch(complaint);
    expect(code).toBe(2);
  });

  test('what is the platform team’s own passes: a README, a step in a workflow, a folder', async () => {
    const workflow = '.github/workflows/sync.yaml';
    const files = {
      'README.md': 'Ours.\n',
      [workflow]: `${read(workflow)}\n# docker login\n`,
      'tools/x.sh': { mode: '100755', content: 'true\n' },
      'exceptions/README.md': null,
    } as const;
    expect(await verify(world, files)).toMatchObject({ code: 0, stdout: '' });
  });

  test.each([
    ['another workflow', { '.github/workflows/own.yaml': 'on: push\n' }, 'own.yaml: is a workflow of your own'],
    ['other owners', { '.github/CODEOWNERS': '* @somebody\n' }, 'CODEOWNERS: decides who must approve'],
  ])('%s needs a person', async (_, files, words) => {
    const asked = await verify(world, files);
    expect([asked.code, asked.stdout]).toEqual([1, expect.stringContaining(words)]);
    expect((await verify(world, files, '--yes')).code).toBe(0);
  });

  test('a manifest against the rules is also judged, and code scanning gets it all', async () => {
    const edited = read(DEPLOYMENT).replace(/allowPrivilegeEscalation: false/, 'allowPrivilegeEscalation: true');
    const { stdout } = await verify(world, { [DEPLOYMENT]: edited }, '--format', 'sarif');
    const { results } = JSON.parse(stdout).runs[0];
    expect(results.map((result: { ruleId?: string }) => result.ruleId)).toContain('no-privilege-escalation');
    const offline = await verify(world, { [DEPLOYMENT]: edited }, '--offline', '--format', 'json');
    expect(offline.code).toBe(3);
    expect(JSON.parse(offline.stdout).findings[0]).toMatchObject({ rule: 'no-privilege-escalation', file: DEPLOYMENT });
  });

  test('offline it says what was not proved', async () => {
    const edited = read(DEPLOYMENT).replace('replicas: 1', 'replicas: 2');
    const { code, stderr } = await verify(world, { [DEPLOYMENT]: edited }, '--offline');
    expect([code, stderr]).toEqual([0, expect.stringContaining('none compiled again (--offline)')]);
  });

  test('a preview whose forge gives no answer is not proved: exit 4', async () => {
    const { code, stderr } = await verify(
      world,
      record({ identity: { repositoryId: 5, repository: 'acme/no', number: 1 } }),
    );
    expect([code, stderr]).toEqual([4, expect.stringContaining('not proved: pr-shop-1')]);
  });

  test('a preview of a closed pull request is not brought in again', async () => {
    const kept = Object.fromEntries(
      world
        .paths()
        .filter((p) => p.includes('pr-shop-2/'))
        .map((p) => [p, read(p)]),
    );
    world.pull('shop', 2, { state: 'closed', createdAt: NOW, updatedAt: NOW });
    await world.with((context) => sweep(context));
    const { code, stdout } = await verify(world, kept);
    expect([code, stdout]).toEqual([
      2,
      expect.stringContaining('there must be no preview: This pull request was closed.'),
    ]);
  });

  test.each([
    [['--base', 'nowhere'], 'has no commit nowhere'],
    [['--base', '--help'], 'has no commit --help'],
    [['--head', '-x'], 'has no commit -x'],
  ])('%j is bad input', async (args, words) => {
    const { code, stderr } = await run(world, 'verify', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
  });

  test('a checkout is read at its commit, whatever lies there uncommitted', async () => {
    const dir = mkdtempSync(join(tempFolder(), 'checkout-'));
    git(dir, ['clone', '--quiet', world.appsRepo, '.']);
    writeFileSync(join(dir, 'greenroom.yaml'), 'broken');
    expect((await runOn(world, 'verify', dir)).code).toBe(0);
  });
});

describe('previews that go', () => {
  test('a removal of most, and an emptied previews/, need a person', async () => {
    const world = await appsRepo(5);
    const without = (numbers: number[]) =>
      Object.fromEntries(
        world
          .paths()
          .filter((p) => numbers.some((n) => p.includes(`shop-${n}/`)))
          .map((p) => [p, null]),
      );
    const asked = await verify(world, without([1, 2]));
    expect([asked.code, asked.stdout]).toEqual([1, expect.stringContaining('acme/shop#1 still needs it')]);
    expect((await verify(world, without([1, 2]), '--yes')).code).toBe(0);
    for (const n of [1, 2]) world.pull('shop', n, { state: 'closed', createdAt: NOW, updatedAt: NOW });
    expect((await verify(world, without([1, 2]))).code).toBe(0);
    const { code, stdout } = await verify(world, without([1, 2, 3, 4, 5]));
    expect([code, stdout]).toEqual([2, expect.stringContaining('5 of 5 previews would be removed')]);
  });

  test.each([1, 3])('all %d of a small apps repo need a person as well', async (count) => {
    const world = await appsRepo(count);
    const all = world.paths().filter((path) => path.startsWith('previews/'));
    const { code, stdout } = await verify(world, Object.fromEntries(all.map((path) => [path, null])));
    expect([code, stdout]).toEqual([1, expect.stringContaining(`acme/shop#${count} still needs it`)]);
  });
});

describe('a change of greenroom.yaml', () => {
  const [a, b] = ['a', 'b'].map((name) => `{ name: ${name}, server: "https://${name}.example.com"`);
  const two = `clusters: [${a} }, ${b}, drain: true }]`;
  const swapped = `clusters: [${a}, drain: true }, ${b} }]`;

  test('that moves or removes live previews asks, and passes with --yes', async () => {
    const world = await appsRepo(2, platformText(two));
    for (const [text, words] of [
      [platformText(swapped), 'this change moves 2 live previews (pr-shop-1, pr-shop-2)'],
      [
        platformText(two).replace('{ owner: acme }', '{ owner: acme, repos: [other] }'),
        'this change removes 2 live previews',
      ],
    ] as const) {
      const files = await scaffold(text);
      const asked = await verify(world, files);
      expect([asked.code, asked.stdout]).toEqual([1, expect.stringContaining(words)]);
      expect(asked.stdout).toContain('greenroom.dev/yes');
      expect((await verify(world, files, '--yes')).code).toBe(0);
    }
  });

  test('greenroom diff says what it does to them, object by object', async () => {
    const world = await appsRepo(3, platformText(two));
    const diff = async (text: string) => {
      commitFiles(world.appsRepo, await scaffold(text), { branch: 'change', parent: world.head()! });
      const { code, stdout } = await run(world, 'diff', '--base', 'main', '--head', 'change');
      expect(code).toBe(0);
      return stdout;
    };
    const larger = 'sizes: { small: { requests: { cpu: 200m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } } }';
    const changed = await diff(platformText(`${two}\n${larger}`));
    expect(changed).toContain('### Previews: 3 of 3 live previews would change');
    // Said once for all three.
    expect(changed.match(/^\+ +cpu: 200m$/gm)).toHaveLength(1);
    expect(changed).toContain('2 objects of each of 3 previews: pr-shop-1, pr-shop-2, pr-shop-3');
    const moved = await diff(platformText(swapped));
    expect(moved).toContain('3 live previews would be moved or removed - add the label `greenroom.dev/yes`');
    expect(moved).toContain('- **3** would start again in another cluster:\n  - `pr-shop-1` from `a` to `b`');
    const refused = await diff(platformText(two).replace('registries: [ghcr.io/acme]', 'registries: [ghcr.io/other]'));
    expect(refused).toContain('- **3** would keep running, but be refused at their next push:');
    const signed = `evidence: { require: [digest, signature], keys: [${JSON.stringify(keyPair().pem)}]`;
    expect(await diff(platformText(`${two}\n${signed} }`))).toContain('- **3** would keep running, but be refused');
    expect(await diff(platformText(`${two}\n${signed}, endAfter: 24h }`))).toMatch(
      /- \*\*3\*\* would lose evidence that is required, and end early .*:\n {2}- `pr-shop-1` after 24h: /,
    );
    expect(refused).toMatch(/<summary>policies\/vap\/\S+allowed-registries\.yaml \(\+2 -2\)/);
    expect(await diff(platformText(two))).toContain('no live preview changes');

    const file = join(world.root, 'diff.md');
    writeFileSync(file, moved);
    world.pull('shop', 90);
    const args = ['--repo', 'acme/shop', '--pr', '90'];
    expect((await runOn(world, 'comment', file, ...args)).code).toBe(0);
    expect(world.comment('shop', 90, moved.split('\n')[0])).toBe(moved);
    writeFileSync(file, 'no marker');
    expect((await runOn(world, 'comment', file, ...args)).code).toBe(2);
  });
});
