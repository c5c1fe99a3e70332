import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'greenroom-action-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What a commit holds: no builds and no packages. */
function checkOut(to: string): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(root, file), join(to, file));
  }
}

it('actionlint has nothing to say about a workflow that uses it, and knows its inputs and outputs', async () => {
  const actionlint = await judge('actionlint');
  const workflows = join(dir, 'app/.github/workflows');
  mkdirSync(workflows, { recursive: true });
  mkdirSync(join(dir, 'app/greenroom'));
  // Actions are looked up from the root of a repository.
  spawnSync('git', ['init', '--quiet', join(dir, 'app')]);
  cpSync(join(root, 'action.yml'), join(dir, 'app/greenroom/action.yml'));
  const [, example = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync(join(root, 'docs/action.md'), 'utf8'))!;
  const local = example.replace(/uses: \S+ #.*/, 'id: preview\n        uses: ./greenroom');
  const next = `      - run: echo "$URL"\n        env: { URL: "\${{ steps.preview.outputs.url }}" }\n`;
  const workflow = join(workflows, 'preview.yaml');
  const judged = async (text: string) => {
    writeFileSync(workflow, text);
    return tryRun(actionlint, ['-no-color', workflow], { cwd: join(dir, 'app') });
  };
  expect(await judged(example)).toMatchObject({ code: 0, stdout: '' });
  expect(await judged(local + next)).toMatchObject({ code: 0, stdout: '' });
  expect((await judged(local.replace('apps-repo:', 'app-repo:'))).stdout).toContain('input "app-repo" is not defined');
  expect((await judged(local + next.replace('.url', '.uri'))).stdout).toContain('property "uri" is not defined');
});

it('a commit without a build builds itself, and then runs', () => {
  const folder = join(dir, 'checkout');
  checkOut(folder);
  const [build] = parse(readFileSync(join(folder, 'action.yml'), 'utf8')).runs.steps;
  const script = join(dir, 'script.sh');
  writeFileSync(script, build.run);
  const bash = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', ...args], {
      cwd: dir,
      env: { ...process.env, GITHUB_ACTION_PATH: folder, ...env },
      encoding: 'utf8',
    });
  const { status, stderr } = bash([script], {});
  expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  writeFileSync(join(dir, 'preview.yaml'), 'kind: Preview\n');
  const ran = bash(['-c', 'node "$GITHUB_ACTION_PATH/bin/greenroom.cjs" action'], {
    INPUT_COMMAND: 'check',
    INPUT_PATHS: 'preview.yaml',
  });
  expect(ran.status).toBe(2);
  expect(ran.stdout).toContain('::error file=preview.yaml');
});
