import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(root, 'test/constructs/.snippets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = readFileSync(join(root, 'docs/constructs.md'), 'utf8');
const snippets = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], i) => {
  const file = join(folder, `snippet-${i}.ts`);
  writeFileSync(file, code!.replace("from 'greenroom'", "from '../../../lib/index.ts'"));
  return file;
});

const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 24 });

test('the snippets of docs/constructs.md type-check', () => {
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['*.ts'] }));
  expect(node('node_modules/typescript/bin/tsc', '--noEmit', '-p', config)).toBe('');
}, 60_000);

// In one process for all of them: each starts cdk8s and a compiler of TypeScript, which takes most of the time.
const BETWEEN = '# next snippet';
let outputs: string[];
beforeAll(() => {
  const all = join(folder, 'all.mjs');
  const lines = snippets.map((file) => `await import(${JSON.stringify(file)});\nconsole.log('\\n${BETWEEN}');\n`);
  writeFileSync(all, lines.join(''));
  outputs = node('--import', 'tsx', all).split(BETWEEN);
}, 60_000);

test.each([
  [0, ['Namespace', 'ResourceQuota', 'NetworkPolicy', 'Deployment', 'Service', 'Ingress']],
  [1, ['Namespace', 'ResourceQuota', 'NetworkPolicy', 'Deployment', 'Service', 'Ingress']],
  [2, ['AppProject', 'ApplicationSet']],
  [3, ['AppProject', 'ApplicationSet', 'ClusterRole', 'ValidatingAdmissionPolicy']],
  [4, ['AppProject', 'ApplicationSet', 'ValidatingAdmissionPolicy']],
])('snippet %i of docs/constructs.md synthesizes %j', (i, kinds) => {
  const objects = parseAllDocuments(outputs[i]!).map((document) => document.toJS());
  expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
  expect(snippets).toHaveLength(5);
});
