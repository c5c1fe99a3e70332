import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCompiler } from '../../lib/compile/compile.ts';
import { checkAnswers } from '../../lib/create/answers.ts';
import { builtInTemplates, givenOf, projectFiles } from '../../lib/create/project.ts';
import { newAppsRepo } from '../../lib/scaffold/init.ts';
import { tempFolder } from '../support/git.ts';
import { compileInput, platform, platformText, previewText } from '../support/inputs.ts';

interface Step {
  readonly uses?: string;
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}
interface Job {
  readonly if?: string;
  readonly permissions: Record<string, string>;
  readonly steps: readonly Step[];
}

const SAME_REPOSITORY = 'github.event.pull_request.head.repo.full_name == github.repository';
const folder = tempFolder();

function workflow(extra = '') {
  const text = newAppsRepo({ version: '1.0.0', platform: platformText(extra) }).get('.github/workflows/build.yaml')!;
  return parse(text) as { jobs: { build: Job; evidence: Job } };
}

/** What the step that names the image gives, for this pull request. */
function named(env: Record<string, string>, extra = '') {
  const { run } = workflow(extra).jobs.build.steps.find(({ name }) => name?.startsWith('Name the image'))!;
  const file = join(folder, 'output');
  writeFileSync(file, '');
  const { status } = spawnSync('bash', ['-e', '-c', run!], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      GITHUB_OUTPUT: file,
      IMAGE: '',
      REPOSITORY: 'acme/shop',
      NUMBER: '7',
      SHA,
      ...env,
    },
  });
  const lines = readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  return { status, ...Object.fromEntries(lines.map((line) => line.split(/=(.*)/).slice(0, 2))) };
}
const SHA = 'a1b2c3d'.padEnd(40, '0');

describe('the build that init lays down', () => {
  test.each(['', 'tag: "{sha}"', 'tag: "preview-{number}.{sha7}_x"', 'tag: "{number}-{sha}"'])(
    'pushes the tag that the preview awaits, with %j',
    (extra) => {
      const compiled = createCompiler({ platform: platform(extra), exceptions: new Map(), now: 0 })(
        compileInput(previewText(), { headSha: SHA }),
      );
      const { image, tag } = named({}, extra) as Record<string, string>;
      expect(compiled.record.image).toBe(`${image}:${tag}`);
    },
  );

  test.each([
    [{ REPOSITORY: 'acme/Shop' }, 'ghcr.io/acme/shop'],
    [{ IMAGE: 'ghcr.io/acme/shop-api' }, 'ghcr.io/acme/shop-api'],
  ])('names the image of %j', (env, image) => {
    expect(named(env)).toMatchObject({ status: 0, image });
  });

  test.each<Record<string, string>>([
    { IMAGE: 'ghcr.io/acme/shop\ntag=latest' },
    { IMAGE: 'ghcr.io/acme/$(id)' },
    { NUMBER: '7; id' },
    { NUMBER: '' },
    { SHA: 'main' },
  ])('takes nothing else: %j', (env) => {
    expect(named(env)).toEqual({ status: 2 });
  });

  test('gives a fork no key: it neither logs in nor pushes nor signs', () => {
    const { build, evidence } = workflow().jobs;
    const step = (action: string) => build.steps.find(({ uses }) => uses?.startsWith(action))!;
    expect(step('docker/login-action').if).toBe(SAME_REPOSITORY);
    expect(step('docker/build-push-action').with).toMatchObject({ push: `\${{ ${SAME_REPOSITORY} }}` });
    expect(evidence.if).toBe(SAME_REPOSITORY);
    expect(evidence.steps.filter(({ uses }) => uses?.startsWith('actions/checkout'))).toEqual([]);
    for (const { run = '' } of [...build.steps, ...evidence.steps]) expect(run).not.toContain('${{');
  });

  test.each([...builtInTemplates().values()])(
    'is called by the template $name with the rights that it needs',
    (template) => {
      const given = givenOf('acme/shop', 'small', platform());
      const files = projectFiles(template, given, checkAnswers(template, {}));
      const { jobs, permissions } = parse(files.get('.github/workflows/build.yaml')!);
      expect(permissions).toEqual({});
      expect(jobs.image.uses).toBe('acme/previews/.github/workflows/build.yaml@main');
      const needed = Object.values(workflow().jobs).map((job) => job.permissions);
      expect(jobs.image.permissions).toEqual(Object.assign({}, ...needed));
    },
  );
});
