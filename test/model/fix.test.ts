import { describe, expect, test } from 'vitest';
import { GreenroomError } from '../../lib/core/errors.ts';
import { loadPreview } from '../../lib/model/files.ts';
import { previewText } from '../support/inputs.ts';
import fc from '../support/property.ts';

function problemsOf(text: string) {
  try {
    loadPreview(text, 'preview.yaml');
  } catch (error) {
    if (error instanceof GreenroomError) return error.problems;
    throw error;
  }
  return [];
}

/** The text with every fix made that is offered. */
function mended(text: string): string {
  const lines = text.split('\n');
  for (const { fix } of problemsOf(text)) if (fix) lines[fix.startLine - 1] = fix.replacement;
  return lines.join('\n');
}

describe('a slip in preview.yaml', () => {
  test.each([
    ['prot: 8080', '  port: 8080'],
    ['"prot": 8080', '  "port": 8080'],
    ['heatlh: /up', '  health: /up'],
    ['template: web-servise', '  template: web-service', 'template: web-service\n  '],
  ])('%s is offered as it was meant, and is right then', (line, wanted, instead = '') => {
    const text = instead === '' ? previewText(line) : previewText().replace('template: web-service', line);
    const fixes = problemsOf(text).flatMap(({ fix }) => fix ?? []);
    expect(fixes.map(({ replacement }) => replacement)).toEqual([wanted]);
    expect(problemsOf(mended(text))).toEqual([]);
  });

  test.each([
    ['no word is near', 'wibble: 80'],
    ['the line holds more than the setting', 'env: { A: b }\nprot: 80 # the shop'],
    ['it stands among others on its line', 'resources: { prot: 80 }'],
    ['the value is long enough to be a secret', `prot: ${'x'.repeat(80)}`],
    ['the value looks like a credential', 'prot: ghp_0123456789abcdefghijABCDEFGHIJ012345'],
  ])('nothing is offered where %s', (_, lines) => {
    expect(problemsOf(previewText(lines)).flatMap(({ fix }) => fix ?? [])).toEqual([]);
  });

  test('whatever is offered changes one word of one line that is there', () => {
    const key = fc.constantFrom('prot', 'templat', 'imagee', 'szie', 'healt', 'secretss', 'ttll', 'x');
    fc.assert(
      fc.property(key, fc.string({ maxLength: 20 }), (name, value) => {
        const text = previewText(`${name}: ${JSON.stringify(value)}`);
        for (const { fix } of problemsOf(text)) {
          if (fix === undefined) continue;
          const line = text.split('\n')[fix.startLine - 1]!;
          expect(fix.endLine).toBe(fix.startLine);
          expect(line.slice(line.indexOf(':'))).toBe(fix.replacement.slice(fix.replacement.indexOf(':')));
        }
      }),
    );
  });
});
