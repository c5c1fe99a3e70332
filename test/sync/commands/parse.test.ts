import { describe, expect, test } from 'vitest';
import { isUnanswered, parseCommands } from '../../../lib/sync/commands/parse.ts';
import fc from '../../support/property.ts';

describe('commands of a comment', () => {
  test.each([
    ['/preview stop', [{ action: 'stop' }]],
    ['/preview retry\r\n', [{ action: 'retry' }]],
    ['/preview start', [{ action: 'retry' }]],
    ['/Preview STOP\n/preview Extend 4H', [{ action: 'stop' }, { action: 'extend', seconds: 4 * 3600 }]],
    ['Thanks!\n\n/preview  extend   4h  \nbye', [{ action: 'extend', seconds: 4 * 3600 }]],
    ['/preview extend 1d12h', [{ action: 'extend', seconds: 36 * 3600 }]],
    ['<!-- a -->\n/preview stop', [{ action: 'stop' }]],
    ['<pre>x</pre> and `<pre>`\n/preview stop', [{ action: 'stop' }]],
    ['<details>\nlog\n</details>\n/preview stop', [{ action: 'stop' }]],
    ['<!--\n```\n-->\n/preview stop', [{ action: 'stop' }]],
    ['<preview>, <president>\n/preview stop', [{ action: 'stop' }]],
    ['</details> <br/>\n/preview stop', [{ action: 'stop' }]],
    ['/preview stop\n/preview retry', [{ action: 'stop' }, { action: 'retry' }]],
  ])('%j', (text, commands) => {
    expect(parseCommands(text)).toEqual({ commands, misspelt: 0 });
  });

  test.each([
    'see /preview stop',
    '> /preview stop',
    ' /preview stop',
    '- /preview stop',
    '`/preview stop`',
    '```\n/preview stop\n```',
    '~~~~\n/preview stop\n~~~\n/preview stop\n~~~~',
    '```sh\n/preview stop',
    '<!--\n/preview stop\n-->',
    'Hello <!-- not\n/preview stop\n--> you',
    '<pre>\n/preview stop\n</pre>',
    '<PRE lang="sh">\n/preview stop',
    '<!-- <pre> -->\n<pre>\n--> /preview stop\n/preview stop\n</pre>',
    '<details>\n<summary>log</summary>\n\n/preview stop\n</details>',
    '<details><details>\n</details>\n/preview stop\n</details>',
    '<blockquote>\n/preview stop\n</blockquote>',
    '<textarea>\n/preview stop\n</textarea>',
    '<script>\n/preview stop',
    '/previews stop',
    '/preview-stop',
    '',
  ])('%j asks for nothing', (text) => {
    expect(parseCommands(text)).toEqual({ commands: [], misspelt: 0 });
  });

  test.each([
    '/preview',
    '/preview go',
    '/preview extend',
    '/preview extend 0h',
    '/preview extend -1h',
    '/preview extend 1e9h',
    '/preview stop it',
  ])('%j is misspelt', (text) => {
    expect(parseCommands(text)).toEqual({ commands: [], misspelt: 1 });
  });

  test('any text is read in time, and gives at most ten commands', () => {
    const line = fc.oneof(
      fc.constantFrom('/preview stop', '/preview extend 4h', '```', '~~~', '> x', '<!--', '<pre>', '-->'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(parseCommands(lines.join('\n')).commands.length).toBeLessThanOrEqual(10);
      }),
    );
    const { commands, misspelt } = parseCommands('/preview stop\n'.repeat(100_000));
    expect([commands.length, misspelt]).toEqual([10, 0]);
  });
});

test('what waits for an answer: a command of a person, not of a bot, young, and not answered', () => {
  const comment = {
    id: 1,
    body: '/preview stop',
    isOurs: false,
    author: { login: 'mia', isBot: false },
    editor: null,
    createdAt: 1000,
    isAnswered: false,
  };
  expect(isUnanswered(comment, 1000)).toBe(true);
  expect(isUnanswered({ ...comment, isAnswered: true }, 1000)).toBe(false);
  expect(isUnanswered({ ...comment, author: { login: 'x', isBot: true } }, 1000)).toBe(false);
  expect(isUnanswered({ ...comment, author: null }, 1000)).toBe(false);
  expect(isUnanswered({ ...comment, body: 'hello' }, 1000)).toBe(false);
  expect(isUnanswered(comment, 1000 + 24 * 3600 + 1)).toBe(false);
  // Our own texts carry no commands, whatever they quote.
  expect(isUnanswered({ ...comment, isOurs: true }, 1000)).toBe(false);
});
