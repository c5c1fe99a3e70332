import { describe, expect, it } from 'vitest';
import { createChecker } from '../../lib/policies/check.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { CASE_NAMESPACE, listCases } from './cases.ts';

const cases = listCases();

it('every rule has at least four cases, both verdicts among them, and every case a rule', () => {
  for (const { id } of RULES) {
    const verdicts = cases.filter(({ rule }) => rule === id).map((c) => c.expect.verdict);
    expect(verdicts.length, id).toBeGreaterThanOrEqual(4);
    expect([...new Set(verdicts)].sort(), id).toEqual(['allow', 'deny']);
  }
  expect([...new Set(cases.map((c) => c.rule))].sort()).toEqual(RULES.map((rule) => rule.id).sort());
});

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it.each(cases.filter((c) => c.rule === id).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const checker = createChecker({ params: c.params, onlyRules: [rule] });
    const violations = checker.check(c.object, { namespaceObject: CASE_NAMESPACE });
    expect(violations.length > 0 ? 'deny' : 'allow', c.expect.why).toBe(c.expect.verdict);
    // The object is at fault in every case, and every finding points somewhere.
    expect(violations.filter((v) => v.ruleAtFault || v.field === '')).toEqual([]);
    if (c.expect.fields) expect(violations.map((v) => v.field)).toEqual(c.expect.fields);
  });
});
