import { describe, expect, test } from 'vitest';
import { RECONCILER_NAMES } from '../lib/model/platform.ts';
import { createChecker } from '../lib/policies/checker.ts';
import { ruleParams } from '../lib/policies/params.ts';
import { ownApplication } from '../lib/policies/rules/own-application.ts';
import { ALL_RECONCILERS, RECONCILERS } from '../lib/reconcilers/index.ts';
import { listCases } from './policies/cases.ts';
import { platform } from './support/inputs.ts';
import { CLASS, operatedPostgres } from './support/operator.ts';

const once = (names: readonly string[]) => names.filter((name, i) => names.indexOf(name) !== i);

describe('what all reconcilers write into one rule', () => {
  test('is apart by name: params.application and variables hold those of all', () => {
    expect(once(ALL_RECONCILERS.flatMap(({ pinned }) => pinned.variables.map(({ name }) => name)))).toEqual([]);
    const values = new Map<string, unknown>();
    for (const [name, value] of ALL_RECONCILERS.flatMap(({ pinned }) => Object.entries(pinned.params))) {
      expect(values.get(name) ?? value, `params.${name} has two values`).toBe(value);
      values.set(name, value);
    }
  });
});

describe.each(RECONCILER_NAMES)('%s', (name) => {
  const spec = platform(`reconciler: ${name}\npolicies: { engines: [vap, kyverno] }`);
  const checker = createChecker({ params: ruleParams(spec), onlyRules: [ownApplication] });
  const made = RECONCILERS[name].preview?.objects('pr-shop-7', 'previews/main/shop/pr-shop-7', spec) ?? [];

  test('takes what greenroom itself writes beside a preview', () => {
    const violations = made.flatMap((object) => checker.check(JSON.parse(JSON.stringify(object))));
    expect(violations.map(({ object, field, found }) => ({ object: object.name, field, found }))).toEqual([]);
  });

  test('has kinds and keys that the settings of a platform cannot give away', () => {
    const { pinned, metadata } = RECONCILERS[name];
    for (const kind of pinned.kinds.map((each) => `${each.group}/${each.kind}`)) {
      const hint = `${kind}: its group is missing in FORBIDDEN_GROUPS of lib/model/platform/kinds.ts`;
      expect(() => platform(`fenceKinds: [${kind}]`), hint).toThrow(`must not contain ${kind}`);
      const parameters = `policies: { parameters: { allowedKinds: { ${kind}: true } } }`;
      expect(() => platform(parameters), hint).toThrow(`${kind} belongs to the platform`);
      const written = operatedPostgres(CLASS.replace('Secret: 4', `Secret: 4\n  ${kind}: 1`));
      expect(() => platform(written), hint).toThrow('belongs to the fence');
    }
    for (const domain of metadata.domains) {
      const hint = `${domain}: is missing in RESERVED of lib/model/platform/objects.ts`;
      expect(() => platform(`labels: { ${domain}/a: b }`), hint).toThrow('must be of a domain of your own');
      expect(() => platform(`labels: { sub.${domain}/a: b }`), hint).toThrow('must be of a domain of your own');
    }
  });

  test('writes beside a preview only kinds that it pins', () => {
    const pinned = RECONCILERS[name].pinned.kinds.map(({ kind }) => kind);
    expect(made.map(({ kind }) => kind).filter((kind) => !pinned.includes(kind))).toEqual([]);
  });

  test('has a case that passes, and one for each field that its conditions check', () => {
    const { kinds, conditions } = RECONCILERS[name].pinned;
    const cases = listCases().filter(
      ({ rule, object }) => rule === ownApplication.id && kinds.some(({ kind }) => kind === object['kind']),
    );
    const folder = `of ${kinds.map(({ kind }) => kind).join(', ')} in test/policies/cases/${ownApplication.id}`;
    expect(
      cases.filter(({ expect: { verdict } }) => verdict === 'allow').length,
      `cases that pass, ${folder}`,
    ).toBeGreaterThan(0);
    const refused = cases.flatMap(({ params, object }) =>
      createChecker({ params, onlyRules: [ownApplication] })
        .check(object)
        .map(({ field }) => field),
    );
    const missing = conditions
      .map(({ field }) => field)
      .filter((field) => !refused.some((one) => one.startsWith(field)));
    expect([...new Set(missing)], `fields that no case makes wrong, ${folder}`).toEqual([]);
  });
});
