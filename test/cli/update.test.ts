import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { mergeTexts } from '../../lib/core/git/merge.ts';
import { blobId, type TemplateRecord } from '../../lib/create/record.ts';
import { planUpdate } from '../../lib/create/update.ts';
import { inProcess } from '../support/command.ts';
import { FakeGitHub } from '../support/fake-github/server.ts';
import { bareRepo, commitFiles, filesOf, git, tempFolder } from '../support/git.ts';
import { platformText } from '../support/inputs.ts';

const elsewhere = tempFolder();
let root: string;
let template: string;
let fake: FakeGitHub | undefined;
afterAll(() => fake?.stop());

const KINDS = {
  'a local forge': () => ({ place: ['--apps-repo', join(root, 'acme/previews.git'), '--forge', root], env: {} }),
  GitHub: () => ({
    place: ['--apps-repo', 'acme/previews'],
    env: { GITHUB_TOKEN: fake!.token, GITHUB_API_URL: fake!.url },
  }),
};

const QUESTIONS = 'colour: { title: Which colour?, type: string, default: blue }';
const template_ = (questions: string) => `apiVersion: greenroom.dev/v1alpha1
kind: Template
metadata: { name: ours, title: Ours, description: A template of a platform team }
spec: { parameters: [{ title: One, properties: { ${questions} } }] }
`;
const lines = (...words: string[]) => `${words.join('\n')}\n`;
const PREVIEW =
  'apiVersion: greenroom.dev/v1alpha1\nkind: Preview\nspec:\n  template: static-site\n  image: ${{ values.image }}\n  env: { COLOUR: "${{ values.colour }}" }\n';
const V1 = {
  'template.yaml': template_(QUESTIONS),
  'skeleton/preview.yaml.njk': PREVIEW,
  'skeleton/page.txt.njk': lines('title', 'a', 'b', 'c', 'd', 'in ${{ values.colour }}'),
  'skeleton/plain.txt': lines('one', 'two', 'three', 'four'),
  'skeleton/run.sh': lines('#!/bin/sh', 'echo one', 'echo two', 'echo three'),
  'skeleton/same.txt': 'same\n',
  'skeleton/old.txt': 'old\n',
  'skeleton/unwanted.txt': 'unwanted\n',
};
const V2 = {
  ...V1,
  'template.yaml': template_(`${QUESTIONS}, shape: { title: Which shape?, type: string, default: round }`),
  'skeleton/page.txt.njk': lines('title', 'a', 'b', 'c', 'd', 'in ${{ values.colour }}, ${{ values.shape }}'),
  'skeleton/plain.txt': lines('one', 'two', 'three', '4'),
  'skeleton/run.sh': lines('#!/bin/sh', 'echo one', 'echo two', 'echo 3'),
  'skeleton/unwanted.txt': 'still unwanted\n',
  'skeleton/new.txt': 'new\n',
  'skeleton/old.txt': undefined,
};

function writeTemplate(files: Readonly<Record<string, string | undefined>>): void {
  rmSync(template, { recursive: true, force: true });
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(template, path)), { recursive: true });
    writeFileSync(join(template, path), text);
  }
}

beforeEach(async () => {
  await fake?.stop();
  root = tempFolder();
  template = join(tempFolder(), 'ours');
  fake = await FakeGitHub.start(root);
  const platform = platformText('').replace('{ owner: acme }', '{ owner: acme, label: preview }');
  bareRepo({ 'greenroom.yaml': platform }, { path: join(root, 'acme/previews.git') });
  writeTemplate(V1);
});

const shop = () => join(root, 'acme/shop.git');
const branches = () =>
  git(shop(), ['for-each-ref', '--format=%(refname:short)', 'refs/heads/greenroom/']).split('\n').filter(Boolean);
const updateBranch = () => branches().find((name) => name.startsWith('greenroom/update-'))!;

describe.each(Object.entries(KINDS))('update on %s', (_, kind) => {
  const run = (command: string, ...args: string[]) => {
    const { place, env } = kind();
    return inProcess([command, ...args, ...place], elsewhere, { PATH: process.env['PATH'], ...env });
  };
  const update = (...more: string[]) => run('update', '--repo', 'acme/shop', '--template', template, ...more);
  /** A micro app of the first version, merged. */
  const made = async (...more: string[]) => {
    const args = ['--repo', 'acme/shop', '--owner', '@acme/web', '--no-input', ...more];
    expect(await run('new', template, ...args)).toMatchObject({ code: 0 });
    git(shop(), ['update-ref', 'refs/heads/main', 'refs/heads/greenroom/new']);
  };

  test('takes what the template changed, and keeps the answers and every change of the maker', async () => {
    await made('--set', 'colour=red');
    commitFiles(shop(), {
      'page.txt': lines('our title', 'a', 'b', 'c', 'd', 'in red'),
      'plain.txt': lines('one', 'two', 'three', 'ours'),
      'same.txt': 'ours\n',
      'unwanted.txt': null as never,
      'new.txt': 'another new one\n',
      'mine.txt': 'mine\n',
    });
    const before = filesOf(shop());
    writeTemplate(V2);
    const { code, stdout, stderr } = await update();
    expect([code, stderr]).toEqual([
      0,
      lines(
        'new.txt stays: it is new in the template, and another file has its name here',
        'plain.txt stays: it was changed here in the same lines',
        'unwanted.txt stays: it was removed here',
      ),
    ]);
    expect(stdout).toMatch(/^acme\/shop: opened, .*\n {2}\.greenroom\/template\.json: as the template has it\n/);
    expect(stdout).toContain('  page.txt: merged with what was changed here\n');
    expect(filesOf(shop())).toEqual(before);
    const after = filesOf(shop(), updateBranch());
    const { '.greenroom/template.json': record, ...files } = after;
    expect(JSON.parse(record!).answers).toMatchObject({ colour: 'red', shape: 'round', repo: 'shop' });
    expect(files).toEqual({
      ...Object.fromEntries(Object.entries(before).filter(([path]) => !/template\.json|^old\.txt/.test(path))),
      'page.txt': lines('our title', 'a', 'b', 'c', 'd', 'in red, round'),
      'run.sh': lines('#!/bin/sh', 'echo one', 'echo two', 'echo 3'),
    });
    // Run again, it finds it; merged, there is nothing left to do.
    expect(await update()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^acme\/shop: found/) });
    git(shop(), ['update-ref', 'refs/heads/main', `refs/heads/${updateBranch()}`]);
    expect(await update()).toMatchObject({
      code: 0,
      stdout: 'acme/shop: nothing to update; it has what ours makes now\n',
    });
  });

  test('a program that the maker changed stays a program', async () => {
    await made();
    const text = lines('#!/bin/sh', 'echo ours', 'echo two', 'echo three');
    commitFiles(shop(), { 'run.sh': text });
    const tree = git(shop(), ['ls-tree', 'main']).replace(/100644 (blob \w+\trun\.sh)/, '100755 $1');
    const made_ = git(shop(), ['mktree'], tree).trim();
    const commit = git(shop(), ['commit-tree', made_, '-p', 'main', '-m', 'A program']).trim();
    git(shop(), ['update-ref', 'refs/heads/main', commit]);
    writeTemplate(V2);
    expect((await update()).code).toBe(0);
    expect(git(shop(), ['ls-tree', updateBranch(), 'run.sh'])).toMatch(/^100755 /);
    expect(filesOf(shop(), updateBranch())['run.sh']).toBe(lines('#!/bin/sh', 'echo ours', 'echo two', 'echo 3'));
  });

  test('a link in the place of a file stays', async () => {
    await made();
    const id = git(shop(), ['hash-object', '-w', '--stdin'], 'page.txt').trim();
    const tree = git(shop(), ['ls-tree', 'main']).replace(/100644 blob \w+(\tplain\.txt)/, `120000 blob ${id}$1`);
    const commit = git(shop(), ['commit-tree', git(shop(), ['mktree'], tree).trim(), '-p', 'main', '-m', 'x']).trim();
    git(shop(), ['update-ref', 'refs/heads/main', commit]);
    writeTemplate(V2);
    expect(await update()).toMatchObject({ code: 0, stderr: 'plain.txt stays: it is not a text file here\n' });
    expect(git(shop(), ['ls-tree', updateBranch(), 'plain.txt'])).toMatch(/^120000 /);
  });

  test('a dry run changes nothing and says what it would', async () => {
    await made();
    writeTemplate(V2);
    const { code, stdout } = await update('--dry-run', '--format', 'json');
    expect([code, branches()]).toEqual([0, ['greenroom/new']]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ repository: 'acme/shop', template: 'ours', outcome: 'would open', number: null, kept: [] },
      changed: expect.arrayContaining([{ path: 'old.txt', how: 'removed' }]),
    });
  });

  test('another answer is an update, too; a question without one has to be answered', async () => {
    await made();
    expect(await update('--set', 'colour=green')).toMatchObject({ code: 0 });
    expect(filesOf(shop(), updateBranch())['preview.yaml']).toContain('COLOUR: "green"');
    writeTemplate({
      ...V2,
      'template.yaml': template_(`${QUESTIONS}, shape: { title: Which shape?, type: string }`).replace(
        'properties:',
        'required: [shape], properties:',
      ),
    });
    expect(await update()).toMatchObject({ code: 2, stderr: expect.stringContaining('--set shape=... is missing') });
  });

  test('a branch of its name that is somebody else’s is left alone; so is one that was closed', async () => {
    await made();
    writeTemplate(V2);
    await update();
    const branch = updateBranch();
    const ours = git(shop(), ['rev-parse', branch]).trim();
    commitFiles(shop(), { '.greenroom/template.json': '{}' }, { branch });
    expect(await update()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`acme/shop has a branch ${branch} with another .greenroom/template.json`),
    });
    git(shop(), ['update-ref', `refs/heads/${branch}`, ours]);
    // What a maker adds to it stays.
    commitFiles(shop(), { 'plain.txt': 'by hand\n' }, { branch });
    expect(await update()).toMatchObject({ code: 0, stdout: expect.stringMatching(/found/) });
    expect(filesOf(shop(), branch)['plain.txt']).toBe('by hand\n');
    const file = join(root, 'acme/shop/pulls/2.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), state: 'closed' }));
    expect(await update()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^acme\/shop: declined/),
      stderr: expect.stringContaining('It was closed before; delete its branch to have it proposed again.'),
    });
  });

  test('a template of the platform has to be named', async () => {
    await made();
    expect(await run('update', '--repo', 'acme/shop')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it was made from "ours", which does not come with greenroom: give --template'),
    });
  });

  test.each([
    ['a repository that is not there', ['--repo', 'acme/nothing'], 1, 'acme/nothing does not exist'],
    [
      'a template that is another',
      ['--template', 'function'],
      2,
      'is the template "function"; it was made from "ours"',
    ],
    ['a size that is gone', ['--size', 'huge'], 2, '--size huge: the platform has no such size'],
  ])('says what is wrong: %s', async (_name, args, code, complaint) => {
    await made();
    expect(await update(...args)).toMatchObject({ code, stderr: expect.stringContaining(complaint) });
    expect(branches()).toEqual(['greenroom/new']);
  });

  test.each([
    ['nothing', undefined, 'there is no such file in acme/shop; only apps that `greenroom new`'],
    ['no JSON', 'oops', 'is not what `greenroom new` wrote there'],
    [
      'a path out of the repository',
      '{"template":"ours","answers":{},"files":{"../x":"ID"},"sources":{}}',
      'names "../x"',
    ],
    [
      'a loop in a source',
      '{"template":"ours","answers":{"size":"small"},"files":{},"sources":{"a.njk":"{% for i in (1..100000000) %}x{% endfor %}"}}',
      'has the tag "for"',
    ],
    [
      'a name that steers a terminal',
      '{"template":"\\u001b[2Jx","answers":{},"files":{},"sources":{}}',
      'it was made from "[2Jx"',
    ],
  ])('a record of %s changes nothing', async (_name, text, complaint) => {
    await made();
    const record = text?.replace('ID', '0'.repeat(40)) ?? (null as never);
    commitFiles(shop(), { '.greenroom/template.json': record });
    expect(await update()).toMatchObject({ code: 2, stderr: expect.stringContaining(complaint) });
    expect(branches()).toEqual(['greenroom/new']);
  });
});

test('a file that became binary is not merged', async () => {
  expect(await mergeTexts('a\n', 'a\0\n', 'b\n')).toBeNull();
});

test('what changed in the same lines is shown in the pull request', async () => {
  const { place, env } = KINDS.GitHub();
  const run = (...args: string[]) => inProcess([...args, ...place], elsewhere, { PATH: process.env['PATH'], ...env });
  await run('new', template, '--repo', 'acme/shop', '--owner', '@acme/web', '--no-input');
  git(shop(), ['update-ref', 'refs/heads/main', 'refs/heads/greenroom/new']);
  commitFiles(shop(), { 'plain.txt': lines('one', 'two', 'three', 'ours') });
  writeTemplate(V2);
  await run('update', '--repo', 'acme/shop', '--template', template);
  const [body = ''] = [...fake!.bodies.values()].filter((text) => text.includes('greenroom update'));
  expect(body).toContain('- `old.txt` (removed)\n');
  expect(body).toContain('- `plain.txt` was changed here in the same lines. What the template changes:\n\n```diff\n');
  expect(body).toContain('-four\n+4\n');
});

test('ended at any request, before or after it was carried out, it ends the same when it is run again', async () => {
  const { place } = KINDS.GitHub();
  const env = () => ({ PATH: process.env['PATH'], ...KINDS.GitHub().env });
  const run = (...args: string[]) => inProcess([...args, ...place], elsewhere, env());
  await run('new', template, '--repo', 'acme/shop', '--owner', '@acme/web', '--no-input');
  git(shop(), ['update-ref', 'refs/heads/main', 'refs/heads/greenroom/new']);
  writeTemplate(V2);
  const update = () => run('update', '--repo', 'acme/shop', '--template', template);
  const isWrite = ({ method, path }: { method: string; path: string }) => method !== 'GET' && path !== '/graphql';
  const from = fake!.requests.length;
  await update();
  const branch = updateBranch();
  const end = filesOf(shop(), branch);
  const steps = fake!.requests.slice(from).filter(isWrite).length;
  expect(steps).toBeGreaterThan(3);
  for (let done = 0; done <= steps; done += 1) {
    git(shop(), ['update-ref', '-d', `refs/heads/${branch}`]);
    rmSync(join(root, 'acme/shop/pulls'), { recursive: true, force: true });
    let count = 0;
    fake!.fault = (request) => {
      if (!isWrite(request)) return undefined;
      count += 1;
      return count >= done ? { status: 502, after: count === done } : undefined;
    };
    expect(await update()).toMatchObject({ code: 4 });
    fake!.fault = () => undefined;
    expect(await update()).toMatchObject({ code: 0 });
    expect([updateBranch(), filesOf(shop(), branch)]).toEqual([branch, end]);
  }
});

describe('a plan', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 }).map((all) => lines(...all));
  const file = fc.record({
    was: fc.option(text, { nil: undefined }),
    wanted: fc.option(text, { nil: undefined }),
    now: fc.option(text, { nil: undefined }),
  });

  test('never loses what somebody changed: a file that differs from the old version is merged or stays', async () => {
    await fc.assert(
      fc.asyncProperty(file, async ({ was, wanted, now }) => {
        const record: TemplateRecord = {
          ...{ template: 't', answers: {}, sources: new Map() },
          plain: new Map(was === undefined ? [] : [['f', blobId(was)]]),
        };
        const made = new Map(wanted === undefined ? [] : [['f', wanted]]);
        const { change, kept } = await planUpdate(record, made, {
          now: async () => now,
          textOf: async (id) => (was !== undefined && blobId(was) === id ? was : null),
          merge: mergeTexts,
        });
        const after = change.has('f') ? (change.get('f') ?? undefined) : now;
        if (was === wanted || now === wanted) expect(after).toBe(now);
        else if (now === was) expect(after).toBe(wanted);
        else if (!change.has('f')) expect(kept.length === 1 || wanted === undefined || after === now).toBe(true);
        else expect(after).toBe(await mergeTexts(was!, now!, wanted!));
      }),
      { numRuns: 25 },
    );
  });
});
