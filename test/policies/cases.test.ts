import { describe, expect, it } from 'vitest';
import { createChecker } from '../../lib/policies/checker.ts';
import { ruleMessage } from '../../lib/policies/rule.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { CASE_NAMESPACE, listCases } from './cases.ts';

const cases = listCases();

it('every case is of a rule that there is', () => {
  const known = RULES.map(({ id }) => id);
  const unknown = [...new Set(cases.map((c) => c.rule))].filter((rule) => !known.includes(rule));
  expect(unknown, 'folders of test/policies/cases whose name is no id of a rule in RULES').toEqual([]);
});

it('every rule has at least four cases, both verdicts among them', () => {
  for (const { id } of RULES) {
    const verdicts = cases.filter(({ rule }) => rule === id).map((c) => c.expect.verdict);
    const files = `files in test/policies/cases/${id}`;
    expect(verdicts.length, files).toBeGreaterThanOrEqual(4);
    expect([...new Set(verdicts)].sort(), files).toEqual(['allow', 'deny']);
  }
});

it('every sentence reads well where no platform is at hand', () => {
  const left = RULES.map((rule) => ruleMessage(rule, 'the platform team')).filter((text) => text.includes('{'));
  expect(left, 'give the parameter its words in ANY_PLATFORM of lib/policies/rule.ts').toEqual([]);
});

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it.each(cases.filter((c) => c.rule === id).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const checker = createChecker({ params: c.params, onlyRules: [rule] });
    const violations = checker.check(c.object, { namespaceObject: CASE_NAMESPACE });
    expect(violations.length > 0 ? 'deny' : 'allow', c.expect.why).toBe(c.expect.verdict);
    // The object is at fault in every case, and every finding points somewhere.
    const unread = violations.filter((v) => v.ruleAtFault);
    expect(unread, 'missing fields are read with .?, and lib/policies/shape.ts names the types of all').toEqual([]);
    expect(violations.filter((v) => v.field === '')).toEqual([]);
    if (c.expect.fields) expect(violations.map((v) => v.field)).toEqual(c.expect.fields);
  });
});
