import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { applyEdits, type Edit } from '../../lib/policies/edit.ts';
import { splice } from '../../lib/policies/splice.ts';
import fc, { runs } from '../support/property.ts';

const KEYS = ['a', 'b', 'securityContext'];
const leaf = fc.oneof(fc.constantFrom('x', 'y y', 'off', '', '# no', null, true), fc.integer({ min: 0, max: 9 }));
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.dictionary(fc.constantFrom(...KEYS), tie('node'), { maxKeys: 4 }),
    fc.array(tie('node'), { maxLength: 3 }),
  ),
}));
const document = fc.dictionary(fc.constantFrom(...KEYS), node, { minKeys: 1, maxKeys: 3 });
const path = fc.array(fc.oneof(fc.constantFrom(...KEYS), fc.nat(2)), { maxLength: 3 });
const edit: fc.Arbitrary<Edit> = fc
  .tuple(fc.constantFrom(...KEYS), path, fc.option(fc.oneof(leaf, fc.constant(['ALL'])), { nil: undefined }))
  .map(([first, rest, value]) => ({ path: [first, ...rest], ...(value !== undefined && value !== null && { value }) }));
const styles = [
  { collectionStyle: 'block' },
  { collectionStyle: 'flow' },
  { indentSeq: false },
  { defaultStringType: 'QUOTE_DOUBLE' },
] as const;

test('each group of edits, alone and together, says what the edits say and nothing else', () => {
  let made = 0;
  fc.assert(
    fc.property(
      document,
      fc.array(edit, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...styles),
      fc.boolean(),
      (data, edits, style, isJson) => {
        const text = isJson ? JSON.stringify(data, null, 2) : `# first\n${stringify(data, style)}# last\n`;
        const { whole, parts } = splice(
          text,
          edits,
          edits.map((one) => [one]),
        );
        if (whole !== undefined) expect(parse(whole)).toEqual(applyEdits(data, edits));
        for (const [i, part] of parts.entries()) {
          if (part === undefined) continue;
          made += 1;
          expect(parse(part)).toEqual(applyEdits(data, [edits[i]!]));
        }
      },
    ),
    { numRuns: runs(2000) },
  );
  expect(made).toBeGreaterThan(100);
});
