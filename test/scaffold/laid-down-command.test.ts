import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { greenroom } from '../support/command.ts';
import { git, tempFolder } from '../support/git.ts';

const ANSWERS = ['--domain', 'apps.example.com', '--owner', 'acme'];
const FILE = '.greenroom/greenroom.cjs';
const WORKFLOWS = ['sync', 'sweep', 'check', 'diff', 'audit'];

const root = tempFolder();
/** As the workflows check it out. */
const apps = join(root, 'apps');
beforeAll(async () => {
  expect(await greenroom(['init', apps, ...ANSWERS])).toMatchObject({ code: 0 });
});

/** The command that was laid down, as a process of its own, in a folder that holds nothing else of greenroom. */
function laidDown(args: readonly string[], cwd = apps) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(apps, FILE), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

interface Step {
  readonly name?: string;
  readonly run?: string;
}

function step(workflow: string, name: RegExp): string {
  const { jobs } = parse(readFileSync(join(apps, `.github/workflows/${workflow}.yaml`), 'utf8')) as {
    jobs: Record<string, { steps: Step[] }>;
  };
  return Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find((each) => name.test(each.name ?? ''))!.run!;
}

const bash = (script: string, env: Record<string, string> = {}) =>
  spawnSync('bash', ['-e', '-c', script], { cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } });

describe('the command that init lays down', () => {
  test('is the build, byte for byte', () => {
    const built = join(dirname(inject('command')), '../dist/cli/greenroom.cjs');
    expect(readFileSync(join(apps, FILE)).equals(readFileSync(built))).toBe(true);
  });

  test('runs alone: it finds its own apps repo up to date, and lays down the same one', () => {
    expect(laidDown(['upgrade', '.'])).toEqual({ status: 0, stdout: '', stderr: 'wrote 0 files in .\n' });
    const other = tempFolder();
    expect(laidDown(['init', 'again', ...ANSWERS], other).status).toBe(0);
    expect(spawnSync('diff', ['-r', apps, join(other, 'again')], { encoding: 'utf8' }).stdout).toBe('');
  });

  test('loads the modules of a platform', () => {
    const extension = join(tempFolder(), 'rules.mjs');
    cpSync(join(import.meta.dirname, '../../docs/examples/rules.mjs'), extension);
    const { status, stdout } = laidDown([
      'policies',
      '--engine=vap',
      '--platform=greenroom.yaml',
      '--extension',
      extension,
    ]);
    expect([status, stdout]).toEqual([0, expect.stringContaining('greenroom-acme-no-cookie-domain')]);
  });

  test('ends soon whatever a pattern is', () => {
    const folder = tempFolder();
    const texts = { title: 'x', message: 'x', source: 'x', why: 'x', examples: { good: '', bad: '' } };
    const match = [{ group: '', kind: 'ConfigMap', resource: 'configmaps' }];
    const conditions = [{ cel: 'object.data.COOKIE.matches("^(a|aa)+$")', field: 'data.COOKIE' }];
    const rules = [{ id: 'acme-pattern', ...texts, match, conditions }];
    writeFileSync(join(folder, 'acme.mjs'), `export const rules = ${JSON.stringify(rules)};\n`);
    const data = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { COOKIE: ${'a'.repeat(2000)}! }\n`;
    writeFileSync(join(folder, 'web.yaml'), data);
    expect(laidDown(['check', 'web.yaml', '--extension', 'acme.mjs'], folder).status).toBe(3);
  });
});

describe('the workflows', () => {
  test('name nothing that a registry would resolve', () => {
    for (const name of WORKFLOWS) {
      const text = readFileSync(join(apps, `.github/workflows/${name}.yaml`), 'utf8');
      expect(text).not.toMatch(/\b(npx|npm|pnpm|yarn|bunx|corepack)\b|greenroom@/);
    }
  });

  test.each(WORKFLOWS)('%s runs the command only with the bytes that it names', (name) => {
    const script = step(name, /^Verify the sha256 of the command$/);
    expect(bash(script)).toMatchObject({ status: 0 });
    const text = readFileSync(join(apps, FILE));
    writeFileSync(join(apps, FILE), `${text};`);
    expect(bash(script).status).not.toBe(0);
    writeFileSync(join(apps, FILE), text);
  });

  test('a pull request that changes the command needs a label', () => {
    const script = step('check', /^A changed command needs a label$/);
    git(apps, ['init', '-q']);
    const commit = () => git(apps, ['commit', '-qam', 'a change']);
    git(apps, ['add', '.']);
    commit();
    writeFileSync(join(apps, 'README.md'), 'Ours.\n');
    commit();
    expect(bash(script)).toMatchObject({ status: 0, stdout: '' });
    const text = readFileSync(join(apps, FILE));
    writeFileSync(join(apps, FILE), `${text};`);
    commit();
    expect(bash(script)).toMatchObject({ status: 1, stdout: expect.stringContaining('label the pull request') });
    expect(bash(script, { YES: 'true' }).status).toBe(0);
  });
});
