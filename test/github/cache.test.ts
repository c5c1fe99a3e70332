import { chmodSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Cache, FolderCache, ProcessCache } from '../../lib/github/http/cache.ts';
import { tempFolder } from '../support/git.ts';
import fc, { runs } from '../support/property.ts';

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

describe.each<[string, () => Promise<Cache>]>([
  ['of a process', async () => new ProcessCache()],
  ['in a folder', () => FolderCache.open(tempFolder(), () => 0)],
])('a cache %s', (_, open) => {
  test('gives what was put in last, and nothing else', async () => {
    const cache = await open();
    const entry = fc.tuple(fc.string(), fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        for (const [key, value] of entries) await cache.set(key, value);
        for (const [key, value] of new Map(entries)) expect(await cache.get(key)).toBe(value);
        expect(await cache.get('another key')).toBeUndefined();
      }),
      { numRuns: runs(20) },
    );
  });
});

test('a cache of a process stays within its bounds; what was used last stays', async () => {
  const cache = new ProcessCache(1000);
  for (let i = 0; i < 100; i += 1) {
    await cache.set(`key ${i}`, 'x'.repeat(90));
    await cache.get('key 0');
  }
  const present = await Promise.all(Array.from({ length: 100 }, (_, i) => cache.get(`key ${i}`)));
  expect(present.filter((value) => value !== undefined).length).toBeLessThanOrEqual(10);
  expect(present[0]).toBeDefined();
  expect(present[99]).toBeDefined();
});

describe('a folder', () => {
  test('serves the next run, and one at its side', async () => {
    const folder = tempFolder();
    const [one, two] = [await FolderCache.open(folder, () => 0), await FolderCache.open(folder, () => 0)];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => Promise.all([one.set(`k${i % 4}`, `v${i}`), two.set(`k${i % 4}`, `v${i}`)])),
    );
    const next = await FolderCache.open(folder, () => 0);
    for (let i = 0; i < 4; i += 1) expect(await next.get(`k${i}`)).toMatch(/^v\d+$/);
    expect(filesOf(folder)).toHaveLength(4);
  });

  test.each<[string, (file: string, other: string) => void]>([
    ['cut', (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -1))],
    ['empty', (file) => writeFileSync(file, '')],
    ['of another key', (file, other) => renameSync(other, file)],
    ['changed', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('true', 'fals'))],
  ])('an entry that is %s is not there', async (_, damage) => {
    const folder = tempFolder();
    const cache = await FolderCache.open(folder, () => 0);
    await cache.set('a', 'it is true');
    const [file] = filesOf(folder);
    await cache.set('b', 'it is true');
    damage(file!, filesOf(folder).find((path) => path !== file)!);
    expect(await cache.get('a')).toBeUndefined();
  });

  test('that cannot be written to any more costs nothing but its use', async () => {
    const folder = tempFolder();
    const cache = await FolderCache.open(folder, () => 0);
    writeFileSync(join(folder, 'x'), '');
    for (const name of Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))) {
      writeFileSync(join(folder, name), 'a file in the way');
    }
    await cache.set('a', '1');
    expect(await cache.get('a')).toBeUndefined();
  });

  test('that cannot be made is bad input', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    await expect(FolderCache.open(file, () => 0)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('forgets what nobody asked for in 30 days, and only that', async () => {
    const folder = tempFolder();
    let now = 1_800_000_000;
    const cache = await FolderCache.open(folder, () => now);
    await cache.set('old', '1');
    await cache.set('used', '2');
    writeFileSync(join(folder, 'of-somebody-else'), '');
    now += 20 * 86_400;
    await cache.get('used');
    now += 20 * 86_400;
    await FolderCache.open(folder, () => now);
    expect([await cache.get('old'), await cache.get('used')]).toEqual([undefined, '2']);
    expect(readdirSync(folder)).toContain('of-somebody-else');
  });

  test('is for its owner alone', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o755);
    const cache = await FolderCache.open(folder, () => 0);
    await cache.set('a', '1');
    for (const file of filesOf(folder)) expect(statSync(file).mode & 0o077).toBe(0);
  });
});
