import { expect, it } from 'vitest';
import { createChecker, defineRule, inside, listAt, RULES } from '../../lib/index.ts';
import { PARAMS } from './support.ts';

it("a platform team's own rule stands beside greenroom's", () => {
  const rule = defineRule({
    id: 'no-cookies-by-config',
    title: 'No cookie domains in ConfigMaps',
    message: 'A ConfigMap sets a cookie domain: remove COOKIE_DOMAIN, or ask {contact}.',
    source: 'Acme web guidelines, 4.2',
    why: 'Cookies for the whole domain reach every other preview.',
    severity: 'warn',
    match: [{ group: '', kind: 'ConfigMap', resource: 'configmaps' }],
    conditions: [
      { cel: '!has(object.data) || !("COOKIE_DOMAIN" in object.data)', field: 'data.COOKIE_DOMAIN', fix: 'remove' },
    ],
    examples: { good: '', bad: '' },
  });
  const checker = createChecker({ params: PARAMS, extraRules: [rule], contact: '@web' });
  const metadata = { name: 'web', namespace: 'pr-shop-7' };
  expect(checker.check({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { A: 'b' } })).toEqual([]);
  expect(checker.check({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { COOKIE_DOMAIN: 'x' } })).toEqual([
    {
      rule: 'no-cookies-by-config',
      severity: 'warn',
      message: 'A ConfigMap sets a cookie domain: remove COOKIE_DOMAIN, or ask @web.',
      field: 'data.COOKIE_DOMAIN',
      edit: { path: ['data', 'COOKIE_DOMAIN'] },
      object: { apiVersion: 'v1', kind: 'ConfigMap', ...metadata },
    },
  ]);
});

it('judges lists inside lists item by item', () => {
  const rule = defineRule({
    ...RULES[0]!,
    id: 'methods',
    match: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', resource: 'httproutes' }],
    conditions: [
      { over: inside(listAt('spec.rules'), 'matches'), cel: 'it.?method.orValue("GET") == "GET"', field: 'method' },
    ],
  });
  const object = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web' },
    spec: { rules: [{}, { matches: [{ method: 'GET' }, { method: 'PUT' }] }] },
  };
  const violations = createChecker({ params: PARAMS, onlyRules: [rule] }).check(object);
  expect(violations.map((v) => v.field)).toEqual(['spec.rules[1].matches[1].method']);
});
