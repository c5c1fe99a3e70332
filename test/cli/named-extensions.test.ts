import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { greenroom, inProcess } from '../support/command.ts';
import { commitFiles, git, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const RULES = readFileSync(fileURLToPath(new URL('../../docs/examples/rules.mjs', import.meta.url)), 'utf8');
const RULE = 'acme-no-cookie-domain';
const NOW = Math.floor(Date.now() / 1000) - 60;
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { COOKIE_DOMAIN: x }\n';
/** Two files: an extension may be made of several. */
const LABELS = "export const label = 'one';\n";
const ACME =
  "import { label } from './labels.mjs';\nexport default ({ namespace }) => namespace.addLabel('acme.example/of', label);\n";
const SETTINGS = `extensions: [extensions/acme.mjs, extensions/rules.mjs]
policies: { severities: { ${RULE}: warn }, parameters: { keys: [acme.example/] } }`;
const MODULES = { 'extensions/acme.mjs': ACME, 'extensions/labels.mjs': LABELS, 'extensions/rules.mjs': RULES };

let dir: string;
beforeEach(() => {
  dir = tempFolder();
});
const run = (...args: string[]) => inProcess(args, dir);

function write(files: Readonly<Record<string, string>>, to = dir): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(to, path, '..'), { recursive: true });
    writeFileSync(join(to, path), text);
  }
}

describe('extensions that greenroom.yaml names', () => {
  function world(settings: string, modules: Readonly<Record<string, string>> = MODULES) {
    const made = new World(platformText(settings));
    commitFiles(made.appsRepo, modules, { time: NOW });
    made.push('shop', { 'preview.yaml': previewText('manifests: deploy'), 'deploy/web.yaml': configMap }, NOW);
    made.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    return made;
  }
  const sync = ({ appsRepo, forge }: World) =>
    run('sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', appsRepo, '--forge', forge);

  test('are loaded out of the apps repo by sync, with their rules and severities', async () => {
    const made = world(SETTINGS);
    const { code, stdout } = await sync(made);
    expect([code, stdout]).toEqual([0, expect.stringContaining('add')]);
    const namespace = git(made.appsRepo, ['show', 'HEAD:previews/main/shop/pr-shop-7/fence/namespace.pr-shop-7.yaml']);
    expect(namespace).toContain('acme.example/of: one');
    const strict = world(SETTINGS.replace('warn', 'deny'));
    expect(await sync(strict)).toMatchObject({ code: 3, stdout: expect.stringContaining(`[${RULE}]`) });
  });

  test('are loaded anew where they have changed, and by check and render from an apps repo', async () => {
    const made = world(SETTINGS);
    await sync(made);
    commitFiles(made.appsRepo, { 'extensions/labels.mjs': LABELS.replace('one', 'two') }, { time: NOW });
    expect((await sync(made)).stdout).toContain('update');
    write({ 'preview.yaml': previewText() });
    const args = ['preview.yaml', '--apps-repo', made.appsRepo];
    expect(await run('check', ...args)).toMatchObject({ code: 0 });
    await run('render', ...args, '--repo', 'acme/shop', '--pr', '7', '--out', 'out');
    const path = 'out/previews/main/shop/pr-shop-7/fence/namespace.pr-shop-7.yaml';
    expect(readFileSync(join(dir, path), 'utf8')).toContain('acme.example/of: two');
  });

  test.each([
    [
      'is not there',
      { 'extensions/rules.mjs': RULES },
      /greenroom\.yaml:7:16: spec\.extensions\[0\]: names extensions\/acme\.mjs, which does not exist; add that file next to/,
    ],
    [
      'does not load',
      { ...MODULES, 'extensions/acme.mjs': 'export default (' },
      /extensions\/acme\.mjs: cannot be loaded as an ES module/,
    ],
    [
      'imports what is not beside it',
      { ...MODULES, 'extensions/acme.mjs': "import '../greenroom.yaml';" },
      /extensions\/acme\.mjs: imports greenroom\.yaml, which is not there/,
    ],
    [
      'brings nothing',
      { ...MODULES, 'extensions/acme.mjs': 'export const a = 1;' },
      /neither a function as its default export nor `rules`/,
    ],
    [
      'throws',
      { ...MODULES, 'extensions/acme.mjs': "export default () => { throw new Error('no'); };" },
      /extensions\/acme\.mjs: the extension failed: no/,
    ],
  ])('one that %s is told to the platform team, not to the maker', async (_, modules, sentence) => {
    const made = world(SETTINGS, modules);
    const { code, stdout, stderr } = await sync(made);
    expect(code).toBeGreaterThan(0);
    expect(`${stdout}${stderr}`).toMatch(sentence);
    expect(made.previews()).toEqual([]);
  });

  // By the command itself: the test runner imports in a way of its own.
  test.each([
    [
      'export const rules = [\n];\nexport const a = (',
      /^greenroom: extensions\/acme\.mjs: cannot be loaded as an ES module: Unexpected/,
    ],
    [
      "import './gone.mjs';",
      /^greenroom: extensions\/acme\.mjs: imports \.\/gone\.mjs, which is not there: add that file, or bundle/,
    ],
    [
      "import 'left-pad';",
      /^greenroom: extensions\/acme\.mjs: imports the package left-pad, which is not there: bundle the module/,
    ],
    ["throw new Error('no');", /^greenroom: extensions\/acme\.mjs: cannot be loaded as an ES module: no$/],
  ])('%j is told of in one line, without the folder of this machine', async (module, sentence) => {
    write({ 'greenroom.yaml': platformText('extensions: [extensions/acme.mjs]'), 'preview.yaml': previewText() });
    write({ 'extensions/acme.mjs': module });
    const { code, stdout, stderr } = await greenroom(['check', 'preview.yaml', '--platform', 'greenroom.yaml'], {
      cwd: dir,
    });
    expect([code, `${stdout}${stderr}`.trim()]).toEqual([2, expect.stringMatching(sentence)]);
    expect(stderr).not.toContain(dir);
  });

  test('that are not there are named with their lines, by every command that would run them', async () => {
    write({
      'greenroom.yaml': platformText('extensions:\n  - extensions/acme.mjs\n  - extensions/b.mjs'),
      'preview.yaml': previewText(),
    });
    write({ 'extensions/acme.mjs': 'export const rules = [];\n' });
    const render = ['render', 'preview.yaml', '--repo', 'acme/shop', '--pr', '7', '--out', 'out'];
    for (const args of [
      ['check', 'preview.yaml'],
      render,
      ['policies', '--engine', 'vap', '--out', 'p'],
      ['init', 'apps', '--no-input'],
    ]) {
      const { code, stdout, stderr } = await run(...args, '--platform', 'greenroom.yaml');
      const said = expect.stringContaining(
        'greenroom.yaml:9:7: spec.extensions[1]: names extensions/b.mjs, which does not exist; add that file next to greenroom.yaml, or remove this line',
      );
      expect([args[0], code, `${stdout}${stderr}`]).toEqual([args[0], 2, said]);
    }
  });

  test.each([
    ['extensions: acme.mjs', /spec\.extensions: must be a list/],
    [
      'extensions: [acme.mjs]',
      /spec\.extensions\[0\]: must be a file of the apps repo such as extensions\/acme\.mjs; found "acme\.mjs"/,
    ],
    ['extensions: [extensions/../../acme.mjs]', /spec\.extensions\[0\]: must be a file/],
    ['extensions: ["https://example.com/acme.mjs"]', /spec\.extensions\[0\]: must be a file/],
  ])('%s is refused', async (settings, sentence) => {
    write({ 'greenroom.yaml': platformText(settings), 'preview.yaml': previewText() });
    const { code, stdout } = await run('check', 'preview.yaml', '--platform', 'greenroom.yaml');
    expect([code, stdout]).toEqual([2, expect.stringMatching(sentence)]);
  });

  test('stand in what init lays down beside them, and verify holds the apps repo to them', async () => {
    write({ 'greenroom.yaml': platformText(SETTINGS), ...MODULES }, join(dir, 'previews'));
    expect((await run('init', 'previews', '--no-input')).code).toBe(0);
    const repo = join(dir, 'previews');
    expect(readFileSync(join(repo, `policies/vap/validatingadmissionpolicy.greenroom-${RULE}.yaml`), 'utf8')).toContain(
      'COOKIE',
    );
    expect(readFileSync(join(repo, '.github/CODEOWNERS'), 'utf8')).toContain('/extensions/');
    git(repo, ['init', '--quiet', '--initial-branch=main']);
    git(repo, ['add', '--all']);
    git(repo, ['commit', '--quiet', '--message=all']);
    expect(await run('verify', 'previews', '--offline')).toMatchObject({ code: 0 });
    expect(await run('doctor', 'previews')).toMatchObject({ code: 0 });
    expect(await run('upgrade', 'previews', '--dry-run')).toMatchObject({ code: 0 });
  });

  test('of a change are not run by verify, which asks for a person', async () => {
    const ran = join(dir, 'ran');
    write({ 'greenroom.yaml': platformText(SETTINGS), ...MODULES }, join(dir, 'previews'));
    await run('init', 'previews', '--no-input');
    const repo = join(dir, 'previews');
    git(repo, ['init', '--quiet', '--initial-branch=main']);
    git(repo, ['add', '--all']);
    git(repo, ['commit', '--quiet', '--message=all']);
    write(
      {
        'extensions/labels.mjs': `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(ran)}, '');\n${LABELS}`,
      },
      repo,
    );
    git(repo, ['commit', '--quiet', '--all', '--message=hostile']);
    const args = ['verify', 'previews', '--offline', '--base', 'HEAD~1'];
    const { code, stdout } = await run(...args);
    expect([code, stdout]).toEqual([
      expect.any(Number),
      expect.stringContaining("extensions/labels.mjs: is a module that would run with the bot's key"),
    ]);
    expect(code).toBeGreaterThan(0);
    expect((await run(...args, '--yes')).code).toBe(0);
    expect(() => readFileSync(ran)).toThrow('ENOENT');
  });

  test('of a greenroom.yaml that was merely found are not run', async () => {
    const ran = join(dir, 'ran');
    const hostile = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(ran)}, '');\nexport const rules = [];\n`;
    write({
      'greenroom.yaml': platformText('extensions: [extensions/acme.mjs]'),
      'extensions/acme.mjs': hostile,
      'preview.yaml': previewText(),
    });
    const { code, stderr } = await run('check', 'preview.yaml');
    expect([code, stderr]).toEqual([0, expect.stringContaining('extensions/acme.mjs of greenroom.yaml are not run')]);
    expect(() => readFileSync(ran)).toThrow('ENOENT');
    expect((await run('check', 'preview.yaml', '--platform', 'greenroom.yaml')).code).toBe(0);
    expect(readFileSync(ran, 'utf8')).toBe('');
  });
});
