import { ALL_RECONCILERS } from '../../reconcilers/index.ts';
import type { Variable } from '../variable.ts';
import { renameVariable, usesVariable } from './cel-text.ts';
import { type AdmissionPolicy, ANY_KIND, type EngineCompiler } from './policy.ts';
import { groupTargets } from './vap.ts';

/** Gatekeeper's ConstraintTemplate with the CEL engine, and its Constraint. */
export const compileGatekeeper: EngineCompiler = (given, { previewLabel }) => {
  const policy = withNamespace(given);
  const conditions = policy.targets.includes(ANY_KIND) ? [WHOLE_OBJECTS, ...policy.conditions] : policy.conditions;
  const kind = pascalCase(policy.name);
  const cel = {
    failurePolicy: 'Fail',
    // Gatekeeper reads the singular name.
    ...(conditions.length > 0 ? { matchCondition: conditions } : {}),
    ...(policy.variables.length > 0 ? { variables: policy.variables } : {}),
    validations: [{ expression: policy.expression, message: policy.message }],
  };
  return [
    {
      apiVersion: 'templates.gatekeeper.sh/v1',
      kind: 'ConstraintTemplate',
      // Gatekeeper requires the kind in lower case.
      metadata: { name: kind.toLowerCase(), annotations: { title: policy.title } },
      spec: {
        crd: { spec: { names: { kind } } },
        targets: [
          {
            target: 'admission.k8s.gatekeeper.sh',
            operations: policy.operations,
            code: [{ engine: 'K8sNativeValidation', source: cel }],
          },
        ],
      },
    },
    {
      apiVersion: 'constraints.gatekeeper.sh/v1beta1',
      kind,
      metadata: {
        name: policy.name,
        // Its kind exists only after Gatekeeper has processed the template.
        annotations: Object.assign({}, ...ALL_RECONCILERS.map(({ metadata }) => metadata.late)),
      },
      spec: {
        enforcementAction: policy.severity,
        match: {
          kinds: groupTargets(policy.targets).map(([group, targets]) => ({
            apiGroups: [group],
            kinds: targets.map((target) => target.kind),
          })),
          ...(policy.scope === 'previews'
            ? {
                scope: 'Namespaced',
                namespaceSelector: { matchExpressions: [{ key: previewLabel, operator: 'Exists' }] },
              }
            : {}),
        },
      },
    },
  ];
};

/** Gatekeeper's webhook also gets subresources, whose kinds (Scale, Eviction, Binding) are not stored. */
const WHOLE_OBJECTS: Variable = { name: 'whole-objects', expression: "request.?subResource.orValue('') == ''" };

const NAMESPACE: Variable = {
  name: 'namespaceObject',
  expression:
    "namespaceObject != null ? dyn(namespaceObject) : request.?namespace.orValue('') != '' ? dyn({'metadata': {'name': request.namespace}}) : dyn(null)",
};

/** Gatekeeper's command line passes only the name of the namespace, not the object. */
function withNamespace(policy: AdmissionPolicy): AdmissionPolicy {
  const texts = [...policy.variables.map(({ expression }) => expression), policy.expression];
  if (!texts.some((text) => usesVariable(text, 'namespaceObject'))) return policy;
  const renamed = (text: string) => renameVariable(text, 'namespaceObject', 'variables.namespaceObject');
  return {
    ...policy,
    variables: [
      NAMESPACE,
      ...policy.variables.map(({ name, expression }) => ({ name, expression: renamed(expression) })),
    ],
    expression: renamed(policy.expression),
  };
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
