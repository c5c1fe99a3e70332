import { describe, expect, it } from 'vitest';
import { createChecker } from '../../lib/policies/checker.ts';
import { applyEdits } from '../../lib/policies/edit.ts';
import fc, { runs } from '../support/property.ts';
import { CASE_NAMESPACE, listCases } from './cases.ts';
import { STRICT_PARAMS } from './support.ts';

const checker = createChecker({ params: STRICT_PARAMS });
const context = { namespaceObject: CASE_NAMESPACE };

/** Paths of all members and items. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const members = Array.isArray(value) ? value.map((v, i) => [i, v] as const) : Object.entries(value);
  return [path, ...members.flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'x',
    0,
    1,
    -1,
    1.5,
    true,
    false,
    [],
    {},
    [null],
    [[]],
    ['x'],
    { x: null },
    { x: 1 },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

describe('whatever is in an object', () => {
  it('there is a verdict, and no rule of our own takes the blame', () => {
    const objects = listCases().map((c) => c.object);
    const damaged = fc.tuple(fc.nat(), fc.nat(), anything).map(([i, j, value]) => {
      const object = objects[i % objects.length]!;
      const paths = pathsOf(object).filter((path) => path.length > 0 && path[0] !== 'apiVersion' && path[0] !== 'kind');
      return applyEdits(object, [{ path: paths[j % paths.length]!, value }]);
    });
    fc.assert(
      fc.property(damaged, (object) => {
        const violations = checker.check(object, context);
        const messages = violations.filter((v) => v.ruleAtFault).map((v) => v.message);
        expect(messages, 'lib/policies/shape.ts has to name the type of every field that a rule reads').toEqual([]);
      }),
      { numRuns: runs(4000) },
    );
  });

  it('the verdict is the same each time, and the object stays as it is', () => {
    for (const { object } of listCases()) {
      const before = JSON.stringify(object);
      const first = checker.check(object, context);
      expect(checker.check(object, context)).toEqual(first);
      expect(JSON.stringify(object)).toBe(before);
    }
  });
});
