import { describe, expect, test } from 'vitest';
import { RECONCILER_NAMES } from '../lib/model/platform.ts';
import { createChecker } from '../lib/policies/checker.ts';
import { ruleParams } from '../lib/policies/params.ts';
import { ownApplication } from '../lib/policies/rules/own-application.ts';
import { ALL_RECONCILERS, RECONCILERS } from '../lib/reconcilers/index.ts';
import { platform } from './support/inputs.ts';

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

  test('writes beside a preview only kinds that it pins', () => {
    const pinned = RECONCILERS[name].pinned.kinds.map(({ kind }) => kind);
    expect(made.map(({ kind }) => kind).filter((kind) => !pinned.includes(kind))).toEqual([]);
  });
});
