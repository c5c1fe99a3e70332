import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDockerfile } from '../../lib/create/dockerfile/facts.ts';
import { givenOf } from '../../lib/create/project.ts';
import { loadPlatform, loadPreview } from '../../lib/model/files.ts';
import { inProcess } from '../support/command.ts';
import { platformText } from '../support/inputs.ts';
import {
  ANSWERS,
  PROJECT_PLATFORM,
  PROJECT_TEMPLATES,
  projectOf,
  projectPlatform,
  written,
} from '../support/project-templates.ts';

test('are these', () => {
  expect([...PROJECT_TEMPLATES].sort()).toEqual(['function', 'static-site', 'web-service-node', 'web-service-python']);
});

describe.each(PROJECT_TEMPLATES)('%s', (name) => {
  describe.each(Object.entries(ANSWERS))('with %s', (_, answers) => {
    let made: ReadonlyMap<string, string>;
    beforeAll(() => {
      made = projectOf(name, answers);
    });

    test('leaves no placeholder', () => {
      for (const [path, text] of made) {
        if (path !== '.greenroom/preview.schema.json') expect(text, path).not.toMatch(/\$\{\{|\{%/);
      }
    });

    test('makes a preview that passes every rule', async () => {
      const folder = written(made);
      writeFileSync(join(folder, 'greenroom.yaml'), PROJECT_PLATFORM);
      const { code, stdout } = await inProcess(['check', 'preview.yaml', '--repo', 'acme/shop'], folder);
      expect([code, stdout]).toEqual([0, '']);
    });

    test('remembers its answers', () => {
      const kept = JSON.parse(made.get('.greenroom/template.json')!);
      expect(kept).toMatchObject({ template: name, answers: { repo: 'shop', size: 'small', ...answers } });
    });
  });

  test('has an image that runs as a number, on the port of its preview', () => {
    const made = projectOf(name);
    const { exposed, user } = readDockerfile(made.get('Dockerfile')!);
    const preview = loadPreview(made.get('preview.yaml')!, 'preview.yaml').value.spec;
    expect([exposed, Number(user) > 0]).toEqual([[preview.port], true]);
  });

  test('has a schema for editors that is beside its preview.yaml', () => {
    const made = projectOf(name);
    const [, path] = /^# yaml-language-server: \$schema=(.*)\n/.exec(made.get('preview.yaml')!)!;
    expect(JSON.parse(made.get(path!)!)).toMatchObject({ type: 'object' });
  });
});

describe('their own tests pass', () => {
  const run = (folder: string, program: string, args: string[]) =>
    spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
    });

  test.each(Object.entries(ANSWERS))('of the web service in Node.js, with %s', (_, answers) => {
    const { status, stdout } = run(written(projectOf('web-service-node', answers)), process.execPath, ['--test']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('pass 3')]);
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  test.skipIf(!hasPython).each(Object.entries(ANSWERS))('of the web service in Python, with %s', (_, answers) => {
    const folder = written(projectOf('web-service-python', answers));
    const { status, stderr } = run(folder, 'python3', ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('Ran 4 tests')]);
  });
});

describe('a name', () => {
  test.each([
    ['Shop', /lower-case/],
    ['läden', /lower-case/],
    ['shop.web', /lower-case/],
    ['-shop', /lower-case/],
    ['shop--web', /lower-case/],
    ['7shop', /start with a letter/],
    ['a'.repeat(41), /at most 40/],
    ['previews', /reserved/],
    ['con', /reserved/],
    ['', /lower-case/],
  ])('%j is refused', (name, complaint) => {
    expect(() => givenOf(`acme/${name}`, 'small', projectPlatform)).toThrow(complaint);
  });

  test.each([
    ['https://github.com/acme/previews.git', 'acme/previews'],
    ['git@github.com:acme/previews.git', 'acme/previews'],
    ['ssh://git@git.example.com/team/apps', 'team/apps'],
  ])('of the apps repo at %s is %s', (url, path) => {
    const other = loadPlatform(platformText(`appsRepo: { url: "${url}" }`), 'greenroom.yaml').value.spec;
    expect(givenOf('acme/shop', 'small', other).appsRepo).toBe(path);
  });
});
