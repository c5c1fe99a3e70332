import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ADMISSION_KINDS } from '../../../lib/doctor/cluster/admission.ts';
import type { Exception } from '../../../lib/model/exception.ts';
import { ENGINES, type Engine } from '../../../lib/model/platform.ts';
import { compileOptions, compilePolicies, type KubeObject, policyFiles } from '../../../lib/policies/engines/index.ts';
import { ruleParams } from '../../../lib/policies/params.ts';
import { CONFIG_MAP, PODS } from '../../../lib/policies/resources.ts';
import { CONTAINERS, defineRule, type Rule, type RuleSpec, ruleMessage } from '../../../lib/policies/rule.ts';
import { RULES } from '../../../lib/policies/rules/index.ts';
import { platform as platformOf } from '../../support/inputs.ts';
import { STRICT_PLATFORM as platform } from '../support.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests of many kinds
type Loose = any;

const base: RuleSpec = {
  id: 'sample-rule',
  title: 'A sample',
  message: 'Take the sample away, or ask {contact}.',
  source: 'none',
  why: 'to be tried out',
  match: PODS,
  conditions: [{ over: CONTAINERS, cel: 'it.image.startsWith(params.domain)', field: 'image' }],
  examples: { good: '', bad: '' },
};
const rule = (spec: Partial<RuleSpec> = {}): Rule => defineRule({ ...base, ...spec });

function compile(engine: Engine, rules: readonly Rule[], more: Record<string, unknown> = {}): Loose[] {
  return compilePolicies({ ...compileOptions(platform, engine), onlyRules: rules, ...more }) as Loose[];
}

/** The objects that stand for rules, without the guards. */
const forRules = (objects: readonly KubeObject[]) =>
  objects.filter((o) => !/greenroom-(namespace-labels|preview-accounts)$/.test(o.metadata.name)) as Loose[];

interface Validation {
  expression: string;
  message: string;
}

/** Where the objects of an engine have what every engine must have. */
interface Places {
  validation(policy: Loose): Validation;
  variables(policy: Loose): { name: string; expression: string }[];
  /** What it does with a request that a rule refuses: the objects of one rule in, JSON out. */
  action(objects: Loose[]): unknown;
  /** The results of `action` with the severities deny and warn. */
  actions: readonly [unknown, unknown];
}

const LIKE_VAP = {
  validation: (policy: Loose) => policy.spec.validations[0],
  variables: (policy: Loose) => policy.spec.variables,
  actions: [['Deny'], ['Warn', 'Audit']],
} as const;
const ofTemplate = (policy: Loose) => policy.spec.targets[0].code[0].source;

const PLACES: Readonly<Record<Engine, Places>> = {
  vap: { ...LIKE_VAP, action: ([, binding]) => binding.spec.validationActions },
  kyverno: { ...LIKE_VAP, action: ([policy]) => policy.spec.validationActions },
  'kyverno-legacy': {
    validation: (policy) => policy.spec.rules[0].validate.cel.expressions[0],
    variables: (policy) => policy.spec.rules[0].validate.cel.variables,
    action: ([policy]) => [policy.spec.emitWarning, policy.spec.rules[0].validate.failureAction],
    actions: [
      [undefined, 'Enforce'],
      [true, 'Audit'],
    ],
  },
  gatekeeper: {
    validation: (policy) => ofTemplate(policy).validations[0],
    variables: (policy) => ofTemplate(policy).variables,
    action: ([, constraint]) => constraint.spec.enforcementAction,
    actions: ['deny', 'warn'],
  },
};

describe.each(ENGINES)('%s', (engine) => {
  const validation = (objects: Loose[]) => PLACES[engine].validation(forRules(objects)[0]);
  const variables = (objects: Loose[]) => PLACES[engine].variables(forRules(objects)[0]);

  test('writes every rule, each with its own sentence', () => {
    const objects = forRules(compile(engine, RULES));
    const text = JSON.stringify(objects);
    for (const each of RULES) {
      expect(objects.some((o) => o.metadata.name === `greenroom-${each.id}`)).toBe(true);
      expect(text).toContain(JSON.stringify(ruleMessage(each, '@platform', ruleParams(platform))));
    }
  });

  test('keeps the text of a rule but for its parameters, of which it holds only those that are read', () => {
    const objects = compile(engine, [rule()]);
    expect(validation(objects)).toEqual({
      expression: '(variables.containers.all(it, it.image.startsWith(variables.parameters.domain)))',
      message: 'Take the sample away, or ask @platform.',
    });
    expect(variables(objects)[0]).toEqual({
      name: 'parameters',
      expression: '{"domain": dyn("apps.example.com")}',
    });
  });

  test('leaves out what is off or not asked for', () => {
    expect(forRules(compile(engine, [rule()], { severities: { 'sample-rule': 'off' } }))).toEqual([]);
    expect(forRules(compile(engine, [rule({ active: () => false })]))).toEqual([]);
  });

  test('warns instead of refusing where the platform says so', () => {
    const action = (objects: Loose[]) => PLACES[engine].action(forRules(objects));
    expect([
      action(compile(engine, [rule()])),
      action(compile(engine, [rule()], { severities: { 'sample-rule': 'warn' } })),
    ]).toEqual(PLACES[engine].actions);
  });

  test('writes kinds that no platform can allow to others, and that doctor looks for', () => {
    const objects = forRules(compile(engine, RULES));
    expect(ADMISSION_KINDS, 'KINDS in lib/doctor/cluster/admission.ts').toContain(objects[0].kind);
    for (const group of new Set(objects.map(({ apiVersion }) => apiVersion.split('/')[0]))) {
      const allowed = () => platformOf(`fenceKinds: [${group}/Thing]`);
      expect(allowed, `${group}: FORBIDDEN_GROUPS in lib/model/platform/kinds.ts`).toThrow(`${group}/Thing`);
    }
  });

  test('fails closed, on CREATE and UPDATE, in namespaces that carry the label, debug containers included', () => {
    const objects = forRules(compile(engine, [rule()]));
    const text = JSON.stringify(objects);
    expect(text).toContain('"failurePolicy":"Fail"');
    expect(text).toContain('["CREATE","UPDATE"]');
    expect(text).toContain(
      '"namespaceSelector":{"matchExpressions":[{"key":"greenroom.dev/preview","operator":"Exists"}]}',
    );
    // Gatekeeper's webhook, not its constraint, says which subresources it sees.
    if (engine !== 'gatekeeper') {
      expect(text).toContain('/ephemeralcontainers"');
      expect(text).toContain('/resize"');
    }
  });

  test('lets trusted accounts pass rules about what makers write, and only those', () => {
    const account = 'system:serviceaccount:external-secrets:external-secrets';
    const makers = JSON.stringify(forRules(compile(engine, [rule({ scope: 'makers' })])));
    for (const trusted of [
      account,
      'system:serviceaccount:argocd:preview-fencer',
      'system:serviceaccounts:kube-system',
    ]) {
      expect(makers).toContain(trusted);
    }
    expect(JSON.stringify(forRules(compile(engine, [rule()])))).not.toContain(account);
  });

  test('judges what is not in a preview where the rule says so', () => {
    const text = JSON.stringify(forRules(compile(engine, [rule({ place: 'reconciler' })])));
    expect(text).not.toContain('namespaceSelector');
  });

  test('writes exceptions into the policies of their rules', () => {
    const exception = (more: Partial<Exception>): Exception => ({
      name: 'x',
      rules: ['sample-rule'],
      reason: 'r',
      approver: '@a',
      until: 0,
      file: 'exceptions/x.yaml',
      ...more,
    });
    const exceptions = [exception({ preview: 'pr-shop-7' }), exception({ repository: 'Acme/Web' })];
    const objects = compile(engine, [rule()], { exceptions });
    expect(validation(objects).expression).toMatch(/^variables\.excepted \|\| \(/);
    const excepted = variables(objects).find((v) => v.name === 'excepted');
    expect(excepted?.expression).toContain('in ["pr-shop-7"]');
    expect(excepted?.expression).toContain('in ["acme/web"]');
    const other = compile(engine, [rule({ id: 'other-rule' })], { exceptions });
    expect(JSON.stringify(other)).not.toContain('excepted');
  });

  test.each([
    ['does not parse', { conditions: [{ cel: 'object.', field: 'x' }] }],
    [
      'reads what not every engine has',
      { conditions: [{ cel: 'authorizer.path("/x").check("get").allowed()', field: 'x' }] },
    ],
    [
      'calls what not every engine has',
      { conditions: [{ cel: 'time.now() > timestamp("2026-01-01T00:00:00Z")', field: 'x' }] },
    ],
    ['matches nothing', { match: [] }],
    ['says nothing', { message: ' ' }],
    ['says several lines', { message: 'a\nb' }],
    ['has a name that no object can have', { id: 'Not_A_Label' }],
    ['has too long a name', { id: `a${'-b'.repeat(25)}` }],
  ] as [string, Partial<RuleSpec>][])('refuses to leave out a rule that %s', (_, spec) => {
    expect(() => compile(engine, [rule(), rule({ id: 'broken', ...spec })])).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(`written for ${engine}`) }),
    );
  });

  test('gives each object a file of its own, which reads back as the object', () => {
    const objects = compile(engine, RULES);
    const files = policyFiles(objects);
    expect(files.size).toBe(objects.length);
    for (const object of objects) {
      const path = `${object.kind}.${object.metadata.name}.yaml`.toLowerCase();
      expect(parse(files.get(path) as string)).toEqual(JSON.parse(JSON.stringify(object)));
    }
    expect([...policyFiles(compile(engine, RULES))]).toEqual([...files]);
  });

  test('always comes with the guards, which need no controller', () => {
    const guards = compile(engine, []).filter((o) => o.kind === 'ValidatingAdmissionPolicy');
    expect(guards.map((o) => o.metadata.name)).toEqual(['greenroom-namespace-labels', 'greenroom-preview-accounts']);
  });
});

describe('compilePolicies', () => {
  test('knows its engines, and says so', () => {
    const unknown = 'opa' as Engine;
    expect(() => compile(unknown, [])).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        message: `there is no admission engine opa; known are ${ENGINES.join(', ')}`,
      }),
    );
    expect(() => compile('toString' as Engine, [])).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });

  test('refuses severities of rules that there are not', () => {
    expect(() => compile('vap', [rule()], { severities: { 'sample-rul': 'warn' } })).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('sample-rul') }),
    );
  });

  test('asks rules about any kind of whole objects only, though Gatekeeper sees Scale and Eviction', () => {
    const any = rule({ match: 'any', conditions: [{ cel: 'object.kind != ""', field: 'kind' }] });
    const source = (objects: Loose[]) => forRules(objects)[0].spec.targets[0].code[0].source;
    expect(source(compile('gatekeeper', [any])).matchCondition).toContainEqual({
      name: 'whole-objects',
      expression: "request.?subResource.orValue('') == ''",
    });
    const names = source(compile('gatekeeper', [rule()])).matchCondition.map(({ name }: Loose) => name);
    expect(names).toEqual(['not-terminating']);
  });

  test("keeps out of the way of Kyverno's own variables in a ClusterPolicy", () => {
    const cel = 'object.kind != "$(x) {{ y }}"';
    const compiled = compile('kyverno-legacy', [rule({ conditions: [{ cel, field: 'kind' }] })]);
    expect(PLACES['kyverno-legacy'].validation(forRules(compiled)[0]).expression).toBe(
      String.raw`(object.kind != "\u0024(x) \u007b\u007b y }}")`,
    );
    const raw = { conditions: [{ cel: 'object.kind.matches(r"^x$(y)")', field: 'kind' }] } as const;
    for (const spec of [raw, { message: 'Use {{ this }}.' }]) {
      expect(() => compile('kyverno-legacy', [rule(spec)])).toThrow(
        expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('sample-rule') }),
      );
      expect(forRules(compile('vap', [rule(spec)]))).toHaveLength(2);
    }
  });

  test('names kinds in the way of each engine', () => {
    const rules = [rule({ match: [CONFIG_MAP], conditions: [{ cel: 'has(object.data)', field: 'data' }] })];
    const [vap] = forRules(compile('vap', rules));
    expect(vap.spec.matchConstraints.resourceRules).toEqual([
      {
        apiGroups: [''],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['configmaps'],
        scope: 'Namespaced',
      },
    ]);
    const [legacy] = forRules(compile('kyverno-legacy', rules));
    expect(legacy.spec.rules[0].match.any[0].resources.kinds).toEqual(['*/ConfigMap']);
    const [, constraint] = forRules(compile('gatekeeper', rules));
    expect(constraint.spec.match.kinds).toEqual([{ apiGroups: [''], kinds: ['ConfigMap'] }]);
  });
});

test('the older policies of Kyverno beside Knative are refused, which Kyverno itself would do in the cluster', () => {
  const knative = { ...platform, knative: true };
  expect(() => compileOptions(knative, 'kyverno-legacy')).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ field: 'spec.policies.engines' })] }),
  );
  expect(compileOptions(knative, 'kyverno').engine).toBe('kyverno');
});

test('rules of one place are compiled alone, the guards with those of previews', () => {
  const names = (place: Rule['place']) =>
    compilePolicies({ ...compileOptions(platform, 'vap'), place }).map(({ metadata }) => metadata.name);
  expect(new Set(names('reconciler'))).toEqual(new Set(['greenroom-own-application']));
  expect(names('preview')).not.toContain('greenroom-own-application');
  expect(names('preview')).toEqual(expect.arrayContaining(['greenroom-namespace-labels', 'greenroom-no-privileged']));
});
