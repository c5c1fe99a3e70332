import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { inProcess } from '../support/command.ts';
import { tempFolder } from '../support/git.ts';
import { hostilePreviews } from '../support/hostile/previews.ts';
import { platformText } from '../support/inputs.ts';
import { World } from '../support/world.ts';

// The command reads the real clock: pull requests are opened now.
const NOW = Math.floor(Date.now() / 1000) - 60;

test('reading them takes less than a second for each file, and 256 MB at most for all', async () => {
  const script = fileURLToPath(new URL('../support/hostile/budget.ts', import.meta.url));
  const args = ['--max-old-space-size=96', '--import', 'tsx', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { slowest, megabytes } = JSON.parse(stdout) as {
    slowest: { name: string; milliseconds: number };
    megabytes: number;
  };
  expect(slowest.milliseconds, slowest.name).toBeLessThan(1000);
  expect(megabytes).toBeLessThan(256);
});

test('every one at a head: exit 2, the apps repo untouched', async () => {
  const world = new World();
  const head = world.head();
  for (const { bytes, name } of hostilePreviews()) {
    world.push('shop', { 'preview.yaml': Buffer.from(bytes) }, NOW);
    world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
    const at = ['--apps-repo', world.appsRepo, '--forge', world.forge];
    const run = await inProcess(['sync', '--repo', 'acme/shop', '--pr', '7', ...at]);
    expect([name, run.code]).toEqual([name, 2]);
  }
  expect(world.head()).toBe(head);
});

test('every one rendered: exit 2, and nothing is written', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'greenroom.yaml'), platformText());
  for (const { bytes, name } of hostilePreviews()) {
    writeFileSync(join(folder, 'preview.yaml'), bytes);
    const place = ['--platform', 'greenroom.yaml', '--repo', 'acme/shop', '--pr', '7', '--out', 'out'];
    const run = await inProcess(['render', 'preview.yaml', ...place], folder);
    expect([name, run.code]).toEqual([name, 2]);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  }
  expect(existsSync(join(folder, 'out'))).toBe(false);
});
