import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  GRAPHQL_NEEDS,
  missingPermission,
  type Need,
  permissionLabel,
  REST_NEEDS,
} from '../../lib/github/http/permissions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rows: [string, Need][] = [...Object.entries(REST_NEEDS), ...Object.entries(GRAPHQL_NEEDS)];

describe('the table of permissions', () => {
  test('in the documentation is the one in the code', () => {
    const docs = readFileSync(`${root}docs/github.md`, 'utf8');
    const table = /<!-- permissions -->\n\n([\s\S]*?)\n\n<!-- \/permissions -->/.exec(docs)?.[1];
    const lines = rows.map(([call, { permission, access, on, why }]) => {
      const needed = permission === null ? "the App's private key" : permissionLabel(permission, access);
      return `| \`${call}\` | ${needed} | ${on} | ${why} |`;
    });
    expect(table).toBe(['| call | permission | on | for |', '|---|---|---|---|', ...lines].join('\n'));
  });

  test('holds every call in the code, and no other', () => {
    const text = readdirSync(`${root}lib/github`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('permissions.ts'))
      .map((file) => readFileSync(`${root}lib/github/${file}`, 'utf8'))
      .join('\n');
    const routes = [...text.matchAll(/'((?:GET|POST|PUT|PATCH|DELETE) \/[^']*)'/g)].map((match) => match[1]!);
    const operations = [...text.matchAll(/`(?:query|mutation) (\w+)[ ({]/g)].map((match) => match[1]!);
    expect([...new Set([...routes, ...operations])].sort()).toEqual(rows.map(([call]) => call).sort());
  });
});

describe('what is missing', () => {
  test.each([
    ['POST /repos/{owner}/{repo}/check-runs', 'checks=write', 'Checks: write'],
    ['AddComment', undefined, 'Pull requests: write'],
    [
      'GET /repositories/{id}',
      'contents=read,pull_requests=write; issues=write',
      'Contents: read and Pull requests: write, or Issues: write',
    ],
    ['POST /repos/{owner}/{repo}/statuses/{sha}', 'nonsense" <b>', 'Commit statuses: write'],
    ['Unheard', undefined, undefined],
    ['toString', undefined, undefined],
  ])('of %s with %s is %s', (call, header, sentence) => {
    expect(missingPermission(call, header)).toBe(sentence);
  });
});
