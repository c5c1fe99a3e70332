import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TreeReader } from '../../lib/github/git/trees.ts';
import { parseGlob } from '../../lib/gitops/glob.ts';
import { clientOf } from '../support/fake-github/client.ts';
import { fakeForFile } from '../support/fake-github/fixture.ts';
import { bareRepo, commitFiles, headOf } from '../support/git.ts';

const fake = await fakeForFile();

const GLOBS = [parseGlob('p/*')];

async function readAll(reader: TreeReader, commit: string) {
  const opened = await reader.open({ commit }, GLOBS, true);
  const found = [...(await reader.find(opened.commit!, GLOBS, true))];
  const contents = await reader.contents(found.map(([, { oid }]) => oid));
  return Object.fromEntries(found.map(([path, { oid }]) => [path, contents.get(oid)?.toString()]));
}

test('what is kept stays within bounds, however much is read, and is read again where it was let go', async () => {
  const path = bareRepo({ 'p/a': 'first' }, { path: join(fake.root, 'acme', 'long.git') });
  const first = headOf(path)!;
  const reader = new TreeReader(clientOf(fake), { path: 'acme/long' }, 1, 5000);
  const seen: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const text = String.fromCharCode(97 + n).repeat(900);
    const files = await readAll(reader, commitFiles(path, { 'p/a': text }));
    expect(files).toEqual({ 'p/a': text });
    seen.push(reader.keptBytes);
  }
  // One answer more than the bound at most.
  expect(Math.max(...seen)).toBeLessThan(5000 + 2000);
  expect(await readAll(reader, first)).toEqual({ 'p/a': 'first' });
});

test('a question is answered though room is made while it is asked', async () => {
  const path = bareRepo({ 'p/a': 'a', 'p/b': 'b'.repeat(500) }, { path: join(fake.root, 'acme', 'busy.git') });
  const commits = [headOf(path)!, ...[1, 2, 3, 4].map((n) => commitFiles(path, { 'p/b': `${n}`.repeat(500) }))];
  const reader = new TreeReader(clientOf(fake), { path: 'acme/busy' }, 1, 1);
  const read = await Promise.all(commits.map((commit) => readAll(reader, commit)));
  expect(read.map((files) => files['p/b']?.[0])).toEqual(['b', '1', '2', '3', '4']);
});
