import { invalidInput } from '../core/errors.ts';
import type { ObjectRef, Severity } from '../core/finding.ts';
import { REPOSITORY_ANNOTATION } from '../model/labels.ts';
import { type CelScope, celCompiler, toCel } from './cel.ts';
import { createJudge, type Judge, type Violation } from './judge.ts';
import type { RuleParams } from './params.ts';
import { isRecord, valueAt } from './paths.ts';
import { groupKind } from './resources.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules/index.ts';

export type { Violation } from './judge.ts';

export interface CheckerOptions {
  readonly params: RuleParams;
  /** @default all of greenroom's own */
  readonly rules?: readonly Rule[];
  /** By rule id. @default what each rule says */
  readonly severities?: Readonly<Record<string, Severity | 'off'>>;
  /** Whom every sentence names. @default the platform team */
  readonly contact?: string;
}

export interface CheckContext {
  /** The Namespace that the object is going to. @default one of the name in `metadata.namespace`, without labels */
  readonly namespaceObject?: unknown;
  /**
   * Whose object it is. What the platform writes itself (the fence) is held to the rules for everyone only, as
   * admission holds its accounts.
   * @default maker
   */
  readonly writer?: 'maker' | 'platform';
}

/** Judges objects by a set of rules; expressions are compiled once, when the first object that they match comes. */
export interface Checker {
  readonly rules: readonly Rule[];
  /**
   * All that the rules have to say of one object; empty lets it pass. In the order of the rules.
   *
   * @throws GreenroomError `invalid-input` for what is no Kubernetes object, or is too large to be judged
   */
  check(object: unknown, context?: CheckContext): Violation[];
}

export const DEFAULT_CONTACT = 'the platform team';

/** @throws GreenroomError `invalid-input` for a severity of a rule that does not exist, or two rules of one id */
export function createChecker(options: CheckerOptions): Checker {
  const rules = activeRules(options);
  const contact = options.contact ?? DEFAULT_CONTACT;
  const params = toCel(options.params);
  const compiler = celCompiler();
  const judges = new Map<Rule, Judge>();
  const byKind = new Map<string, { rule: Rule; judge: Judge }[]>();

  const judgeOf = (rule: Rule): Judge => {
    let judge = judges.get(rule);
    if (!judge) {
      judge = createJudge(rule, compiler.compile, contact);
      judges.set(rule, judge);
    }
    return judge;
  };
  const judgesFor = (apiVersion: string, kind: string): { rule: Rule; judge: Judge }[] => {
    const key = groupKind(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind);
    let list = byKind.get(key);
    if (!list) {
      list = rules.filter((rule) => matches(rule, key)).map((rule) => ({ rule, judge: judgeOf(rule) }));
      byKind.set(key, list);
    }
    return list;
  };

  return {
    rules,
    check(input, context = {}) {
      const ref = objectRef(input);
      const object = judgeable(input);
      const scope: CelScope = {
        object,
        params,
        namespaceObject: context.namespaceObject === undefined ? ownNamespace(ref) : toCel(context.namespaceObject),
        variables: {},
      };
      const violations: Violation[] = [];
      for (const { rule, judge } of judgesFor(ref.apiVersion, ref.kind)) {
        if (context.writer === 'platform' && rule.scope === 'makers') continue;
        if (rule.needsRepository && !namesRepository(scope.namespaceObject)) continue;
        judge(scope, ref, violations);
      }
      return violations;
    },
  };
}

function namesRepository(namespaceObject: unknown): boolean {
  return valueAt(namespaceObject, ['metadata', 'annotations', REPOSITORY_ANNOTATION]) !== undefined;
}

function activeRules({ rules = RULES, severities = {}, params }: CheckerOptions): Rule[] {
  const ids = new Set(rules.map((rule) => rule.id));
  if (ids.size < rules.length) {
    const twice = rules.find((rule, i) => rules.findIndex((other) => other.id === rule.id) !== i);
    throw invalidInput([{ message: `two rules have the id ${twice?.id}` }]);
  }
  const unknown = Object.keys(severities).filter((id) => !ids.has(id));
  if (unknown.length > 0) {
    throw invalidInput(
      unknown.map((id) => ({ field: `policies.severities.${id}`, message: 'is not the id of a rule' })),
    );
  }
  const severityOf = (rule: Rule) => (Object.hasOwn(severities, rule.id) ? severities[rule.id] : rule.severity);
  return rules.flatMap((rule) => {
    const severity = severityOf(rule);
    if (severity === 'off' || severity === undefined || rule.active?.(params) === false) return [];
    return [severity === rule.severity ? rule : { ...rule, severity }];
  });
}

function matches(rule: Rule, key: string): boolean {
  return rule.match === 'any' || rule.match.some(({ group, kind }) => groupKind(group, kind) === key);
}

function objectRef(input: unknown): ObjectRef {
  if (!isRecord(input)) throw invalidInput([{ message: 'is not a Kubernetes object: a map with apiVersion and kind' }]);
  const { apiVersion, kind } = input;
  const metadata = isRecord(input['metadata']) ? input['metadata'] : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    const field = typeof apiVersion === 'string' ? 'kind' : 'apiVersion';
    throw invalidInput([{ field, message: 'is missing or no text, so this is no Kubernetes object' }]);
  }
  const namespace = metadata['namespace'];
  const name = metadata['name'] ?? metadata['generateName'];
  return {
    apiVersion,
    kind,
    ...(typeof namespace === 'string' && { namespace }),
    name: typeof name === 'string' ? name : '',
  };
}

function judgeable(input: unknown): unknown {
  try {
    return toCel(input);
  } catch (error) {
    if (error instanceof RangeError) throw invalidInput([{ message: `the object ${error.message}` }], error);
    throw error;
  }
}

function ownNamespace({ namespace }: ObjectRef): unknown {
  return namespace === undefined ? null : { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
}
