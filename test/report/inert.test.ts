import { describe, expect, test } from 'vitest';
import type { Answered, Reply } from '../../lib/report/answered.ts';
import { COMMENT_MARKER, changesOf, storedStateOf, tickedBoxes } from '../../lib/report/markers.ts';
import type { PreviewState } from '../../lib/report/state.ts';
import { renderSuggestion } from '../../lib/report/suggestion.ts';
import { cleanFacts, cleanLines, cleanWords, type PreviewCondition } from '../../lib/status/observation.ts';
import type { Status } from '../../lib/status/status.ts';
import { parseCommands } from '../../lib/sync/commands/parse.ts';
import { readMarkdown } from '../support/markdown.ts';
import fc, { runs } from '../support/property.ts';
import { comment, finding, live, options, seenReady, statusFor } from './support.ts';

// Titles, branches, names of files and what stands in files come from people who may be hostile. Each text here is put in
// every place where such a text can get into the comment; what a reader of Markdown makes of it must hold nothing of theirs.

const HOSTILE = [
  '@everyone look',
  '@acme/admins',
  '@_x and #_1',
  '![x](https://evil.example/x.png)',
  '<img src=x onerror=alert(1)>',
  '<a href="https://evil.example">x</a>',
  COMMENT_MARKER,
  '-->\n<!-- greenroom:memory state=ready since=1 -->',
  '- [x] Keep it <!-- greenroom:keep -->',
  '[x] Keep it <!-- greenroom:start -->',
  '`` ` ``',
  '`a` ``b` `@everyone` `c`` `d`e`',
  '```\n@everyone\n```',
  '~~~\n@everyone',
  'a\n### Preview: ready - [Open](https://evil.example)',
  '# big',
  '1. one',
  '+ plus',
  '---',
  '===',
  '> quote',
  '| a | b |\n|---|---|\n| c | d |',
  '\u202egnp.exe',
  '[click](https://evil.example)',
  '[click][1]\n\n[1]: https://evil.example',
  '[^1]: note',
  'https://evil.example www.evil.example ftp://evil.example/x',
  'mail me@evil.example or mailto:me@evil.example or xmpp:a@evil.example/b',
  'fixes #1, see other/repo#2, GH-3',
  '</details></sub>',
  '<details open>',
  '$\\href{https://evil.example}{x}$ and $`x`$',
  '/preview stop',
  'a\n/preview stop\n/preview extend 3d',
  '&lt;img src=x&gt; &#64;everyone',
  '\\`\\[x](https://evil.example)',
];

/** Every state in which foreign texts are quoted, with this text in every place. */
function states(text: string): PreviewState[] {
  const fix = { file: text, startLine: 1, endLine: 1, replacement: text };
  const hostile = { ...finding, message: text, file: text, field: text, rule: text, fix };
  const object = { ...hostile.object, kind: text, name: text };
  const findings = [
    { ...hostile, object },
    { ...hostile, object, line: 0, severity: 'warn' as const },
    { ...hostile, object, exception: text },
  ];
  const problems = [
    { file: text, line: 3, field: text, message: text },
    { message: text, field: text },
    { message: text },
  ];
  const objects = [
    { path: text, before: text, after: `${text}\n${text}\n` },
    { path: text, before: null, after: text },
  ];
  return [
    { state: 'denied', findings, live },
    { state: 'denied', findings: findings.slice(0, 1), live: null },
    { state: 'invalid', problems, live },
    { state: 'invalid', problems: problems.slice(2), live: null },
    { state: 'committed', preview: live, findings, objects, evidence: [text] },
    { state: 'committed', preview: live, findings, objects, isNew: true },
    { state: 'queued', reason: 'places', sentence: text, live },
    { state: 'waiting', image: text, live },
    { state: 'review', decision: 'open', sentence: text, url: 'https://github.example.com/acme/shop/pull/9', live },
    { state: 'none', reason: 'stopped', sentence: text, removed: live },
    { state: 'none', reason: 'closed', sentence: text, removed: live },
  ];
}

const OWN_HTML =
  /^(<!-- greenroom:(preview|memory state=[a-z/-]+ since=(\d+|-)|changes [0-9a-f]{32}|changes end|words [0-9a-f]{32} \d+|words end|replies [0-9a-f]{40,64} [0-9a-f]{32}|replies end|end|start|keep) -->\s*)+$|^<details><summary>For engineers<\/summary>$|^<\/details>$|^<\/?sub>$/;
const OWN_LINK =
  /^https:\/\/(pr-shop-7\.apps\.example\.com$|github\.example\.com\/acme\/shop\/(blob|edit|commit|pull)\/)/;

function expectInert(text: string): void {
  const { links, images, html, headings, boxes, prose, rawProse, kinds } = readMarkdown(text);
  expect(links.filter((url) => !OWN_LINK.test(url))).toEqual([]);
  expect(images).toEqual([]);
  expect(html.filter((tag) => !OWN_HTML.test(tag))).toEqual([]);
  expect(headings).toHaveLength(1);
  expect(boxes.filter(([words, ticked]) => ticked || !/^(Start again|Keep it 3 more days)\s*$/.test(words))).toEqual(
    [],
  );
  expect(prose).not.toMatch(/@\w|(^|[^\w&])#\d|\bgh-\d|\u202e|:\/\//i);
  for (const kind of ['table', 'blockquote', 'thematicBreak', 'footnoteDefinition', 'definition', 'delete']) {
    expect(kinds.has(kind)).toBe(false);
  }
  expect(rawProse.match(/\$(?!\d)/)).toBeNull();
  expect(text.split(COMMENT_MARKER)).toHaveLength(2);
  expect(tickedBoxes(text)).toEqual([]);
  expect(parseCommands(text)).toEqual({ commands: [], misspelt: [] });
  expect(text.match(/^<!-- greenroom:memory/gm)).toHaveLength(1);
}

/** What was seen in a cluster, with this text in every place where foreign words can stand. */
function statuses(text: string): Status[] {
  const foreign = {
    facts: cleanFacts({ app: text, name: text, path: text }),
    ...(cleanWords(text) === undefined ? {} : { words: cleanWords(text)! }),
    lines: cleanLines(text.split('\n')),
  };
  const seen = (condition: PreviewCondition, reason: string) =>
    statusFor({ ...seenReady, condition, reason, ...foreign }, { contact: text, earlier: 'b'.repeat(40) });
  return [seen('not-working', 'refused'), seen('not-working', 'secret-missing'), seen('starting', 'pulling')];
}

/** Answers to commands of an account with this name, which quote this text. */
function replies(text: string): Reply[] {
  const answered: Answered[] = [
    { kind: 'misspelt', text, meant: '/preview stop' },
    { kind: 'no-preview', why: text },
    { kind: 'not-allowed' },
    { kind: 'help' },
  ];
  return answered.map((one) => ({ to: text, answered: one }));
}

function inEveryPlace(text: string): string[] {
  const subject = { title: text, branch: text };
  const running = { state: 'committed', preview: live, findings: [] } as const;
  const ended = { state: 'none', reason: 'closed', sentence: text, removed: live } as const;
  const stuck = statusFor({ ...seenReady, condition: 'ending', reason: 'stuck', ...{ words: text, facts: {} } });
  return [
    ...states(text).map((state) => comment(state, { subject, options: { contact: text } })),
    ...statuses(text).map((status) => comment(running, { subject, status, options: { contact: text } })),
    comment(ended, { subject, status: stuck, options: { contact: text } }),
    ...[running, ended].map((state) => comment(state, { subject, options: { contact: text, replies: replies(text) } })),
  ];
}

describe('foreign text is inert wherever it is quoted', () => {
  test.each(HOSTILE)('%j', (text) => {
    for (const written of inEveryPlace(text)) expectInert(written);
  });

  test('any text, and any mix of what Markdown is made of', () => {
    const piece = fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.constantFrom(
        '`',
        '```',
        '~~~',
        '\n',
        '\r\n',
        '<',
        '>',
        '!',
        '[',
        ']',
        '(',
        ')',
        '@',
        '#',
        '&',
        '\\',
        '|',
        '*',
        '_',
        '$',
        ' ',
        '-',
        '<!--',
        '-->',
        '[x]',
        ':',
        '/',
        '^',
        '=',
        '+',
        '1.',
        '\t',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.webUrl(),
      fc.emailAddress(),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (value) => {
        for (const written of inEveryPlace(value)) expectInert(written);
      }),
      { numRuns: runs(25) },
    );
  });

  test('what the comment remembers cannot be planted through what it quotes', () => {
    for (const text of HOSTILE) {
      for (const written of inEveryPlace(text)) {
        expect(storedStateOf(written)?.since).not.toBe(1);
        const kept = changesOf(written);
        if (kept !== null) expect(written.indexOf(kept)).toBe(written.lastIndexOf(kept));
      }
    }
  });
});

describe('a suggested change', () => {
  test('any replacement is one closed block, word for word, under our marker', () => {
    const text = fc.oneof(
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: 'binary' }),
      fc.string().map((s) => `\`\`\`${s}\`\`\`\n`),
    );
    fc.assert(
      fc.property(text, (replacement) => {
        const fix = { file: 'a.yaml', startLine: 1, endLine: 1, replacement };
        const made = renderSuggestion({ ...finding, message: replacement, fix });
        if (made === null) return;
        const { codeBlocks, links, images, html, prose } = readMarkdown(made.body);
        expect(codeBlocks).toEqual([{ lang: 'suggestion', text: replacement }]);
        expect([...links, ...images]).toEqual([]);
        expect(html).toEqual([made.marker]);
        expect(prose).not.toMatch(/@\w/);
      }),
    );
  });

  test('none for what an exception lets pass, and for what a reader could not see', () => {
    const fix = { file: 'a.yaml', startLine: 1, endLine: 1, replacement: 'a: b' };
    expect(renderSuggestion({ ...finding, fix })).not.toBeNull();
    expect(renderSuggestion({ ...finding, fix, exception: 'x' })).toBeNull();
    expect(renderSuggestion(finding)).toBeNull();
    expect(renderSuggestion({ ...finding, fix: { ...fix, replacement: 'a: \u202eb' } })).toBeNull();
  });
});

test('the contact of the platform is named and not called', () => {
  expect(comment({ state: 'invalid', problems: [{ message: 'x' }], live: null })).toContain('Ask `@platform`');
  expect(options.contact).toBe('@platform');
});
