import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { greenroom, inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';
import { platformText, previewText } from '../support/inputs.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let cwd: string;
beforeAll(() => {
  cwd = tempFolder();
  writeFileSync(join(cwd, 'greenroom.yaml'), platformText());
  writeFileSync(join(cwd, 'preview.yaml'), previewText('ttl: 8h'));
});

const PLACE = ['--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7'];
const render = (file: string, ...more: string[]) => greenroom(['render', file, ...PLACE, ...more], { cwd });

function tree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((e) => join(e.parentPath, e.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}

describe('render', () => {
  test('prints the files as one YAML stream, or as JSON', async () => {
    const text = await render('preview.yaml');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(
      '# previews/main/shop/pr-shop-7/app/deployment.pr-shop-7.yaml\n---\n# Made by greenroom from preview.yaml of acme/shop#7. Edits are refused.\napiVersion: apps/v1',
    );
    const { stdout } = await render('preview.yaml', '--format', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'pr-shop-7',
      url: 'https://pr-shop-7.apps.example.com',
      findings: [],
      cost: { currency: 'USD' },
    });
  });

  test('prints the same into a file as into a pipe, and a reader that has seen enough is no failure', async () => {
    const { stdout } = await render('preview.yaml');
    const file = join(cwd, 'printed.yaml');
    const script = '"$@" > "$0" && "$@" | true';
    const command = [process.execPath, inject('command'), 'render', 'preview.yaml', ...PLACE];
    const shell = spawnSync('bash', ['-o', 'pipefail', '-c', script, file, ...command], { cwd, encoding: 'utf8' });
    expect(shell).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(stdout);
  });

  test('gives the same bytes in any time zone, language and working folder', async () => {
    const runs = await Promise.all([
      greenroom(['render', 'preview.yaml', ...PLACE], { cwd, env: { TZ: 'Pacific/Auckland', LC_ALL: 'tr_TR.UTF-8' } }),
      greenroom(['render', 'preview.yaml', ...PLACE], {
        cwd,
        env: { TZ: 'America/St_Johns', LANG: 'de_DE', LC_ALL: '' },
      }),
      greenroom(['render', join(cwd, 'preview.yaml'), '--platform', join(cwd, 'greenroom.yaml'), ...PLACE.slice(2)], {
        cwd: '/',
      }),
    ]);
    expect(runs[0]!.code).toBe(0);
    expect(new Set(runs.map((run) => run.stdout)).size).toBe(1);
  });

  test('--out writes the layout of the apps repo, and clears what an earlier render left', async () => {
    const out = join(cwd, 'out');
    await render('preview.yaml', '--out', 'out');
    const before = tree(out);
    expect(Object.keys(before)).toContain('previews/main/shop/pr-shop-7/preview.json');
    const folder = join(out, 'previews/main/shop/pr-shop-7/app');
    writeFileSync(join(folder, 'configmap.old.yaml'), 'left over');
    writeFileSync(join(out, 'README.md'), 'of somebody else');
    await render('preview.yaml', '--out', 'out');
    expect(tree(out)).toEqual({ ...before, 'README.md': 'of somebody else' });
  });

  test("--at sets the pull request's time", async () => {
    const { stdout } = await render('preview.yaml', '--format', 'json', '--at', '2026-11-24T08:00:00+01:00');
    expect(JSON.parse(stdout).expires).toBe(Date.UTC(2026, 10, 24, 15) / 1000);
  });

  test('a policy that refuses is exit code 3 with a sentence at its line, and nothing is written', async () => {
    writeFileSync(join(cwd, 'denied.yaml'), previewText('', 'ghcr.io/acme-evil/shop'));
    const run = await render('denied.yaml', '--out', 'refused');
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/denied\.yaml:5:\d+: .*\[allowed-registries\]/);
    expect(existsSync(join(cwd, 'refused'))).toBe(false);
    const asJson = await render('denied.yaml', '--format', 'json');
    expect(asJson.code).toBe(3);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ findings: [{ rule: 'allowed-registries', line: 5 }], files: {} });
  });

  test("the maker's own manifests are looked up beside the file, and held to the rules with their own lines", async () => {
    mkdirSync(join(cwd, 'app/deploy'), { recursive: true });
    writeFileSync(join(cwd, 'app/preview.yaml'), previewText('manifests: deploy'));
    const service =
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  type: LoadBalancer\n  ports: [{ port: 80 }]\n';
    writeFileSync(join(cwd, 'app/deploy/service.yaml'), service);
    const run = await render('app/preview.yaml');
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/^app\/deploy\/service\.yaml:6:\d+: spec\.type: .*\[no-load-balancer\]/m);
  });
});

describe("an extension of the platform's own", () => {
  const extension = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text);
    return ['--extension', name];
  };

  test('reaches every preview, with cdk8s of its own or with the handles alone', async () => {
    const cdk8s = pathToFileURL(join(root, 'node_modules/cdk8s/lib/index.js')).href;
    const label = extension('label.mjs', "export default ({ preview }) => preview.addLabel('team', 'web');\n");
    const kind = extension(
      'kind.mjs',
      `import cdk8s from '${cdk8s}';
export default ({ app, context }) => {
  new cdk8s.ApiObject(app, 'notes', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes', namespace: context.name } });
};
`,
    );
    const { code, stdout } = await render('preview.yaml', ...label, ...kind);
    expect(code).toBe(0);
    expect(stdout).toContain('team: web');
    expect(stdout).toContain('# previews/main/shop/pr-shop-7/app/configmap.notes.yaml');
  });

  test.each([
    ['missing.mjs', null, 2, 'missing.mjs: cannot be loaded'],
    ['empty.mjs', 'export const x = 1;\n', 2, 'neither a function as its default export'],
    [
      'broken.mjs',
      "export default () => { throw new Error('no such team'); };\n",
      2,
      'broken.mjs: the extension failed: no such team',
    ],
  ])('%s is said in words', async (name, text, exitCode, words) => {
    const run = await render('preview.yaml', ...(text === null ? ['--extension', name] : extension(name, text)));
    expect(run).toMatchObject({ code: exitCode, stdout: '' });
    expect(run.stderr).toContain(words);
  });
});

describe('bad input is exit code 2, in words, and leaves everything as it was', () => {
  test.each<[string, string[], string]>([
    ['no such file', ['missing.yaml'], 'missing.yaml: no such file'],
    ['a folder', ['.'], '.: must be a file; found a folder'],
    ['a time without a zone', ['preview.yaml', '--at', '2026-11-24'], '--at takes a time'],
    ['a short commit id', ['preview.yaml', '--sha', 'abc'], '40 or 64 hexadecimal digits'],
    ['an unknown option', ['preview.yaml', '--prr', '7'], "unknown option '--prr'"],
    ['a repository that is none', ['preview.yaml', '--repo', '../etc'], 'OWNER/NAME'],
  ])('%s', async (_, args, words) => {
    const run = await render(args[0]!, ...args.slice(1));
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(words);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test('hostile files, one of twenty of the corpus', async () => {
    const before = readdirSync(cwd).sort();
    const folder = tempFolder();
    for (const [i, hostile] of hostilePreviews()
      .filter((_, i) => i % 20 === 0)
      .entries()) {
      const file = join(folder, `${i}.yaml`);
      writeFileSync(file, hostile.bytes);
      const run = await inProcess(['render', file, ...PLACE, '--out', 'hostile-out'], cwd);
      expect([hostile.name, run.code]).toEqual([hostile.name, 2]);
      expect(run.stderr).not.toMatch(/\n\s+at /);
    }
    expect(existsSync(join(cwd, 'hostile-out'))).toBe(false);
    expect(readdirSync(cwd).sort()).toEqual(before);
  });
});
