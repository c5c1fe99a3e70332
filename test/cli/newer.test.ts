import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatManifest } from '../../lib/model/manifest.ts';
import { inProcess } from '../support/command.ts';
import { commitFiles, tempFolder } from '../support/git.ts';
import { platformText, previewText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// What a later version adds to greenroom.yaml is not a mistake of the user's: the version is what has to be said.
const NEWER = { '.greenroom.json': formatManifest({ version: '99.0.0', files: {} }) };
const PLATFORM = platformText('aSettingOfTheFuture: true');

describe('an apps repo that a newer greenroom laid down', () => {
  const dir = tempFolder();
  const world = new World();
  beforeAll(() => {
    const files = { ...NEWER, 'greenroom.yaml': PLATFORM, 'preview.yaml': previewText() };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    commitFiles(world.appsRepo, { ...NEWER, 'greenroom.yaml': PLATFORM });
    world.push('shop');
    world.pull('shop', 7);
  });

  const doors = ['--apps-repo', world.appsRepo, '--forge', world.forge];
  const pull = ['preview.yaml', '--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7'];
  test.each([
    ['sync', ['sync', '--repo', 'acme/shop', '--pr', '7', ...doors]],
    ['sweep', ['sweep', ...doors]],
    ['upgrade', ['upgrade', '.']],
    ['init', ['init', '.']],
    ['doctor', ['doctor', '.']],
    ['check', ['check', 'preview.yaml']],
    ['render', ['render', ...pull]],
    ['cost', ['cost', ...pull]],
    ['policies', ['policies', '--engine', 'vap']],
  ])('is refused by %s, with the version that is needed and nothing written', async (_, args) => {
    const before = world.head();
    const { code, stderr } = await inProcess(args, dir);
    expect([code, stderr]).toEqual([2, expect.stringContaining('run the one in it, `node .greenroom/greenroom.cjs`')]);
    expect(world.head()).toBe(before);
    expect(readFileSync(join(dir, '.greenroom.json'), 'utf8')).toBe(NEWER['.greenroom.json']);
  });
});
