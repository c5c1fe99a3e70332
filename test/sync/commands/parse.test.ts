import { describe, expect, test } from 'vitest';
import { isUnanswered, parseCommands } from '../../../lib/sync/commands/parse.ts';
import fc, { runs } from '../../support/property.ts';
import { renderedText } from '../../support/rendered.ts';

describe('commands of a comment', () => {
  test.each([
    ['/preview stop', [{ action: 'stop' }]],
    ['/preview retry\r\n', [{ action: 'retry' }]],
    ['/preview start', [{ action: 'retry' }]],
    ['/Preview STOP\n/preview Extend 4H', [{ action: 'stop' }, { action: 'extend', seconds: 4 * 3600 }]],
    ['Thanks!\n\n/preview  extend   4h  \nbye', [{ action: 'extend', seconds: 4 * 3600 }]],
    ['/preview extend 1d12h', [{ action: 'extend', seconds: 36 * 3600 }]],
    ['<!-- a -->\n/preview stop', [{ action: 'stop' }]],
    ['see `<pre>`\n/preview stop', [{ action: 'stop' }]],
    ['<pre>x</pre>\n/preview stop', [{ action: 'stop' }]],
    ['one ` tick\n/preview stop', [{ action: 'stop' }]],
    ['one ` tick\n\n/preview stop\n\nand ` one', [{ action: 'stop' }]],
    ['``` a `` b\n/preview stop', [{ action: 'stop' }]],
    ['1 < 2, a <b, [c], d](e, ![f\n/preview stop', [{ action: 'stop' }]],
    ['[docs](https://a.example "Docs") ![i](j)\n/preview stop', [{ action: 'stop' }]],
    ['<a href="https://a.example">b</a>\n/preview stop', [{ action: 'stop' }]],
    ['1. first\n   ```sh\n   run\n   ```\n\n/preview stop', [{ action: 'stop' }]],
    ['<div>\ntext\n</div>\n\n/preview stop', [{ action: 'stop' }]],
    ['costs $5 or $$\n/preview stop', [{ action: 'stop' }]],
    ['<details>\nlog\n</details>\n/preview stop', [{ action: 'stop' }]],
    ['<!--\n```\n-->\n/preview stop', [{ action: 'stop' }]],
    ['<preview>, <president>\n/preview stop', [{ action: 'stop' }]],
    ['<?a?> <![CDATA[a]]> <code>a</code> <s>b</s>\n/preview stop', [{ action: 'stop' }]],
    ['a ?> b ]]> c\n/preview stop', [{ action: 'stop' }]],
    ['</details> <br/>\n/preview stop', [{ action: 'stop' }]],
    ['/preview stop\n/preview retry', [{ action: 'stop' }, { action: 'retry' }]],
  ])('%j', (text, commands) => {
    expect(parseCommands(text)).toEqual({ commands, misspelt: [] });
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
    '<?\n/preview stop\n?>',
    '<![CDATA[\n/preview stop\n]]>',
    '<code>\n/preview stop\n</code>',
    '<del>\n/preview stop\n</del>',
    '<template>\n/preview stop\n</template>',
    // In an attribute, also where its text goes over empty lines.
    '<a title="\n/preview stop\n">b</a>',
    "a <b title='\n/preview stop\n'>c</b>",
    '<img alt="\n/preview stop\n" src="x">',
    '<div title="\n\n/preview stop\n\n">',
    '<table\n/preview stop\n>',
    // In code over several lines.
    'a `b\n/preview stop\nc` d',
    '``\n/preview stop\n``',
    'a `` b ` c\n/preview stop\n`` d',
    // In what a link or an image does not show.
    '[a](https://b.example "\n/preview stop\n")',
    '![\n/preview stop\n](https://b.example)',
    '[a]: https://b.example "\n/preview stop\n"',
    '[a\n/preview stop\n]: https://b.example',
    '$$\n/preview stop\n$$',
    // What closes only in an attribute, in code or in a comment does not close.
    '<details>\n<a title="</details>">b</a>\n/preview stop\n</details>',
    '<details>\n`</details>`\n/preview stop\n</details>',
    '<details>\n<!-- </details> -->\n/preview stop\n</details>',
    '<details>\n<a\ntitle="</details>">\n/preview stop\n</details>',
    '<details>\n`<details>`\n</details>\n/preview stop\n</details>',
    '<div>`<pre>`\n\n/preview stop',
    '<!-- a\n`-->`\n`\n/preview stop\n`',
    // What only looks like a fence does not hide the real one.
    '``` a ` b\n```\n/preview stop\n```',
    '- a\n\n  ```\nb\n```\n/preview stop\n```',
    '/previews stop',
    '/preview-stop',
    '/preview.stop',
    '/preview:8080/stop',
    '    /preview stop',
    'a\n  /preview stop',
    '- a\n\n  /preview stop',
    '',
  ])('%j asks for nothing', (text) => {
    expect(parseCommands(text)).toEqual({ commands: [], misspelt: [] });
  });

  const extend = (seconds: number | null) => [{ action: 'extend', seconds }];

  test.each([
    ['/preview', [{ action: 'help' }]],
    ['/PREVIEW ?', [{ action: 'help' }]],
    ['/preview??', [{ action: 'help' }]],
    ['/preview Help!', [{ action: 'help' }]],
    ['/preview status?', [{ action: 'status' }]],
    ['/preview extend', extend(null)],
    ['/preview keep', extend(null)],
    ['/preview keep please', extend(null)],
    ['/preview extend 4 hours', extend(4 * 3600)],
    ['/preview extend 4H, thanks', extend(4 * 3600)],
    ['/preview extend by 90 min', extend(90 * 60)],
    ['/preview keep for 2 days more', extend(2 * 86_400)],
    ['/preview extend 1 day 12 hrs', extend(36 * 3600)],
    ['/preview extend 4h30m', extend(4.5 * 3600)],
    ['/preview extend 999999999d', extend(999_999_999 * 86_400)],
    ['/preview: stop', [{ action: 'stop' }]],
    ['/preview, stop please', [{ action: 'stop' }]],
    ['/preview stop please', [{ action: 'stop' }]],
    ['/preview\u00a0stop\u200b\u2060', [{ action: 'stop' }]],
    ['/preview stop. We are done with it', [{ action: 'stop' }]],
    ['/preview stop - nobody looks', [{ action: 'stop' }]],
    ['/preview stop (was only a test)', [{ action: 'stop' }]],
    ['/preview start again, thank you', [{ action: 'retry' }]],
    ['Hello,\n/preview retry\nand thanks', [{ action: 'retry' }]],
  ])('%j is understood', (text, commands) => {
    expect(parseCommands(text)).toEqual({ commands, misspelt: [] });
  });

  test.each([
    ['/preview go', 'go', null],
    ['/preview exend 4h', 'exend 4h', '/preview extend'],
    ['/preview Stpo', 'Stpo', '/preview stop'],
    ['/preview stop it', 'stop it', '/preview stop'],
    ['/preview stop?', 'stop?', '/preview stop'],
    ['/preview stop does not work', 'stop does not work', '/preview stop'],
    ['/preview extend 0h', 'extend 0h', '/preview extend 4h'],
    ['/preview extend -1h', 'extend -1h', '/preview extend 4h'],
    ['/preview extend 1e9h', 'extend 1e9h', '/preview extend 4h'],
    ['/preview extend 4', 'extend 4', '/preview extend 4h'],
    ['/preview extend 4hx', 'extend 4hx', '/preview extend 4h'],
    ['/preview extend until friday', 'extend until friday', '/preview extend 4h'],
    ['/preview keep it', 'keep it', '/preview keep'],
    ['/preview “stop”', '“stop”', '/preview stop'],
    ['/preview `stop`', '`stop`', '/preview stop'],
    ['/preview **Stop**', '**Stop**', '/preview stop'],
    ['/preview @everyone', '@everyone', null],
    ['/preview: the page', 'the page', null],
    ['/preview constructor', 'constructor', null],
    ['/preview --help', '--help', '/preview help'],
    [`/preview ${'x'.repeat(100_000)}`, 'x'.repeat(40), null],
  ])('%j is misspelt', (text, quoted, meant) => {
    expect(parseCommands(text)).toEqual({ commands: [], misspelt: [{ text: quoted, meant }] });
  });

  test('whatever Markdown and HTML are mixed, only commands that people read are carried out', () => {
    const piece = fc.constantFrom(
      ...['text', 'a b', '`', '``', '```', '~~~', '  ```', '- ```', '> ```', '    ', '\\', '\\`'],
      ...['<!--', '-->', '<?', '?>', '<!A', '<![CDATA[', ']]>', '<pre>', '</pre>', '<details>', '</details>', '<b>'],
      ...['<a title="', '">', "<i a='", "'>", '<div>', '</div>', '<div', '<table a=', '>', '"', "'", '/>'],
      ...['[a](b "', '")', '![', '](c)', '[d]: e "', '[f', ']: g', ']', '- h', '1. i', '2. j', '# k', '> l', '---'],
      ...['| m | n |', '|---|---|', '===', '* * *'],
    );
    const line = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(' '));
    const part = fc.oneof({ weight: 3, arbitrary: line }, { weight: 1, arbitrary: fc.constant('') });
    fc.assert(
      fc.property(fc.array(fc.tuple(part, fc.boolean()), { maxLength: 12 }), (parts) => {
        const lines = parts.flatMap(([text, asks], i) => (asks ? [text, `/preview extend ${i + 1}h`] : [text]));
        const comment = lines.join('\n');
        const read = renderedText(comment);
        const { commands } = parseCommands(comment);
        const unread = commands.filter(
          (command) =>
            command.action === 'extend' && !read.includes(`/preview extend ${(command.seconds ?? 0) / 3600}h`),
        );
        expect(unread, comment).toEqual([]);
      }),
      { numRuns: runs(20_000) },
    );
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
    const many = parseCommands(`${'/preview stop\n/preview sotp\n'.repeat(100_000)}/preview retry`);
    expect([many.commands.length, many.misspelt.length]).toEqual([10, 10]);
    for (const part of ['`a``b', '<b ', '<b a="', '](', '![', '<!-- --!>', '<?', '</pre>', '[\n', '<a x   ', '```\n']) {
      const started = performance.now();
      parseCommands(`x ${part.repeat(65_536 / part.length)}> -->`);
      expect(performance.now() - started, part).toBeLessThan(10_000);
    }
    // The last word counts, however many there are.
    expect(many.commands.at(-1)).toEqual({ action: 'retry' });
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
