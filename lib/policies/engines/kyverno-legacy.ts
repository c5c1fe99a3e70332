import type { AdmissionPolicy, EngineCompiler } from './policy.ts';

/** Kyverno's ClusterPolicy with `validate.cel` (1.11 and later), deprecated and still what many clusters run. */
export const compileKyvernoLegacy: EngineCompiler = (policy, { previewLabel }) => {
  const warns = policy.severity === 'warn';
  return [
    {
      apiVersion: 'kyverno.io/v1',
      kind: 'ClusterPolicy',
      metadata: {
        name: policy.name,
        annotations: {
          'policies.kyverno.io/title': policy.title,
          // The rules name every kind that wraps pods themselves; what Kyverno would derive judges them twice.
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
            ...(policy.conditions.length > 0 ? { celPreconditions: policy.conditions } : {}),
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

/** `group/version/Kind/subresource`, as Kyverno's match block wants it. */
function kinds({ group, kind, subresources = [] }: AdmissionPolicy['targets'][number]): string[] {
  const name = group === '*' && kind === '*' ? '*' : `${group === '' ? '' : `${group}/`}*/${kind}`;
  return [name, ...subresources.map((subresource) => `${name}/${subresource}`)];
}
