import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

// The page names files and tests; what is renamed or removed has to be renamed or replaced there.
const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const page = readFileSync(at('docs/threats.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| What can go wrong |'))
  .map((line) => line.slice(2, -2).split(' | '));

describe('docs/threats.md', () => {
  test('has a control and a test for each of its rows', () => {
    expect(rows.length).toBeGreaterThan(60);
    for (const [threat, control = '', tests = '', ...more] of rows) {
      expect(more, threat).toEqual([]);
      expect(control, threat).toMatch(/`(lib\/[^`]+\.ts|(bin|scripts|apps-repo-template|\.github)\/[^`]+)`/);
      expect(tests, threat).toMatch(/^`test\/[^`]+`/);
    }
  });

  test('names files that are there', () => {
    const named = [...page.matchAll(/`((?:lib|test|bin|scripts|apps-repo-template|\.github)\/[^`]+)`/g)].map(
      (match) => match[1]!,
    );
    expect([...new Set(named)].filter((path) => !existsSync(at(path)))).toEqual([]);
  });

  test('names tests by their titles', () => {
    const missing = rows.flatMap(([, , tests = '']) =>
      tests.split(' · ').flatMap((one) => {
        const [, path, title] = /^`([^`]+)`(?: "(.+)")?$/.exec(one) ?? [];
        if (path === undefined) return [one];
        // A folder of cases is a test by itself.
        if (title === undefined) return path.startsWith('test/policies/cases/') ? [] : [one];
        return readFileSync(at(path), 'utf8').includes(`'${title}'`) ? [] : [one];
      }),
    );
    expect(missing).toEqual([]);
  });
});
