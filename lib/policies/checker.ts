import { invalidInput } from '../core/errors.ts';
import type { ObjectRef } from '../core/finding.ts';
import { isRecord, valueAt } from '../core/json.ts';
import { REPOSITORY_ANNOTATION } from '../model/labels.ts';
import { causesOf, type FindingCause } from './causes.ts';
import { type CelCompiler, type CelScope, createCelCompiler, toCel } from './cel.ts';
import { createEvaluator, type RuleEvaluator, type Violation } from './evaluate.ts';
import type { RuleParams } from './params.ts';
import { groupKind } from './resources.ts';
import type { Rule } from './rule.ts';
import { activeRules, chosenRules, type RuleChoice, type Severities } from './rule-set.ts';

export type { Violation } from './evaluate.ts';

/** Options of a checker. */
export interface CheckerOptions extends RuleChoice {
  readonly params: RuleParams;
  /** By rule id. @default - each rule's own severity */
  readonly severities?: Severities;
  /** The contact that every message names. @default the platform team */
  readonly contact?: string;
  /** A shared CEL compiler, for callers that create many checkers. @default - a new one */
  readonly cel?: CelCompiler | undefined;
}

/** The context in which an object is checked. */
export interface CheckContext {
  /** The Namespace that the object will be in. @default one with the name in `metadata.namespace`, without labels */
  readonly namespaceObject?: unknown;
  /**
   * Who writes the object. Objects that the platform writes (the fence) are checked only by the rules for everyone, as
   * admission does for its accounts.
   * @default maker
   */
  readonly writer?: 'maker' | 'platform';
}

/** Checks objects with a set of rules. Expressions are compiled once, for the first object that they match. */
export interface Checker {
  readonly rules: readonly Rule[];
  /**
   * All violations of one object, in the order of the rules; empty if it passes.
   *
   * @throws GreenroomError `invalid-input` if it is not a Kubernetes object, or too large to be checked
   */
  check(object: unknown, context?: CheckContext): Violation[];
  /**
   * The same as reported to people: one entry per cause, with what was found and where.
   *
   * @throws GreenroomError like {@link check}
   */
  causes(object: unknown, context?: CheckContext): FindingCause[];
}

export const DEFAULT_CONTACT = 'the platform team';

/** @throws GreenroomError `invalid-input` for a severity of an unknown rule, or two rules with the same id */
export function createChecker(options: CheckerOptions): Checker {
  const rules = activeRules(chosenRules(options), options);
  const { contact = DEFAULT_CONTACT, cel = createCelCompiler() } = options;
  const params = toCel(options.params);
  const evaluators = new Map<Rule, RuleEvaluator>();
  const byKind = new Map<string, { rule: Rule; evaluate: RuleEvaluator }[]>();

  const evaluatorOf = (rule: Rule): RuleEvaluator => {
    let evaluate = evaluators.get(rule);
    if (!evaluate) {
      evaluate = createEvaluator(rule, cel.compile, { contact, params: options.params });
      evaluators.set(rule, evaluate);
    }
    return evaluate;
  };
  const evaluatorsFor = (apiVersion: string, kind: string): { rule: Rule; evaluate: RuleEvaluator }[] => {
    const key = groupKind(apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '', kind);
    let list = byKind.get(key);
    if (!list) {
      list = rules.filter((rule) => matches(rule, key)).map((rule) => ({ rule, evaluate: evaluatorOf(rule) }));
      byKind.set(key, list);
    }
    return list;
  };

  const impliedBy = new Map(rules.flatMap((rule) => (rule.impliedBy ? [[rule.id, rule.impliedBy] as const] : [])));
  const checker: Checker = {
    rules,
    causes: (input, context) => causesOf(checker.check(input, context), impliedBy),
    check(input, context = {}) {
      const ref = objectRef(input);
      const object = readable(input);
      const scope: CelScope = {
        object,
        oldObject: null,
        params,
        namespaceObject: context.namespaceObject === undefined ? ownNamespace(ref) : toCel(context.namespaceObject),
        variables: {},
      };
      const violations: Violation[] = [];
      for (const { rule, evaluate } of evaluatorsFor(ref.apiVersion, ref.kind)) {
        if (context.writer === 'platform' && rule.scope === 'makers') continue;
        if (rule.needsRepository && !namesRepository(scope.namespaceObject)) continue;
        evaluate(scope, ref, violations);
      }
      return violations;
    },
  };
  return checker;
}

function namesRepository(namespaceObject: unknown): boolean {
  return valueAt(namespaceObject, ['metadata', 'annotations', REPOSITORY_ANNOTATION]) !== undefined;
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
    throw invalidInput([{ field, message: 'is missing or not text, so this is not a Kubernetes object' }]);
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

function readable(input: unknown): unknown {
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
