import type { Exception } from '../../model/exception.ts';
import { REPOSITORY_ANNOTATION } from '../../model/labels.ts';
import type { RuleParams } from '../params.ts';
import { type Rule, ruleMessage } from '../rule.ts';
import type { Variable } from '../variable.ts';
import { variablesOf } from '../variables.ts';
import { celLiteral, renameVariable } from './cel-text.ts';
import { type OperatorWork, operatorCondition } from './operators.ts';
import { type AdmissionPolicy, ANY_KIND } from './policy.ts';

export interface RulePolicyOptions {
  readonly params: RuleParams;
  /** The contact that the message names. */
  readonly contact: string;
  /** Valid exceptions. */
  readonly exceptions: readonly Exception[];
  /** User names of accounts, or names of groups, to which rules of the scope `makers` do not apply. */
  readonly trusted: readonly string[];
  /** What operators of the platform may write, to which rules of the scope `makers` do not apply either. */
  readonly operators: readonly OperatorWork[];
}

/**
 * A rule as an admission policy. Its CEL is unchanged except for `params`, which every engine passes in a different
 * way: the parameters that it reads are written into the policy, as the variable `parameters`.
 */
export function rulePolicy(rule: Rule, options: RulePolicyOptions): AdmissionPolicy {
  const inlined = ({ name, expression }: Variable) => ({
    name,
    expression: renameVariable(expression, 'params', PARAMETERS),
  });
  const variables = variablesOf(rule.cel).map(inlined);
  const { expression } = inlined({ name: rule.id, expression: rule.cel });
  const excepted = exceptedBy(options.exceptions.filter(({ rules }) => rules.includes(rule.id)));
  const exceptions = exceptionsVariable(excepted);
  return {
    name: `greenroom-${rule.id}`,
    title: rule.title,
    message: ruleMessage(rule, options.contact, options.params),
    severity: rule.severity,
    operations: ['CREATE', 'UPDATE'],
    targets: rule.match === 'any' ? [ANY_KIND] : rule.match,
    scope: rule.place === 'preview' ? 'previews' : 'everywhere',
    conditions: [
      ...(rule.scope === 'makers' ? [trustCondition(options.trusted), ...operatorCondition(options.operators)] : []),
      ...(rule.match === 'any' && rule.scope === 'makers' ? [NOT_AN_EVENT] : []),
      ...(rule.place === 'preview' ? [NOT_TERMINATING] : []),
    ],
    variables: [
      ...parametersVariable([...variables.map((v) => v.expression), expression], options.params),
      ...exceptions,
      ...variables,
    ],
    excepted,
    expression: exceptions.length > 0 ? `variables.excepted || (${expression})` : expression,
  };
}

/**
 * An object that is being deleted only waits for its finalizers. No rule may prevent anybody from removing them, as
 * long as the content does not change.
 */
const NOT_TERMINATING: Variable = {
  name: 'not-terminating',
  expression: [
    "request.?operation.orValue('') != 'UPDATE' || oldObject == null || !has(oldObject.metadata.deletionTimestamp)",
    'dyn(object).?spec != dyn(oldObject).?spec || dyn(object).?data != dyn(oldObject).?data',
  ].join(' || '),
};

/**
 * Ingress controllers, cert-manager and others report in Events next to the object. Nothing acts on Events, and no
 * account of a preview may write them.
 */
const NOT_AN_EVENT: Variable = {
  name: 'not-an-event',
  expression: "!(dyn(object).kind == 'Event' && dyn(object).apiVersion in ['v1', 'events.k8s.io/v1'])",
};

const PARAMETERS = 'variables.parameters';

/** Only the parameters that the rule reads, so that a change of one parameter changes only the policies that use it. */
function parametersVariable(texts: readonly string[], params: RuleParams): Variable[] {
  const read = new Set(
    texts.flatMap((text) => [...text.matchAll(/variables\.parameters\.(\w+)/g)].map(([, key]) => key)),
  );
  const entries = Object.entries(params).filter(([key]) => read.has(key));
  return entries.length === 0 ? [] : [{ name: 'parameters', expression: celLiteral(Object.fromEntries(entries)) }];
}

type Excepted = NonNullable<AdmissionPolicy['excepted']>;

function exceptedBy(exceptions: readonly Exception[]): Excepted {
  return {
    previews: exceptions.flatMap(({ preview }) => preview ?? []),
    repositories: exceptions.flatMap(({ repository }) => repository?.toLowerCase() ?? []),
  };
}

/**
 * A preview is identified by the name of its namespace, a repository by the annotation that only fences have. Admission
 * has no clock: an expired exception is left out when policies are compiled next.
 */
function exceptionsVariable({ previews, repositories }: Excepted): Variable[] {
  const cases = [
    ...(previews.length > 0 ? [`request.?namespace.orValue('') in [${previews.map(celLiteral).join(', ')}]`] : []),
    ...(repositories.length > 0
      ? [
          `(namespaceObject != null && namespaceObject.metadata.?annotations[?'${REPOSITORY_ANNOTATION}'].orValue('').lowerAscii() in [${repositories.map(celLiteral).join(', ')}])`,
        ]
      : []),
  ];
  return cases.length === 0 ? [] : [{ name: 'excepted', expression: cases.join(' || ') }];
}

function trustCondition(trusted: readonly string[]): Variable {
  const names = `[${trusted.map(celLiteral).join(', ')}]`;
  return {
    name: 'not-a-trusted-account',
    expression: `!(request.userInfo.?username.orValue('') in ${names}) && !request.userInfo.?groups.orValue([]).exists(g, g in ${names})`,
  };
}
