import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { TemplateAnswers } from '../../lib/create/answers.ts';
import { inProcess } from '../support/command.ts';
import { bareRepo, filesOf, tempFolder } from '../support/git.ts';
import { ANSWERS, PROJECT_PLATFORM, PROJECT_TEMPLATES } from '../support/project-templates.ts';
import { judgeModule } from './judges.ts';
import { installed } from './npm.ts';
import { run } from './run.ts';

// Backstage's own scaffolder: its form's schema, its workflow runner in a dry run, its fetch:template and
// publish:github:pull-request.

interface DryRun {
  readonly problems?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: readonly { readonly action: string; readonly input: Readonly<Record<string, unknown>> }[];
  readonly output?: { readonly links: readonly { readonly url: string }[] };
}

const folder = tempFolder();
let packages: string;

beforeAll(async () => {
  packages = await installed('backstage');
  writeFileSync(join(folder, 'greenroom.yaml'), PROJECT_PLATFORM);
  const args = ['backstage', '--platform', 'greenroom.yaml', '--out', 'backstage'];
  expect(await inProcess(args, folder)).toMatchObject({ code: 0 });
});

/** What Backstage makes of forms that were filled in so. */
async function dryRuns(template: string, forms: readonly TemplateAnswers[]): Promise<readonly DryRun[]> {
  const whole = { repo: 'shop', team: 'group:default/web', size: 'small' };
  const requests = forms.map((form) => ({
    template: join(folder, 'backstage', template),
    values: { ...whole, ...form },
  }));
  const cwd = tempFolder();
  const program = join(judgeModule('backstage'), 'dry-run.cjs');
  return JSON.parse(await run(process.execPath, [program, packages], { stdin: JSON.stringify(requests), cwd }));
}

/** What `greenroom new` puts on its two branches. */
async function made(template: string, answers: TemplateAnswers) {
  const root = tempFolder();
  mkdirSync(join(root, 'acme'));
  const apps = bareRepo({ 'greenroom.yaml': PROJECT_PLATFORM }, { path: join(root, 'acme/previews.git') });
  const set = Object.entries(answers).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const who = ['--repo', 'acme/shop', '--owner', 'group:default/web', '--no-input'];
  const answer = await inProcess(['new', template, ...who, ...set, '--apps-repo', apps, '--forge', root], root);
  expect(answer).toMatchObject({ code: 0 });
  const { 'apps/acme/shop.yaml': registration } = filesOf(apps, 'greenroom/register/acme-shop');
  return { source: filesOf(join(root, 'acme/shop.git'), 'greenroom/new'), registration };
}

/** Texts that JSON would take for something else, beside those that every template is tried with. */
const FORMS: readonly TemplateAnswers[] = [
  ...Object.values(ANSWERS).filter(({ description }) => description !== undefined),
  ...['1.0', '1e3', 'true', 'null', '[1, 2]', '0x1f', ''].map((description) => ({ description })),
];

describe.each(PROJECT_TEMPLATES)('%s', (template) => {
  it('becomes, byte for byte, the files of greenroom new, and the same registration', async () => {
    const forms = template === 'web-service-python' ? [...FORMS, { sample: false, description: 'x' }] : FORMS;
    const results = await dryRuns(template, forms);
    for (const [i, form] of forms.entries()) {
      const { files = {}, problems } = results[i]!;
      expect(problems).toBeUndefined();
      const ours = await made(template, form);
      const { 'registration/shop.yaml': registration, ...rest } = files;
      const source = Object.entries(rest).filter(([path]) => path !== 'catalog-info.yaml');
      expect(Object.fromEntries(source)).toEqual(ours.source);
      expect(parse(registration!)).toEqual(parse(ours.registration!));
    }
  });

  it('names the two repositories, and registers a component that leads to its previews', async () => {
    const [{ files = {}, inputs = [], output } = {}] = await dryRuns(template, [{ description: 'A shop' }]);
    const of = (action: string) => inputs.filter((each) => each.action === action).map(({ input }) => input);
    expect(of('publish:github')).toMatchObject([{ repoUrl: 'github.com?owner=acme&repo=shop' }]);
    expect(of('publish:github:pull-request')).toMatchObject([
      { repoUrl: 'github.com?owner=acme&repo=previews', targetPath: 'apps/acme', sourcePath: './registration' },
    ]);
    expect(output?.links.map(({ url }) => url)).toEqual(['https://github.com/acme/shop', expect.any(String)]);
    expect(parse(files['catalog-info.yaml']!)).toMatchObject({
      kind: 'Component',
      metadata: {
        name: 'shop',
        annotations: { 'github.com/project-slug': 'acme/shop', 'greenroom.dev/repository': 'acme/shop' },
      },
      spec: { owner: 'group:default/web' },
    });
  });

  it('has a form that takes nothing that greenroom new refuses', async () => {
    const wrong: TemplateAnswers[] = [
      ...['a"b', 'a`b', '${{ x', 'a\nb', '<b>'].map((description) => ({ description })),
      ...['web', 'the web team', '@acme/'].map((team) => ({ team, description: 'x' })),
      ...['Shop', 'läden', '-a', 'a--b', 'con', 'previews', 'a'.repeat(41)].map((repo) => ({ repo, description: 'x' })),
      { size: 'huge', description: 'x' },
    ];
    for (const [i, { problems = [] }] of (await dryRuns(template, wrong)).entries()) {
      expect(problems.length, JSON.stringify(wrong[i])).toBeGreaterThan(0);
    }
  });
});
