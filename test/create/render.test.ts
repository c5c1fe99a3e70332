import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { checkAnswers } from '../../lib/create/answers.ts';
import { PLAIN_TEXT } from '../../lib/create/question.ts';
import { renderSkeleton } from '../../lib/create/render.ts';
import { readTemplate } from '../../lib/create/template.ts';

const render = (text: string, values = {}) =>
  renderSkeleton(new Map([['a.txt.njk', text]]), { name: 'shop', ...values });

describe('a skeleton', () => {
  test.each([
    ['a placeholder', '<${{ values.name }}>', '<shop>'],
    ['a number', '${{ values.n }}', '3'],
    ['a condition', '{% if values.yes %}a{% else %}b{% endif %}{% if values.no %}c{% endif %}', 'a'],
    ['an empty text, which is no', '{% if values.empty %}a{% else %}b{% endif %}', 'b'],
    ['a comparison', '{% if values.name == "shop" %}a{% elsif values.n != 3 %}b{% endif %}', 'a'],
    ['what is kept as it is', '{% raw %}${{ github.sha }} {% if %}{% endraw %}', '${{ github.sha }} {% if %}'],
    ['lines that go with their tag', 'a\n{%- if values.yes %}\nb\n{%- endif %}\n', 'a\nb\n'],
    ['braces of other languages', '{{ values.name }} {# #'.replace('{#', '{ #'), '{{ values.name }} { # #'],
  ])('renders %s', (_, text, expected) => {
    const values = { n: 3, yes: true, no: false, empty: '' };
    expect([...render(text, values)]).toEqual([['a.txt', expected]]);
  });

  test('of a file without the ending is taken as it is', () => {
    const text = 'run: echo ${{ github.sha }} {% nothing %}\n';
    expect(renderSkeleton(new Map([['ci.yaml', text]]), {}).get('ci.yaml')).toBe(text);
  });

  test.each([
    ['a filter', '\n${{ values.name | upcase }}', /a\.txt\.njk:2:1: has "\${{.*upcase.*without filters/],
    [
      'a loop',
      '{% for i in (1..100000000) %}x{% endfor %}',
      /:1:1: has the tag "for"; templates may use if, else and raw/,
    ],
    ['a loop of the other syntax', '{% tablerow i in (1..100000000) %}x{% endtablerow %}', /has the tag "tablerow"/],
    ['a range', '${{ (1..100000000) }}', /without filters and operators/],
    ['a range in a condition', '{% if (1..100000000) contains 5 %}x{% endif %}', /has the condition/],
    ['a file of the system', '{% include "/etc/passwd" %}', /has the tag "include"/],
    ['a file by another tag', "{% render '/etc/passwd' %}", /has the tag "render"/],
    ['a layout', "{% layout '/etc/passwd' %}", /has the tag "layout"/],
    ['several tags in one', '{% liquid\nassign a = 1\n%}', /has the tag "liquid"/],
    ['a name that nobody gave', '${{ values.nothing }}', /undefined variable: values\.nothing/],
    ['a prototype', '${{ values.__proto__ }}', /a placeholder is/],
    ['a constructor', '${{ values.constructor }}', /undefined variable/],
    ['a comment, which only Backstage drops', 'a {# b #}', /begins a comment in Backstage/],
    ['an operator', '${{ 1 + 1 }}', /without filters and operators/],
    ['a condition that only one program knows', '{% if values.name contains "s" %}{% endif %}', /has the condition/],
    ['a tag that is not closed', '{% if values.name %}', /not closed/],
    ['a placeholder that is not closed', 'a\n${{ values.name', /a\.txt\.njk:2:1: cannot be read: .*not closed/],
  ])('with %s is refused at once, with its place', (_, text, complaint) => {
    const started = performance.now();
    expect(() => render(text)).toThrow(complaint);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('is never evaluated: an answer stays text, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(render('${{ values.text }}', { text }).get('a.txt')).toBe(text);
      }),
    );
  });

  test('whatever it holds gives files, or a refusal that names the file', () => {
    const piece = fc.constantFrom(
      '${{',
      '}}',
      '{%',
      '%}',
      ' if ',
      'values.name',
      'endif',
      'raw',
      '|',
      '(1..9)',
      '{#',
      '\n',
      '"',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          render(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(GreenroomError);
          expect(String(error)).toContain('skeleton/a.txt.njk');
        }
      }),
    );
  });
});

const HEAD =
  'apiVersion: greenroom.dev/v1alpha1\nkind: Template\nmetadata: { name: t, title: T, description: A test }\n';
const BARE = `${HEAD}spec: {}\n`;
const page = (properties: string, required = '[]') =>
  `${HEAD}spec: { parameters: [{ title: P, required: ${required}, properties: { ${properties} } }] }\n`;
const template = (text: string, files: Record<string, string> = { 'skeleton/a': 'a' }) =>
  readTemplate(new Map([['template.yaml', text], ...Object.entries(files)]));

describe('a template', () => {
  test.each<[string, string, Record<string, string> | undefined, RegExp]>([
    ['no template.yaml', '', undefined, /is empty/],
    ['another kind', HEAD.replace('Template', 'Preview'), undefined, /kind/],
    ['a question without a title', page('a: { type: string }'), undefined, /title/],
    ['a type that no question has', page('a: { title: A, type: object }'), undefined, /type/],
    ['a setting that no question has', page('a: { title: A, type: string, $ref: x }'), undefined, /\$ref/],
    ['a name of ours', page('image: { title: A, type: string }'), undefined, /image.*greenroom gives/],
    ['a name of every object', page('constructor: { title: A, type: string }'), undefined, /constructor/],
    [
      'a required question that it does not ask',
      page('a: { title: A, type: string }', '[b]'),
      undefined,
      /template\.yaml:\d+:\d+: .*names "b"/,
    ],
    ['a pattern that is none', page('a: { title: A, type: string, pattern: "(" }'), undefined, /regular expression/],
    ...(
      [
        ['default: "five", type: integer', 'default: is no answer to this question: it must be a number; found "five"'],
        ['default: 1, type: string', 'default: is no answer to this question: it must be text; found 1'],
        ['default: c, type: string, enum: [a, b]', 'default: is no answer to this question: it must be one of a, b'],
        ['default: "1", type: string, pattern: "^[a-z]+$"', 'it must match the pattern ^[a-z]+$; found "1"'],
        ['default: "<b>", type: string', 'default: is no answer to this question: it must be one line without'],
        ['default: 1, type: integer, minimum: 5', 'default: is no answer to this question: it must be at least 5'],
        ['type: string, enum: []', 'enum: must have at least 1 item'],
        ['type: integer, enum: [a]', 'enum: has a value that must be a number; found "a"'],
        ['type: string, enum: ["a<b"]', 'enum: has a value that must be one line without'],
        ['type: string, enum: [a, a]', 'enum: has a value twice'],
        ['type: string, enum: [a, b], enumNames: [A]', 'enumNames: has 1 names for the 2 values of enum'],
        ['type: string, enumNames: [A]', 'enumNames: names the values of enum, which is missing'],
        ['type: string, minLength: 5, maxLength: 2', 'minLength: is more than maxLength'],
        ['type: number, minimum: 5, maximum: 2', 'minimum: is more than maximum'],
        ['type: string, minimum: 5', 'minimum: has no meaning for the type string'],
        ['type: integer, pattern: a', 'pattern: has no meaning for the type integer'],
        ['type: boolean, maxLength: 3', 'maxLength: has no meaning for the type boolean'],
        ['type: string, format: email', 'format: is not a setting of a question'],
      ] as const
    ).map(([settings, complaint]): [string, string, undefined, RegExp] => [
      `a question with ${settings}`,
      page(`a: { title: A, ${settings} }`),
      undefined,
      new RegExp(
        `template\\.yaml:\\d+:\\d+: spec\\.parameters\\[0\\]\\.properties\\.a\\..*${complaint.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`,
      ),
    ]),
    ['no files', BARE, {}, /skeleton\/: is empty/],
    ['a path out of its folder', BARE, { 'skeleton/../../.bashrc': 'x' }, /may not have/],
    ['a path into .git', BARE, { 'skeleton/.git/hooks/post-checkout': 'x' }, /may not have/],
    ['a placeholder in a path', BARE, { 'skeleton/${{ values.a }}': 'x' }, /placeholder in its name/],
    ['two files that become one', BARE, { 'skeleton/a': 'x', 'skeleton/a.njk': 'y' }, /same file as/],
    [
      'too many files',
      BARE,
      Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`skeleton/${i}`, ''])),
      /at most 200/,
    ],
    ['too much text', BARE, { 'skeleton/a': 'x'.repeat(2 ** 20 + 1) }, /at most 1048576/],
  ])('with %s is refused', (_, text, files, complaint) => {
    expect(() => template(text, files)).toThrow(complaint);
  });

  const asked = template(
    page(
      'a: { title: A, type: string, maxLength: 5 }, num: { title: Num, type: integer, minimum: 1, default: 2 }, c: { title: C, type: string, enum: [x, w], default: x }, b: { title: B, type: boolean }',
      '[a]',
    ),
  );

  test('fills in its defaults', () => {
    expect(checkAnswers(asked, { a: 'abc' })).toEqual({ a: 'abc', num: 2, c: 'x', b: false });
  });

  test.each([
    ['nothing', {}, /--set a=\.\.\. is missing: A/],
    ['a text that is too long', { a: 'abcdef' }, /--set a: .*found "abcdef"/],
    ['a quote', { a: 'a"b' }, /--set a: must be one line without quotes/],
    ['a placeholder', { a: '${{x' }, /must be one line/],
    ['another line', { a: 'a\nb' }, /must be one line/],
    ['another direction', { a: 'a\u202eb' }, /must be one line/],
    ['a number that is too small', { a: 'a', num: 0 }, /--set num: .*found 0/],
    ['a choice that is none', { a: 'a', c: 'z' }, /--set c: .*found "z"/],
    ['an answer to nothing', { a: 'a', z: 'z' }, /--set z: .*does not ask for it; it asks for a, num, c, b/],
  ])('does not take %s', (_, answers, complaint) => {
    expect(() => checkAnswers(asked, answers)).toThrow(complaint);
  });

  test.each([
    ['^(a+)+$', 'a'.repeat(60), '!'],
    ['^((a+)+)\\2$', 'a'.repeat(60), '!'],
    ['^(?=(a+)+b)a*$', 'a'.repeat(60), ''],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(60), ''],
  ])('the pattern %s, which can take for ever, is given up', (pattern, text, end) => {
    const slow = template(page(`a: { title: A, type: string, pattern: '${pattern}' }`));
    const started = performance.now();
    expect(() => checkAnswers(slow, { a: `${text}${end}` })).toThrow(
      /--set a: (cannot be checked: the pattern|must match)/,
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('takes words of any language, and nothing that ends a quoted text', () => {
    const pattern = new RegExp(PLAIN_TEXT, 'u');
    for (const text of ["Läden & Cafés: l'été №1", '日本語', 'a/b, c; d! (e) [f] #g @h %i *j'])
      expect(text).toMatch(pattern);
    for (const text of ['"', '\\', '`', '$', '{', '}', '<', '>', '\r', '\t', '\u2028', '\u200b'])
      expect(text).not.toMatch(pattern);
  });
});
