import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { greenroom, inProcess } from '../support/command.ts';
import { git, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/rules.mjs', import.meta.url));
const RULE = 'acme-no-cookie-domain';
const NOW = Math.floor(Date.now() / 1000) - 60;
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { COOKIE_DOMAIN: x }\n';

let dir: string;
beforeEach(() => {
  dir = tempFolder();
  mkdirSync(join(dir, 'deploy'));
  writeFileSync(join(dir, 'deploy/web.yaml'), configMap);
  writeFileSync(join(dir, 'preview.yaml'), previewText('manifests: deploy'));
  writeFileSync(join(dir, 'greenroom.yaml'), platformText());
});
const run = (...args: string[]) => inProcess(args, dir);
const own = ['--extension', EXAMPLE];

describe("a platform's own rules, as docs/extending.md has them", () => {
  test('judge single files, and mend them', async () => {
    const args = ['check', 'deploy', '--platform', 'greenroom.yaml'];
    expect((await run(...args)).code).toBe(0);
    const { code, stdout } = await run(...args, ...own);
    expect([code, stdout]).toEqual([
      3,
      expect.stringMatching(/deploy\/web\.yaml:4:\d+: .*ask the platform team\. \[acme-/),
    ]);
    expect((await run(...args, ...own, '--fix')).code).toBe(0);
    expect(readFileSync(join(dir, 'deploy/web.yaml'), 'utf8')).not.toContain('COOKIE_DOMAIN');
  });

  test('judge a preview in render and sync', async () => {
    const args = ['render', 'preview.yaml', '--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7'];
    expect((await run(...args)).code).toBe(0);
    expect((await run(...args, ...own)).code).toBe(3);
    const world = new World();
    world.push('shop', { 'preview.yaml': previewText('manifests: deploy'), 'deploy/web.yaml': configMap }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const sync = ['sync', '--repo', 'acme/shop', '--pr', '7', '--apps-repo', world.appsRepo, '--forge', world.forge];
    const { code, stdout } = await run(...sync, ...own);
    expect([code, stdout]).toEqual([3, expect.stringContaining(`[${RULE}]`)]);
    expect(world.previews()).toEqual([]);
  });

  test.each(['vap', 'kyverno', 'kyverno-legacy', 'gatekeeper'])('are compiled for %s', async (engine) => {
    const { code } = await run('policies', '--engine', engine, '--platform', 'greenroom.yaml', '--out', 'out', ...own);
    expect(code).toBe(0);
    expect(
      readdirSync(join(dir, 'out')).filter((name) =>
        name.includes(RULE.replaceAll('-', engine === 'gatekeeper' ? '' : '-')),
      ),
    ).not.toEqual([]);
  });

  test('stand in what init lays down, and verify holds the apps repo to them', async () => {
    expect((await run('init', 'previews', '--platform', 'greenroom.yaml', '--no-input', ...own)).code).toBe(0);
    const repo = join(dir, 'previews');
    expect(readdirSync(join(repo, 'policies/vap')).join(' ')).toContain(RULE);
    git(repo, ['init', '--quiet']);
    git(repo, ['add', '--all']);
    git(repo, ['commit', '--quiet', '--message=all']);
    expect((await run('verify', 'previews', '--offline', ...own)).code).toBe(0);
    expect((await run('doctor', 'previews', ...own)).code).toBe(0);
    expect((await run('verify', 'previews', '--offline')).stdout).toContain(`${RULE}.yaml: differs from`);
  });

  test('have severities, exceptions and an explanation by their ids', async () => {
    writeFileSync(join(dir, 'greenroom.yaml'), platformText(`policies: { severities: { ${RULE}: warn } }`));
    const args = ['check', 'deploy', '--platform', 'greenroom.yaml', ...own];
    expect(await run(...args)).toMatchObject({ code: 0, stdout: expect.stringContaining('warning: ') });
    expect((await run('explain', RULE, ...own)).stdout).toContain('Acme web guidelines, 4.2');
  });

  const rule = {
    id: 'x',
    title: 'x',
    message: 'x',
    source: 'x',
    why: 'x',
    match: 'any',
    examples: { good: '', bad: '' },
  };
  const conditions = [{ cel: 'true', field: '' }];
  test.each<[string, unknown, RegExp]>([
    ['CEL that does not parse', [{ ...rule, conditions: [{ cel: 'object.(', field: '' }] }], /acme\.mjs: x: .*its CEL/],
    ['a function that no engine has', [{ ...rule, conditions: [{ cel: 'now() == 1', field: '' }] }], /its CEL/],
    [
      'a fix that does not parse',
      [{ ...rule, conditions: [{ cel: 'true', field: '', fix: { set: '(' } }] }],
      /its fix/,
    ],
    [
      'something found that does not parse',
      [{ ...rule, conditions: [{ cel: 'true', field: '', found: '(' }] }],
      /its found/,
    ],
    ['an id of ours', [{ ...rule, conditions, id: 'no-host-path' }], /is the id of a rule of greenroom/],
    ['an id that is no name', [{ ...rule, conditions, id: 'No Way' }], /its id cannot be part of an object name/],
    [
      'two rules of one id',
      [
        { ...rule, conditions },
        { ...rule, conditions },
      ],
      /two rules/,
    ],
    ['no conditions', [{ ...rule, conditions: [] }], /rules\[0\]\.conditions/],
    ['no list', { rule }, /acme\.mjs: rules/],
    ['nothing', undefined, /neither a function as its default export nor `rules`/],
  ])('%s is refused when the module is loaded', async (_, rules, complaint) => {
    const text = rules === undefined ? '' : `export const rules = ${JSON.stringify(rules)};\n`;
    writeFileSync(join(dir, 'acme.mjs'), text);
    const { code, stderr } = await run('check', 'deploy', '--extension', 'acme.mjs');
    expect([code, stderr]).toEqual([2, expect.stringMatching(complaint)]);
  });

  test('end soon whatever their patterns are, as in the engines', async () => {
    const patterns = ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '([a-z]+)*[0-9]'];
    const rules = patterns.map((pattern, i) => ({
      ...rule,
      id: `acme-pattern-${i}`,
      match: [{ group: '', kind: 'ConfigMap', resource: 'configmaps' }],
      conditions: [{ cel: `object.data.COOKIE.matches("${pattern}")`, field: 'data.COOKIE' }],
    }));
    writeFileSync(join(dir, 'acme.mjs'), `export const rules = ${JSON.stringify(rules)};\n`);
    writeFileSync(join(dir, 'deploy/web.yaml'), configMap.replace('COOKIE_DOMAIN: x', `COOKIE: ${'a'.repeat(2000)}!`));
    const { code, stdout } = await greenroom(['check', 'deploy', '--extension', 'acme.mjs', '--format', 'json'], {
      cwd: dir,
    });
    expect(code).toBe(3);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string }[] };
    expect(findings.map((finding) => finding.rule)).toEqual(rules.map(({ id }) => id));
  });
});
