import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { loadPlatform, loadPreview } from '../lib/model/files.ts';
import { inProcess } from './support/command.ts';
import { World } from './support/world.ts';

// The README is run: its two files are the input of all of its commands, in their order.
const page = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const readme = page('README.md');
const blocks = (language: string, text = readme) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1]!);
const NOW = Math.floor(Date.now() / 1000) - 60;

function workspace(): World {
  const [preview, platform] = blocks('yaml');
  const world = new World(platform);
  writeFileSync(join(world.root, 'preview.yaml'), preview!);
  writeFileSync(join(world.root, 'greenroom.yaml'), platform!);
  world.push('shop', { 'preview.yaml': preview! }, NOW);
  world.pull('shop', 7, { createdAt: NOW, updatedAt: NOW });
  mkdirSync(join(world.root, 'out'));
  return world;
}

describe('README', () => {
  test('its two files are right as they stand', () => {
    const [preview, platform] = blocks('yaml');
    expect(preview!.split('\n').filter(Boolean).length).toBeLessThanOrEqual(12);
    loadPreview(preview!, 'preview.yaml');
    loadPlatform(platform!, 'greenroom.yaml');
  });

  test('its commands do what it says, and so do those of the page on status', async () => {
    const world = workspace();
    const consoles = [...blocks('console'), ...blocks('console', page('docs/status.md'))];
    const commands = consoles.flatMap((block) => block.split('\n').filter((line) => line.startsWith('$ ')));
    expect(commands.length).toBeGreaterThanOrEqual(8);
    for (const line of commands) {
      const [program, ...args] = line.slice(2).split(/\s+/);
      expect(program).toBe('greenroom');
      const { code, stderr } = await inProcess(args, world.root);
      expect([line, code, code === 0 ? '' : stderr]).toEqual([line, 0, '']);
    }
    expect(world.previews()).toEqual(['pr-shop-7']);
  });

  test('`npm start` does the main job: three previews committed, one of them removed again', () => {
    const script = fileURLToPath(new URL('../scripts/demo.ts', import.meta.url));
    const env = { ...process.env, GREENROOM_COMMAND: inject('command') };
    const output = execFileSync(process.execPath, ['--import', 'tsx', script], { env, encoding: 'utf8' });
    for (const name of ['pr-handbook-1', 'pr-shop-2', 'pr-thumbnails-3']) expect(output).toContain(`${name}: add (`);
    expect(output).toContain('pr-thumbnails-3: remove (');
    const left = output.slice(output.indexOf('$ git ls-tree'));
    expect(left).toContain('previews/main/shop/pr-shop-2/preview.json');
    expect(left).not.toContain('thumbnails');
    rmSync(/^Everything of this demonstration is in (\S+)$/m.exec(output)![1]!, { recursive: true });
  });

  test('its npm scripts are there', () => {
    const { scripts } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'));
    for (const [, script] of blocks('sh')
      .join('\n')
      .matchAll(/npm (?!ci)(?:run )?(\w+)/g)) {
      expect(Object.keys(scripts)).toContain(script);
    }
  });

  test('its links lead somewhere', () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      readFileSync(fileURLToPath(new URL(`../${target}`, import.meta.url)));
    }
  });
});
