import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../lib/core/finding.ts';
import { renderCheck } from '../../lib/report/check.ts';
import { COMMENT_MARKER, renderComment } from '../../lib/report/comment.ts';
import type { LivePreview, PreviewState } from '../../lib/report/state.ts';

const live: LivePreview = {
  name: 'pr-shop-7',
  url: 'https://pr-shop-7.apps.example.com',
  headSha: 'a1b2c3d'.padEnd(40, '0'),
  expires: Date.UTC(2026, 10, 6, 17) / 1000,
  cost: { currency: 'USD', perDay: 0.3, ratesAsOf: '2026-03' },
};
const subject = { repository: 'acme/shop', number: 7, title: 'Fix header', headSha: live.headSha };
const comment = (state: PreviewState, title = subject.title) =>
  renderComment(state, { ...subject, title }, { contact: '@platform' });

const finding: Finding = {
  rule: 'max-size',
  severity: 'deny',
  message: 'Choose a smaller size, or ask @platform.',
  file: 'preview.yaml',
  line: 6,
  column: 3,
  object: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'pr-shop-7' },
  field: 'spec.template.spec.containers[0].resources',
};

describe('the one comment', () => {
  test('ready: link, commit, end and cost', () => {
    const text = comment({ state: 'ready', preview: live, findings: [] })!;
    expect(text.startsWith(COMMENT_MARKER)).toBe(true);
    expect(text).toContain('### Preview: ready - [Open the preview](https://pr-shop-7.apps.example.com)');
    expect(text).toContain('Shows `a1b2c3d` `Fix header`. Ends Fri 6 Nov 17:00 UTC. About $0.30 a day');
  });

  test('refused: how many things, each with its line, and what runs meanwhile', () => {
    const text = comment({ state: 'denied', findings: [finding], live })!;
    expect(text).toContain('### Preview: not started - 1 thing to change');
    expect(text).toContain('- Line 6 of `preview.yaml`: Choose a smaller size');
    expect(text).toContain('is still running: [open it]');
  });

  test('a finding that an exception lets pass is no thing to change, and names the exception', () => {
    const passed = { ...finding, exception: 'shop-needs-it' };
    const text = comment({ state: 'ready', preview: live, findings: [passed] })!;
    expect(text).toContain('let pass by exception `shop-needs-it`');
    expect(renderCheck({ state: 'ready', preview: live, findings: [passed] })?.annotations[0]?.level).toBe('warning');
  });

  test('nothing is said where there is nothing to say', () => {
    const none = { state: 'none', reason: 'draft', sentence: 'It is a draft.', removed: null } as const;
    expect(comment(none)).toBeNull();
    expect(comment({ state: 'no-file' })).toBeNull();
    expect(comment({ state: 'unknown', reason: 'time-out' })).toBeNull();
    expect(renderCheck({ state: 'unknown', reason: 'time-out' })).toBeNull();
  });

  test('many findings are cut by whole entries, with a word about the rest, within what a forge takes', () => {
    const findings = Array.from({ length: 5000 }, (_, i) => ({ ...finding, line: i + 1, message: 'x'.repeat(299) }));
    const text = comment({ state: 'denied', findings, live: null })!;
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('and 4980 more');
  });
});

describe('foreign text is inert', () => {
  const HOSTILE = [
    '@everyone look',
    '![x](https://evil.example/x.png)',
    '<img src=x onerror=alert(1)>',
    '<!-- greenroom:preview -->',
    '`` ` ``',
    'a\n### Preview: ready - [Open](https://evil.example)',
    '\u202egnp.exe',
    '[click](https://evil.example)',
    'fixes #1, see other/repo#2',
    '</details></sub>',
  ];

  /** What is left of a Markdown text when its code spans are taken out. */
  const outsideCode = (text: string) => text.replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');

  test.each(HOSTILE)('as a title: %j', (title) => {
    const text = comment({ state: 'ready', preview: live, findings: [] }, title)!;
    const plain = outsideCode(text.slice(COMMENT_MARKER.length));
    expect(plain).not.toMatch(/@|<!--|<img|!\[|evil|#1|\u202e|<\/details/);
    expect(text.match(/^### /gm)).toHaveLength(1);
  });

  test.each(HOSTILE)('quoted in a problem: %j', (found) => {
    const problems = [{ file: 'preview.yaml', line: 3, field: found, message: `must be small; found ${found}` }];
    const text = comment({ state: 'invalid', problems, live: null })!;
    const plain = outsideCode(text.slice(COMMENT_MARKER.length));
    expect(plain).not.toMatch(/@\w|(?<!\\)<(?!\/?sub>)|(?<!\\)!\[|(?<!\\)\]\(|#\d|\u202e/);
    expect(text.match(/^### /gm)).toHaveLength(1);
  });

  test('any title keeps the comment to one heading, one marker and its own lines', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (title) => {
        const text = comment({ state: 'ready', preview: live, findings: [] }, title)!;
        expect(text.split('\n')).toHaveLength(6);
        expect(text.split(COMMENT_MARKER)).toHaveLength(2);
      }),
    );
  });
});
