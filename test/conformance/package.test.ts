// The package as users install it, in the two kinds of project that use cdk8s from TypeScript, beside the oldest and the
// newest versions that package.json allows. npm's registry, or what npm keeps of it, has to be there.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { run, tryRun } from './run.ts';

const root = join(import.meta.dirname, '../..');
const { engines, peerDependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  engines: { node: string };
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};
const peers = Object.keys(peerDependencies);
const oldest = peers.map((name) => `${name}@${peerDependencies[name]!.replace('^', '')}`);
const newest = peers.map((name) => `${name}@${devDependencies[name]}`);

const work = mkdtempSync(join(tmpdir(), 'greenroom-package-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

let tarball: string;
beforeAll(async () => {
  // Builds first: `prepare`.
  await run('npm', ['pack', '--pack-destination', work], { cwd: root, timeoutMs: 300_000 });
  tarball = join(work, readdirSync(work).find((name) => name.endsWith('.tgz'))!);
});

const npm = (cwd: string, ...args: string[]) =>
  run('npm', [...args, '--prefer-offline', '--ignore-scripts'], { cwd, timeoutMs: 600_000 });

/** A project of its own with the package and one set of peers; `files` are laid into it first. */
async function project(name: string, versions: readonly string[], ...files: string[]): Promise<string> {
  const folder = mkdtempSync(join(work, `${name}-`));
  for (const file of files) cpSync(file, folder, { recursive: true });
  cpSync(join(import.meta.dirname, 'projects/main.ts'), join(folder, 'main.ts'));
  cpSync(join(import.meta.dirname, 'projects', name), folder, { recursive: true });
  await npm(folder, 'ci');
  await npm(folder, 'install', '--no-save', tarball, ...versions);
  return folder;
}

/** What is installed: `name@version` of each peer, once for each copy of it. */
async function copies(folder: string): Promise<string[]> {
  interface Tree {
    readonly version?: string;
    readonly dependencies?: Readonly<Record<string, Tree>>;
  }
  const walk = (tree: Tree): string[] =>
    Object.entries(tree.dependencies ?? {}).flatMap(([name, inner]) => [`${name}@${inner.version}`, ...walk(inner)]);
  const tree = JSON.parse((await tryRun('npm', ['ls', '--all', '--json'], { cwd: folder })).stdout) as Tree;
  return [...new Set(walk(tree))].filter((name) => peers.some((peer) => name.startsWith(`${peer}@`))).sort();
}

const kinds = (manifest: string) => parseAllDocuments(manifest).map((document) => document.toJS().kind as string);
const EXPECTED = ['Namespace', 'ResourceQuota', 'LimitRange', 'NetworkPolicy', 'Deployment', 'Service', 'Ingress'];

// `cdk8s init` copies this folder; it would go on to fetch schemas.
const template = join(root, 'node_modules/cdk8s-cli/templates/typescript-app');

describe.each([
  ['the oldest', oldest],
  ['the newest', newest],
])('beside %s that are supported (%j)', (_, versions) => {
  test("a project of cdk8s's TypeScript template compiles, passes its own test and synthesizes", async () => {
    const folder = await project('template', versions, template);
    expect(await copies(folder)).toEqual([...versions].sort());
    await run('npx', ['tsc', '--build'], { cwd: folder });
    // -u as in `cdk8s init`: the first run writes the snapshot.
    await run('npx', ['jest', '-u'], { cwd: folder });
    await run('npx', ['ts-node', 'main.ts'], { cwd: folder });
    expect(kinds(readFileSync(join(folder, 'dist/preview.k8s.yaml'), 'utf8'))).toEqual(
      expect.arrayContaining(EXPECTED),
    );
  });

  test('a strict project of ES modules compiles, declarations of libraries included, and synthesizes', async () => {
    const folder = await project('nodenext', versions);
    expect(await copies(folder)).toEqual([...versions].sort());
    await run('npx', ['tsc'], { cwd: folder });
    await run('node', ['main.js'], { cwd: folder });
    expect(kinds(readFileSync(join(folder, 'dist/preview.k8s.yaml'), 'utf8'))).toEqual(
      expect.arrayContaining(EXPECTED),
    );
  });
});

test('both kinds of project and both ends of the range give the same bytes', () => {
  const manifests = readdirSync(work)
    .filter((name) => /^(template|nodenext)-/.test(name))
    .map((name) => readFileSync(join(work, name, 'dist/preview.k8s.yaml'), 'utf8'));
  expect(manifests).toHaveLength(4);
  expect(new Set(manifests).size).toBe(1);
});

test("the template's project has the tools of cdk8s's own template", () => {
  const ours = JSON.parse(readFileSync(join(import.meta.dirname, 'projects/template/package.json'), 'utf8'));
  const { 'cdk8s-cli': _, ...tools } = JSON.parse(readFileSync(join(template, 'package.json'), 'utf8')).devDependencies;
  expect(ours.devDependencies).toEqual(tools);
});

test('npm refuses to put it beside a cdk8s that is too old', async () => {
  const folder = mkdtempSync(join(work, 'refused-'));
  const answer = await tryRun('npm', ['install', '--dry-run', tarball, 'cdk8s@2.66.8'], { cwd: folder });
  expect(answer.stderr).toMatch(/ERESOLVE[\s\S]*peer cdk8s@.* from greenroom@/);
});

test.each([
  ['oldest', oldest],
  ['newest', newest],
])('npm says of none of it, with the %s peers, that this Node.js does not fit', async (_, versions) => {
  const folder = mkdtempSync(join(work, 'engines-'));
  const args = ['install', '--dry-run', '--prefer-offline', tarball, ...versions];
  const answer = await tryRun('npm', args, { cwd: folder });
  expect(answer).toMatchObject({ code: 0, stderr: expect.not.stringContaining('EBADENGINE') });
});

const example = ['render', join(root, 'previews/shop/preview.yaml'), '--repo', 'acme/shop', '--pr', '7'].concat(
  '--platform',
  join(root, 'previews/greenroom.yaml'),
);

test('the command runs from the package alone', async () => {
  const folder = mkdtempSync(join(work, 'command-'));
  await npm(folder, 'install', tarball, '--legacy-peer-deps');
  expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['greenroom']);
  expect(await run('npx', ['greenroom', ...example], { cwd: folder })).toContain('kind: Deployment');
  expect(readFileSync(join(folder, 'node_modules/greenroom/dist/NOTICES.txt'), 'utf8')).toContain('\nzod ');
});

// npm has Node.js itself, one package for each platform. `^20.19.0 || ... || >=26`
const [, floor, line] = /^\^(\S+) .* >=(\d+)$/.exec(engines.node)!;

describe.each([floor!, `${line}.0.0`])('Node.js %s', (version) => {
  let folder: string;
  let node: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(work, 'node-'));
    await npm(folder, 'install', `node-${process.platform}-${process.arch}@${version}`);
    node = join(folder, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
    expect(await run(node, ['--version'])).toBe(`v${version}\n`);
  });

  test('runs what another one built', async () => {
    expect(await run(node, [join(root, 'bin/greenroom.cjs'), ...example])).toContain('kind: Deployment');
  });

  test('runs the tests', async () => {
    const args = ['run', '--project=unit', 'test/core/diff.test.ts'];
    const output = await run(node, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], { cwd: root });
    expect(output).toContain('passed');
  });

  test('builds the same bytes as another one', async () => {
    const bundled = join(folder, 'greenroom.cjs');
    const script = `import { bundle } from './scripts/bundle.mjs'; await bundle(${JSON.stringify(bundled)});`;
    await run(node, ['--input-type=module', '--eval', script], { cwd: root });
    expect(readFileSync(bundled, 'utf8') === readFileSync(join(root, 'dist/cli/greenroom.cjs'), 'utf8')).toBe(true);
  });
});
