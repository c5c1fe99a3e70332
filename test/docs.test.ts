import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadPlatform, loadPreview } from '../lib/model/files.ts';
import { decisionIndex } from '../scripts/docs/decisions.ts';
import { GENERATED_FOLDERS, generatedPages } from '../scripts/docs/pages.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('generated pages', () => {
  const pages = generatedPages(root);

  test('are what `npm run docs` writes', () => {
    const stale = [...pages].filter(([path, text]) => !existsSync(join(root, path)) || read(path) !== text);
    expect(
      stale.map(([path]) => path),
      'run `npm run docs`, and commit what it writes',
    ).toEqual([]);
    const left = GENERATED_FOLDERS.flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
    );
    expect(left.filter((path) => !pages.has(path))).toEqual([]);
  });

  test.each([
    ['docs/reference/greenroom.yaml.md', loadPlatform],
    ['docs/reference/preview.yaml.md', loadPreview],
  ])('%s is a file that loads', (path, load) => {
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(pages.get(path)!) ?? [];
    expect(yaml.split('\n').length).toBeGreaterThan(20);
    load(yaml, path);
  });

  test('a decision that begins otherwise than the others is refused', () => {
    const page = '# A choice\n\nStatus: accepted\n';
    expect(() => decisionIndex(new Map([['0999-a-choice.md', page]]))).toThrow('0999-a-choice.md has to begin with');
  });
});

test('links between pages lead somewhere', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => join('docs', path)),
  ];
  const broken = pages.flatMap((page) =>
    [
      ...read(page)
        .replaceAll(/^```[\s\S]*?^```/gm, '')
        .matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g),
    ]
      .filter(([, target = '']) => !existsSync(join(root, dirname(page), target)))
      .map(([, target]) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});
