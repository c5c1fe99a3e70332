import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { greenroom, inProcess } from '../support/command.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { bareRepo, commitFiles, filesOf, git, headOf, tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';

const PLATFORM = platformText('').replace('{ owner: acme }', '{ owner: acme, label: preview }');
const ARGS = ['--repo', 'acme/shop', '--owner', '@acme/web', '--team', 'web', '--no-input'];

let root: string;
let fake: FakeGitHub | undefined;
/** Where no folder looks like OWNER/NAME. */
const elsewhere = tempFolder();
afterAll(() => fake?.stop());

/** The same world, asked by a folder or over the API. */
const KINDS = {
  'a local forge': () => ({
    place: ['--apps-repo', join(root, 'acme/previews.git'), '--forge', root],
    env: { PATH: process.env['PATH'] },
  }),
  GitHub: () => ({
    place: ['--apps-repo', 'acme/previews'],
    env: { GITHUB_TOKEN: fake!.token, GITHUB_API_URL: fake!.url, PATH: process.env['PATH'] },
  }),
};

beforeEach(async () => {
  await fake?.stop();
  root = tempFolder();
  fake = await FakeGitHub.start(root);
  bareRepo({ 'greenroom.yaml': PLATFORM }, { path: join(root, 'acme/previews.git') });
});

const source = () => join(root, 'acme/shop.git');
const apps = () => join(root, 'acme/previews.git');
const pulls = (name: string) => {
  const folder = join(root, 'acme', name, 'pulls');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
};

describe.each(Object.entries(KINDS))('new on %s', (_, kind) => {
  const run = (...more: string[]) => {
    const { place, env } = kind();
    return inProcess(['new', 'web-service-node', ...ARGS, ...place, ...more], elsewhere, env);
  };

  /** Everything that somebody can see of it afterwards. */
  const seen = () => ({
    source: filesOf(source(), 'greenroom/new'),
    main: filesOf(source()),
    registration: filesOf(apps(), 'greenroom/register/acme-shop'),
    pulls: [pulls('shop'), pulls('previews')].map((list) =>
      list.map(({ number, title, labels }) => ({ number, title, labels })),
    ),
  });

  test('opens two pull requests, and says where the preview will be', async () => {
    const { code, stdout, stderr } = await run('--format', 'json');
    expect([code, stderr]).toEqual([0, 'made the repository acme/shop\n']);
    expect(JSON.parse(stdout)).toMatchObject({
      repository: 'acme/shop',
      source: { outcome: 'opened', number: 1 },
      registration: { outcome: 'opened', number: 1 },
      preview: 'https://pr-shop-1.apps.example.com',
      cost: { currency: 'USD' },
    });
    const { source, main, registration, pulls: opened } = seen();
    expect(Object.keys(main)).toEqual(['README.md']);
    expect(source['preview.yaml']).toContain('image: ghcr.io/acme/shop\n');
    expect(source['README.md']).toContain('Open a pull request.');
    expect(source['.github/workflows/build.yaml']).toContain('uses: acme/previews/.github/workflows/build.yaml@main');
    expect(registration['apps/acme/shop.yaml']).toContain('owner: "@acme/web"\n');
    // Without the label that the source asks for there would be no preview.
    expect(opened[0]).toEqual([{ number: 1, title: expect.any(String), labels: ['preview'] }]);
  });

  test('run again, it finds what is there', async () => {
    await run();
    const before = seen();
    expect(await run()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^source, acme\/shop: found.*\nregistration.*: found/),
    });
    expect(seen()).toEqual(before);
  });

  test('merged, it says that all is there', async () => {
    await run();
    for (const [repo, branch] of [
      [source(), 'greenroom/new'],
      [apps(), 'greenroom/register/acme-shop'],
    ]) {
      git(repo!, ['update-ref', 'refs/heads/main', `refs/heads/${branch}`]);
    }
    expect(await run()).toMatchObject({ code: 0, stdout: expect.stringMatching(/shop: there\n.*: there\n/) });
  });

  test('a dry run makes nothing, and says what it would make', async () => {
    const { code, stdout, stderr } = await run('--dry-run');
    expect([code, existsSync(source()), pulls('previews')]).toEqual([0, false, []]);
    expect(stdout).toContain('would write preview.yaml\n');
    expect(stderr).toContain('https://pr-shop-<number>.apps.example.com');
    expect(stderr).toContain('The registration only counts in `greenroom cost --all`');
  });

  test('a branch of somebody else is left alone', async () => {
    bareRepo({ 'README.md': '# shop\n' }, { path: source() });
    commitFiles(source(), { 'preview.yaml': 'mine\n' }, { branch: 'greenroom/new' });
    const head = headOf(source(), 'greenroom/new');
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('acme/shop has a branch greenroom/new with something else'),
    ]);
    expect([headOf(source(), 'greenroom/new'), pulls('shop'), pulls('previews')]).toEqual([head, [], []]);
  });

  test('a repository with files of these names is left alone; its own README stays', async () => {
    bareRepo({ 'README.md': 'Ours.\n', 'server.js': 'ours\n' }, { path: source() });
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/other files of these names: server\.js; .*--preview-only/),
    ]);
    expect(pulls('shop')).toEqual([]);
    commitFiles(source(), { 'server.js': null as never, LICENSE: 'MIT\n' });
    expect((await run()).code).toBe(0);
    expect(filesOf(source(), 'greenroom/new')['README.md']).toBe('Ours.\n');
  });
});

describe('new on GitHub', () => {
  const run = (...more: string[]) => {
    const { place, env } = KINDS.GitHub();
    return inProcess(['new', 'web-service-node', ...ARGS, ...place, ...more], elsewhere, env);
  };
  const isWrite = ({ method, path }: { method: string; path: string }) => method !== 'GET' && path !== '/graphql';

  test('ended at any request, before or after it was carried out, it ends the same when it is run again', async () => {
    await run();
    const end = { source: filesOf(source(), 'greenroom/new'), apps: filesOf(apps(), 'greenroom/register/acme-shop') };
    const steps = fake!.requests.filter(isWrite).length;
    expect(steps).toBeGreaterThan(8);
    // Before the first, and after each: before the second is after the first.
    for (let done = 0; done <= steps; done += 1) {
      await fake!.stop();
      root = tempFolder();
      fake = await FakeGitHub.start(root);
      bareRepo({ 'greenroom.yaml': PLATFORM }, { path: join(root, 'acme/previews.git') });
      let count = 0;
      fake.fault = (request) => {
        if (!isWrite(request)) return undefined;
        count += 1;
        return count >= done ? { status: 502, after: count === done } : undefined;
      };
      const first = await run();
      expect([first.code, first.stderr]).toEqual([4, expect.stringContaining('Run the same command again')]);
      fake.fault = () => undefined;
      expect(await run()).toMatchObject({ code: 0 });
      expect([pulls('shop').length, pulls('previews').length]).toEqual([1, 1]);
      expect(pulls('shop')[0].labels).toEqual(['preview']);
      const now = {
        source: filesOf(source(), 'greenroom/new'),
        apps: filesOf(apps(), 'greenroom/register/acme-shop'),
      };
      expect(now).toEqual(end);
    }
  });

  test('without the right to make a repository, it says whom to ask and goes on afterwards', async () => {
    fake!.missing.add('administration');
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Ask an owner of acme for an empty private repository of that name/),
    ]);
    expect(pulls('previews')).toEqual([]);
    bareRepo({ 'README.md': '# shop\n' }, { path: source() });
    expect((await run()).code).toBe(0);
  });

  test.each([
    ['contents', 'Contents: write'],
    ['pull_requests', 'Pull requests: write'],
  ])('without the permission %s, it names it, and nothing is registered', async (permission, label) => {
    bareRepo({ 'README.md': '# shop\n' }, { path: source() });
    fake!.missing.add(permission);
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining(label)]);
    expect(pulls('previews')).toEqual([]);
    fake!.missing.clear();
    expect((await run()).code).toBe(0);
  });

  test('a repository without a commit is said to need one', async () => {
    git(root, ['init', '--quiet', '--bare', '--initial-branch=main', source()]);
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining('acme/shop has no commit yet: add a README')]);
  });

  test('the description of the registration holds what the preview consists of', async () => {
    await run();
    const [body = ''] = [...fake!.bodies.values()].filter((text) => text.includes('asks for previews'));
    expect(body).toContain('`previews/main/shop/pr-shop-1/app/deployment.pr-shop-1.yaml`\n\n```yaml\n');
    expect(body).toContain('https://pr-shop-1.apps.example.com');
    expect(body).toMatch(/About \$0\.\d\d a day/);
  });
});

test('what it opened becomes a preview: sync commits its files', async () => {
  const { place, env } = KINDS['a local forge']();
  await inProcess(['new', 'web-service-node', ...ARGS, ...place], root, env);
  const sync = ['sync', '--repo', 'acme/shop', '--pr', '1', '--apps-repo', apps(), '--forge', root];
  expect(await inProcess(sync, root, env)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('pr-shop-1: add'),
  });
  expect(filesOf(apps())).toHaveProperty(['previews/main/shop/pr-shop-1/app/deployment.pr-shop-1.yaml']);
});

describe('new', () => {
  const run = (...args: string[]) => {
    const { place, env } = KINDS['a local forge']();
    return inProcess(['new', ...args, ...place], root, env);
  };

  test.each([
    ['the template', ARGS, 'the template is missing: give one of function,'],
    ['another template', ['rails', ...ARGS], 'there is no template "rails"; known are function, static-site'],
    ['the repository', ['function', '--owner', '@a', '--no-input'], '--repo is missing'],
    ['the owner', ['function', '--repo', 'acme/shop', '--no-input'], '--owner is missing'],
    [
      'another owner',
      ['function', '--repo', 'other/shop', '--owner', '@a', '--no-input'],
      'gives previews to acme/* only; ask its team',
    ],
    [
      'a size that is none',
      ['function', ...ARGS, '--size', 'huge'],
      '--size huge: the platform has no such size; it has',
    ],
    [
      'an answer to nothing',
      ['function', ...ARGS, '--set', 'colour=red'],
      '--set colour: the template function does not ask for it',
    ],
    ['a name that no address can have', ['function', ...ARGS, '--repo', 'acme/Shop_1'], 'must be lower-case letters'],
    ['a name that Windows keeps for itself', ['function', ...ARGS, '--repo', 'acme/aux'], 'is reserved'],
    ['a name of other letters', ['function', ...ARGS, '--repo', 'acme/l\u00e4den'], 'It takes OWNER/NAME'],
    ['letters that look like others', ['function', ...ARGS, '--repo', 'acme/\u0455hop'], 'It takes OWNER/NAME'],
    ['a name that is too long', ['function', ...ARGS, '--repo', `acme/${'a'.repeat(41)}`], 'at most 40 characters'],
    ['a name that leads elsewhere', ['function', ...ARGS, '--repo', 'acme/..'], 'It takes OWNER/NAME'],
    [
      'an answer that is too long',
      ['function', ...ARGS, '--set', `description=${'x'.repeat(121)}`],
      '--set description:',
    ],
    ['an answer without a value', ['function', ...ARGS, '--set', 'description'], 'It takes NAME=VALUE'],
    ['a budget of nothing', ['function', ...ARGS, '--budget', '0'], 'a positive number'],
    ['a budget that is no number', ['function', ...ARGS, '--budget', '1e9'], 'a positive number'],
    [
      'a cost centre that no label can have',
      ['function', ...ARGS, '--cost-centre', 'a b'],
      '--cost-centre must be letters, digits, dots, dashes and underscores; found "a b"',
    ],
    ['a team that no label can have', ['function', ...ARGS, '--team', 'web \u{1f680}'], '--team must be letters'],
    ...[
      'web',
      'the web team',
      '@',
      '@acme/',
      '@acme//web',
      'mia@',
      'mia@localhost',
      'team:web',
      '@mia,@max',
      '@\u202emia',
    ].map((owner): [string, string[], string] => [
      `an owner that names nobody (${JSON.stringify(owner)})`,
      ['function', ...ARGS, '--owner', owner],
      `--owner must be an account such as @mia, a team such as @acme/web, an email address, or Backstage's group:default/web; found ${JSON.stringify(owner).replace('\u202e', '<U+202E>')}`,
    ]),
    ['a service that the platform has not', ['web-service-python', ...ARGS], 'postgres'],
  ])('names what is wrong: %s', async (_, args, complaint) => {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
    expect(existsSync(source())).toBe(false);
  });

  test.each([
    '@mia',
    '@mia_acme',
    '@acme/web',
    '@group/sub.group/web-1',
    'mia.m+web@example.co.uk',
    'group:default/web',
  ])('takes the owner %s', async (owner) => {
    expect(await run('function', ...ARGS, '--owner', owner, '--dry-run')).toMatchObject({ code: 0 });
  });

  test('takes a budget that is no whole number', async () => {
    expect(await run('function', ...ARGS, '--budget', '2.5', '--dry-run')).toMatchObject({ code: 0 });
  });

  test('asks nobody where nobody can answer', async () => {
    expect(await run('function')).toMatchObject({ code: 2, stderr: expect.stringContaining('--repo is missing') });
  });

  test('lists its templates', async () => {
    const { stdout } = await inProcess(['new', '--list'], root);
    expect(stdout).toMatch(/^function +Function \(Node\.js\): .*\nstatic-site /);
  });

  const own = (files: Record<string, string>) => {
    const folder = join(tempFolder(), 'template');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  };
  const OWN = {
    'template.yaml': `apiVersion: greenroom.dev/v1alpha1
kind: Template
metadata: { name: ours, title: Ours, description: A template of a platform team }
spec: { parameters: [{ title: One, required: [colour], properties: { colour: { title: Which colour?, type: string } } }] }
`,
    'skeleton/preview.yaml.njk':
      'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: static-site\n  image: ${{ values.image }}\n  env: { COLOUR: "${{ values.colour }}" }\n',
  };

  test('takes a template of the platform, from a folder and from Git', async () => {
    const folder = own(OWN);
    expect(await run(folder, ...ARGS, '--set', 'colour=blue')).toMatchObject({ code: 0 });
    expect(filesOf(source(), 'greenroom/new')['preview.yaml']).toContain('COLOUR: "blue"');
    const bare = bareRepo(
      Object.fromEntries(Object.entries(OWN).map(([path, text]) => [`templates/ours/${path}`, text])),
    );
    const fromGit = [`file://${bare}#templates/ours`, ...ARGS, '--repo', 'acme/two', '--set', 'colour=red'];
    expect(await run(...fromGit)).toMatchObject({ code: 0 });
    expect(filesOf(join(root, 'acme/two.git'), 'greenroom/new')['preview.yaml']).toContain('COLOUR: "red"');
  });

  test('refuses links in a template', async () => {
    const folder = own(OWN);
    symlinkSync('/etc/passwd', join(folder, 'skeleton/passwd'));
    expect(await run(folder, ...ARGS)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('skeleton/passwd: is a link'),
    });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a loop of 10^8',
      { 'skeleton/a.txt.njk': '{% for i in (1..100000000) %}x{% endfor %}' },
      /skeleton\/a\.txt\.njk:1:1: has the tag "for"/,
    ],
    ['a filter', { 'skeleton/a.txt.njk': '${{ values.colour | upcase }}' }, /without filters/],
    ['a file that it includes', { 'skeleton/a.txt.njk': '{% include "/etc/passwd" %}' }, /has the tag "include"/],
    [
      'a placeholder for a name that nobody gives',
      { 'skeleton/a.txt.njk': '${{ values.nobody }}' },
      /skeleton\/a\.txt\.njk:1:/,
    ],
    [
      'a schema that is none',
      { 'template.yaml': OWN['template.yaml'].replace('type: string', 'type: text') },
      /template\.yaml:\d+:\d+: .*type/,
    ],
    [
      'no preview.yaml',
      { 'skeleton/preview.yaml.njk': undefined as never, 'skeleton/a.txt': 'a' },
      /skeleton\/preview\.yaml: is missing/,
    ],
    ['a preview.yaml that is wrong', { 'skeleton/preview.yaml.njk': 'spec: {}\n' }, /preview\.yaml:1:1/],
    ['a file of another program', { 'skeleton/.git/config': 'x' }, /may not have|cannot|link|\.git/],
  ])('refuses a template with %s, and makes nothing', async (_, files, complaint) => {
    const all = Object.entries({ ...OWN, ...files }).filter(([, text]) => text !== undefined);
    const started = performance.now();
    const answer = await run(own(Object.fromEntries(all)), ...ARGS, '--set', `colour=${'a'.repeat(40)}!`);
    expect([answer.code, answer.stderr]).toEqual([2, expect.stringMatching(complaint)]);
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(existsSync(source())).toBe(false);
  });

  test('a pattern of a template that never ends is stopped, or answered at once', async () => {
    const pattern = OWN['template.yaml'].replace('type: string', () => 'type: string, pattern: "^(a+)+$"');
    const { place, env } = KINDS['a local forge']();
    const args = ['new', own({ ...OWN, 'template.yaml': pattern }), ...ARGS, '--set', `colour=${'a'.repeat(60)}!`];
    const started = performance.now();
    const { code, stderr } = await greenroom([...args, ...place], { cwd: root, env });
    expect([code, stderr]).toEqual([2, expect.stringContaining('--set colour')]);
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test('says of a Git address that does not answer what it was', async () => {
    const { code, stderr } = await run('https://127.0.0.1:1/templates.git', ...ARGS);
    expect([code, stderr]).toEqual([4, expect.stringContaining('127.0.0.1:1/templates.git')]);
  });

  test('refuses a preview that the rules of the platform refuse', async () => {
    const bad = {
      ...OWN,
      'skeleton/preview.yaml.njk': OWN['skeleton/preview.yaml.njk'].replace('${{ values.image }}', 'docker.io/evil/x'),
    };
    const { code, stderr } = await run(own(bad), ...ARGS, '--set', 'colour=blue');
    expect([code, existsSync(source())]).toEqual([3, false]);
    expect(stderr).toContain('registr');
  });
});

describe('new --preview-only', () => {
  const run = (dockerfile: string | null, ...args: string[]) => {
    const folder = tempFolder();
    if (dockerfile !== null) writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    writeFileSync(join(folder, 'greenroom.yaml'), PLATFORM);
    return {
      folder,
      ran: inProcess(['new', '--preview-only', '--repo', 'acme/shop', ...args], folder, { PATH: process.env['PATH'] }),
    };
  };

  test.each([
    [
      'a server',
      'FROM node:24\nEXPOSE 3000\nUSER 1000:1000\n',
      ['template: "web-service"', 'port: 3000', 'health: "/"'],
      ['user:'],
    ],
    ['a user by name', 'FROM node:24\nUSER node\n', ['user: 1000', 'port: 8080'], []],
    ['no user', 'FROM node:24\n', ['user: 1000'], []],
    ['a port that only root can have', 'FROM nginx:1\nEXPOSE 80\nUSER 101\n', ['static-site', 'port: 8080'], ['user:']],
    [
      'a health check',
      'FROM a\nUSER 5\nHEALTHCHECK CMD curl -f http://localhost:8080/up || exit 1\n',
      ['health: "/up"'],
      [],
    ],
    [
      'several stages',
      'FROM golang AS build\nEXPOSE 1\nUSER 0\nFROM scratch\nEXPOSE 9000/tcp\nUSER 65532\n',
      ['port: 9000'],
      ['user:'],
    ],
    ['a port in the environment', 'FROM a\nENV A=b \\\n  PORT=5000\nUSER 5\n', ['port: 5000'], []],
    [
      'nothing that can be read',
      '\u0000 FROM FROM EXPOSE x\nUSER $ME\nEXPOSE 99999\n',
      ['port: 8080', 'user: 1000'],
      [],
    ],
  ])('reads the Dockerfile of %s, and check takes what it writes', async (_, dockerfile, has, lacks) => {
    const { folder, ran } = run(dockerfile);
    const { code, stderr } = await ran;
    expect([code, stderr]).toEqual([0, expect.stringContaining('image: ghcr.io/acme/shop, by the platform')]);
    const text = readFileSync(join(folder, 'preview.yaml'), 'utf8');
    const plain = text.replaceAll('"', '');
    for (const piece of has) expect(plain).toContain(piece.replaceAll('"', ''));
    for (const piece of lacks) expect(plain).not.toContain(piece);
    expect((await inProcess(['check', 'preview.yaml', '--repo', 'acme/shop'], folder)).code).toBe(0);
  });

  test('says that the name of the image is a placeholder if nothing names the repository', async () => {
    const { folder, ran } = run('FROM node:24\n');
    expect((await ran).stderr).not.toContain('placeholder');
    const unnamed = await inProcess(['new', '--preview-only', '--overwrite'], folder, { PATH: process.env['PATH'] });
    expect(unnamed).toMatchObject({ code: 0, stderr: expect.stringContaining('"app" is a placeholder') });
  });

  test('writes over nothing, and needs a Dockerfile', async () => {
    expect(await run(null).ran).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no Dockerfile') });
    const { folder, ran } = run('FROM a\n');
    await ran;
    const again = await inProcess(['new', '--preview-only'], folder, { PATH: process.env['PATH'] });
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('preview.yaml is there already; --overwrite'),
    });
  });
});
