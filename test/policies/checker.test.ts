import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createChecker } from '../../lib/policies/checker.ts';
import { loadExceptions } from '../../lib/policies/exceptions.ts';
import { defineRule } from '../../lib/policies/rule.ts';
import { RULES } from '../../lib/policies/rules/index.ts';
import { platform } from '../support/inputs.ts';
import { CASE_NAMESPACE } from './cases.ts';
import { PARAMS, STRICT_PARAMS } from './support.ts';

const checker = createChecker({ params: PARAMS });
const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec });
const rulesOf = (object: unknown) => checker.check(object).map((v) => v.rule);

describe('rules', () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))('%s agrees with its own examples', (id, rule) => {
    const only = createChecker({ params: STRICT_PARAMS, onlyRules: [rule] });
    const context = { namespaceObject: CASE_NAMESPACE };
    expect(only.check(parse(rule.examples.good), context)).toEqual([]);
    const violations = only.check(parse(rule.examples.bad), context);
    expect(violations.map((v) => [v.rule, v.ruleAtFault])).toContainEqual([id, undefined]);
    for (const { field } of violations) expect(field).not.toBe('');
  });
});

describe('checker', () => {
  it('points at each container that is refused, whatever list it is in', () => {
    const bad = { name: 'x', securityContext: { privileged: true } };
    const violations = checker.check(pod({ containers: [{ name: 'ok' }, bad], ephemeralContainers: [bad] }));
    expect(violations.filter((v) => v.rule === 'no-privileged').map((v) => v.field)).toEqual([
      'spec.containers[1].securityContext.privileged',
      'spec.ephemeralContainers[0].securityContext.privileged',
    ]);
  });

  it('refuses a wrong type and names the field, without blaming the rule', () => {
    const [violation] = checker.check(pod({ containers: 'x' })).filter((v) => v.rule === 'no-privileged');
    expect(violation).toMatchObject({ field: 'spec.containers' });
    expect(violation?.ruleAtFault).toBeUndefined();
  });

  it.each([
    ['does not parse', 'object.kind =='],
    ['is unknown', 'frobnicate(object)'],
    ['fails at run time', 'object.spec.nothing.here == 1'],
    ['gives no bool', 'object.kind'],
    ['uses what engines lack', 'object.kind.matches("(?i)pod")'],
  ])('refuses with the rule at fault when its expression %s', (_, cel) => {
    const rule = defineRule({ ...RULES[0]!, id: 'broken', match: 'any', conditions: [{ cel, field: 'kind' }] });
    const [violation] = createChecker({ params: PARAMS, onlyRules: [rule] }).check(pod({}));
    expect(violation).toMatchObject({ rule: 'broken', severity: 'deny', ruleAtFault: true });
    expect(violation?.message).toContain('broken');
  });

  it('takes severities from the platform and refuses unknown ids', () => {
    const warn = createChecker({ params: PARAMS, severities: { 'no-privileged': 'warn', 'allowed-kinds': 'off' } });
    const bad = pod({ containers: [{ name: 'x', securityContext: { privileged: true } }] });
    expect(warn.check(bad).find((v) => v.rule === 'no-privileged')?.severity).toBe('warn');
    expect(warn.rules.map((r) => r.id)).not.toContain('allowed-kinds');
    expect(() => createChecker({ params: PARAMS, severities: { nope: 'off' } })).toThrowError(/nope/);
  });

  it('cannot be switched off where other controls stand on a rule', () => {
    const severities = { 'reserved-keys': 'off' } as const;
    expect(() => createChecker({ params: PARAMS, severities })).toThrowError(/reserved-keys: cannot be changed/);
    const exception = `apiVersion: greenroom.dev/v1alpha1
kind: Exception
spec: { rule: reserved-keys, preview: pr-shop-7, reason: none at all, approver: "@alice", until: 2026-12-01 }
`;
    const files = new Map([['exceptions/x.yaml', exception]]);
    const { honoured, refused } = loadExceptions(files, {
      now: Date.UTC(2026, 10, 1) / 1000,
      platform: platform(),
      rules: RULES,
    });
    expect(honoured).toEqual([]);
    expect(refused).toEqual([
      expect.objectContaining({ message: expect.stringContaining('no exception from reserved-keys') }),
    ]);
  });

  it('holds kinds that no rule knows to the list of allowed kinds', () => {
    expect(rulesOf({ apiVersion: 'x.example/v1', kind: 'Widget', metadata: { name: 'a' } })).toContain('allowed-kinds');
    expect(rulesOf({ apiVersion: 'x.example/v1', kind: 'Deployment', metadata: { name: 'a' } })).toContain(
      'allowed-kinds',
    );
  });

  it("holds the platform's own objects to the rules for everyone only", () => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'a', namespace: 'pr-shop-7' } };
    expect(rulesOf(quota)).toEqual(['allowed-kinds']);
    expect(checker.check(quota, { writer: 'platform' })).toEqual([]);
    const bad = pod({ containers: [{ name: 'x', securityContext: { privileged: true } }] });
    expect(checker.check(bad, { writer: 'platform' }).map((v) => v.rule)).toContain('no-privileged');
  });

  it.each([[null], ['text'], [[]], [{}], [{ kind: 'Pod' }]])('refuses %j as no object', (input) => {
    expect(() => checker.check(input)).toThrowError(expect.objectContaining({ code: 'invalid-input' }));
  });
});
