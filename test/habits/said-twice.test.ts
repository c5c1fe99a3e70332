// Versions that stand in several files, each for another program that reads it, are one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const [oldest, ...lines] = parse(read('.github/workflows/ci.yml')).jobs.test.strategy.matrix.node as string[];

test('the oldest Node.js that is supported is tested, built for, and asked for by the action', () => {
  const [major, minor] = oldest!.split('.');
  const [newest, ...between] = lines.toReversed();
  expect(manifest.engines.node).toBe(
    [`^${oldest}`, ...between.reverse().map((line) => `^${line}`), `>=${newest}`].join(' || '),
  );
  for (const script of ['scripts/bundle.mjs', 'scripts/library/library.mjs']) {
    expect(read(script)).toContain(`target: 'node${major}.${minor}'`);
  }
  expect(read('action.yml')).toContain(`a > ${major} || (a === ${major} && b >= ${minor})`);
  expect(manifest.devDependencies['@types/node']).toMatch(new RegExp(`^${major}\\.`));
});

test('the Node.js of development is one that is tested, and the image and the container have it', () => {
  const line = read('.nvmrc').trim();
  expect(lines).toContain(line);
  const images = [...read('Dockerfile').matchAll(/^FROM .*?node(?:js|:)(\d+)/gm)].map(([, major]) => major);
  expect(images).toEqual([line, line]);
  expect(JSON.parse(read('.devcontainer/devcontainer.json')).image).toMatch(new RegExp(`node:\\d+-${line}-`));
});

test('what runs is bundled, or a peer: users install nothing else', () => {
  expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
  expect(Object.keys(manifest.peerDependencies)).toEqual(['cdk8s', 'cdk8s-plus-28', 'constructs']);
});

test('no lock file names the address of a registry', () => {
  const locks = ['.', 'scripts/api-docs', 'test/conformance/projects/nodenext', 'test/conformance/projects/template'];
  for (const folder of locks) {
    const { packages } = JSON.parse(read(join(folder, 'package-lock.json')));
    const named = Object.entries<{ resolved?: string }>(packages).filter(([, { resolved }]) => resolved !== undefined);
    expect([folder, named]).toEqual([folder, []]);
  }
});

test('an action is named by its commit, with its version behind it', () => {
  for (const folder of ['.github/workflows', 'apps-repo-template/.github/workflows']) {
    for (const name of readdirSync(join(root, folder))) {
      for (const [line] of read(join(folder, name)).matchAll(/^.*\buses: .*$/gm)) {
        expect([name, line]).toEqual([name, expect.stringMatching(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)]);
      }
    }
  }
});
