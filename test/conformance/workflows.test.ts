import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../lib/scaffold/init.ts';
import { judge } from './judges.ts';
import { tryRun } from './run.ts';

const root = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'greenroom-workflows-'));
const laidDown = join(dir, 'previews');
let actionlint: string;
let shellcheck: string;
let zizmor: string;
beforeAll(async () => {
  actionlint = await judge('actionlint');
  shellcheck = await judge('shellcheck');
  zizmor = await judge('zizmor');
  await init({ dir: laidDown, version: '1.2.3', answers: { domain: 'apps.example.com', owner: 'acme' } });
});
afterAll(() => rmSync(dir, { recursive: true }));

const lint = (file: string) => tryRun(actionlint, [`-shellcheck=${shellcheck}`, '-pyflakes=', file]);
const audit = (...paths: string[]) =>
  tryRun(zizmor, ['--offline', '--no-progress', '--strict-collection', '--color=never', ...paths], {
    env: { RUST_LOG: 'error' },
  });

const NOTHING = { code: 0, stdout: '', stderr: '' };
const workflows = readdirSync(join(root, '.github/workflows')).sort();

describe.each([
  ['of this project', root, workflows],
  ['that init lays down', laidDown, ['audit.yaml', 'build.yaml', 'check.yaml', 'diff.yaml', 'sweep.yaml', 'sync.yaml']],
])('the workflows %s', (_, folder, names) => {
  it('are all tested', () => {
    expect(readdirSync(join(folder, '.github/workflows')).sort()).toEqual(names);
  });

  it.each(names)('actionlint and shellcheck have nothing to say about %s', async (name) => {
    expect(await lint(join(folder, '.github/workflows', name))).toEqual(NOTHING);
  });

  it.each(names)('zizmor has nothing to say about %s', async (name) => {
    const answer = await audit(join(folder, '.github/workflows', name));
    expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('No findings to report')]);
  });
});

it('zizmor has nothing to say about the action', async () => {
  const answer = await audit(join(root, 'action.yml'));
  expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('No findings to report')]);
});

// A judge that says nothing to anything would pass all of the above.
it('the judges do object', async () => {
  const bad = join(dir, 'bad/.github/workflows/bad.yaml');
  mkdirSync(join(bad, '..'), { recursive: true });
  const title = '$' + '{{ github.event.pull_request.title }}';
  const steps = `    steps:\n      - uses: actions/checkout@v4\n      - run: echo $HOME ${title}\n`;
  writeFileSync(bad, `on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n${steps}`);
  const linted = await lint(bad);
  expect(linted.stdout).toContain('potentially untrusted');
  expect(linted.stdout).toContain('shellcheck reported issue');
  const audited = await audit(bad);
  for (const rule of ['unpinned-uses', 'template-injection', 'excessive-permissions', 'artipacked']) {
    expect(audited.stdout).toContain(`[${rule}]`);
  }
});
