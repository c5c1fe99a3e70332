import { invalidInput } from '../../core/errors.ts';
import { groupKind, type ResourceKind } from '../resources.ts';
import type { Variable } from '../variable.ts';
import { celLiteral, mapStrings } from './cel-text.ts';
import type { AdmissionPolicy, EngineCompiler } from './policy.ts';

/** Kyverno's ClusterPolicy with `validate.cel`: deprecated, but still used in many clusters. */
export const compileKyvernoLegacy: EngineCompiler = (given, { previewLabel }) => {
  const policy = withoutReferences(given);
  const warns = policy.severity === 'warn';
  const conditions = [...coreGroupCondition(policy.targets), ...policy.conditions];
  return [
    {
      apiVersion: 'kyverno.io/v1',
      kind: 'ClusterPolicy',
      metadata: {
        name: policy.name,
        annotations: {
          'policies.kyverno.io/title': policy.title,
          // The rules name every kind with pods themselves. Kyverno's derived rules would check them twice.
          'pod-policies.kyverno.io/autogen-controllers': 'none',
        },
      },
      spec: {
        failurePolicy: 'Fail',
        background: false,
        ...(warns ? { emitWarning: true } : {}),
        rules: [
          {
            name: policy.name,
            match: {
              any: [
                {
                  resources: {
                    kinds: policy.targets.flatMap(kinds),
                    operations: policy.operations,
                    ...(policy.scope === 'previews'
                      ? { namespaceSelector: { matchExpressions: [{ key: previewLabel, operator: 'Exists' }] } }
                      : {}),
                  },
                },
              ],
            },
            ...(conditions.length > 0 ? { celPreconditions: conditions } : {}),
            validate: {
              failureAction: warns ? 'Audit' : 'Enforce',
              cel: {
                ...(policy.variables.length > 0 ? { variables: policy.variables } : {}),
                expressions: [{ expression: policy.expression, message: policy.message }],
              },
            },
          },
        ],
      },
    },
  ];
};

/** `group/version/Kind/subresource`, the format of Kyverno's match block. */
function kinds({ group, kind, subresources = [] }: ResourceKind): string[] {
  const name = group === '*' && kind === '*' ? '*' : `${group === '' ? '' : `${group}/`}*/${kind}`;
  return [name, ...subresources.map((subresource) => `${name}/${subresource}`)];
}

/** A match block cannot name the core group: `Service` matches every group. So the kinds are compared again. */
function coreGroupCondition(targets: readonly ResourceKind[]): Variable[] {
  if (targets.every(({ group }) => group !== '')) return [];
  const names = targets.map(({ group, kind }) => celLiteral(groupKind(group, kind)));
  const own = '(object.apiVersion.contains("/") ? object.apiVersion.split("/")[0] + "/" : "") + object.kind';
  return [{ name: 'kind-of-its-group', expression: `${own} in [${names.join(', ')}]` }];
}

const REFERENCE = /\{\{|\$\(/;

/**
 * Kyverno replaces `{{...}}` and `$(...)` anywhere in such a policy before it is evaluated, and skips the policy if
 * that fails. In CEL strings they are written as escapes.
 *
 * @throws GreenroomError `invalid-input` where escapes are not possible: in raw strings, and in the message
 */
function withoutReferences(policy: AdmissionPolicy): AdmissionPolicy {
  const problem = (where: string) =>
    invalidInput([
      {
        field: policy.name.replace(/^greenroom-/, ''),
        message: `cannot be written for kyverno-legacy: ${where} contains {{ or $(, which Kyverno reads as a variable`,
      },
    ]);
  if (REFERENCE.test(policy.message)) throw problem('its message');
  const escaped = (expression: string) => {
    const text = mapStrings(expression, (s) => s.replaceAll('{{', '\\u007b\\u007b').replaceAll('$(', '\\u0024('));
    if (REFERENCE.test(text)) throw problem('its CEL');
    return text;
  };
  const all = (variables: readonly Variable[]) =>
    variables.map(({ name, expression }) => ({ name, expression: escaped(expression) }));
  return {
    ...policy,
    conditions: all(policy.conditions),
    variables: all(policy.variables),
    expression: escaped(policy.expression),
  };
}
