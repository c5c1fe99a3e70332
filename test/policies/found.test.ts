import { expect, test } from 'vitest';
import { createChecker } from '../../lib/policies/checker.ts';
import { CASE_NAMESPACE, listCases } from './cases.ts';

/** What a refusal says was found, of the case of that name. */
function found(rule: string, name: string): string[] {
  const { object, params } = listCases().find((each) => each.rule === rule && each.name === name)!;
  const causes = createChecker({ params }).causes(object, { namespaceObject: CASE_NAMESPACE });
  return causes.filter((cause) => cause.rule === rule).map(({ message }) => /Found (.*)[.]$/.exec(message)?.[1] ?? '');
}

test.each([
  ['own-secrets', 'neighbour', 'acme/billing/stripe, where references begin with acme/shop/'],
  ['own-host', 'default-backend', 'a defaultBackend, which answers at every host'],
  ['own-namespace', 'other-namespace', 'the namespace pr-shop-8'],
  ['no-external-name', 'external-name', 'metadata.internal'],
  ['ingress-paths', 'route-mirror', 'the filter RequestMirror'],
  ['ingress-paths', 'host-header', 'the filter RequestHeaderModifier of a header that steers requests'],
  ['plain-secrets', 'template', 'a template'],
  ['no-inline-secrets', 'name-pw', 'ROOT_PW in container web'],
])('%s, %s: what was found is said', (rule, name, words) => {
  expect(found(rule, name)).toEqual([words]);
});
