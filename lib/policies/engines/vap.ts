import type { ResourceKind } from '../resources.ts';
import type { AdmissionPolicy, EngineCompiler } from './policy.ts';

const API_VERSION = 'admissionregistration.k8s.io/v1';

/** Kubernetes' own ValidatingAdmissionPolicy with its binding: no controller beside the API server is needed. */
export const compileVap: EngineCompiler = (policy, { previewLabel }) => [
  {
    apiVersion: API_VERSION,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: policy.name, annotations: { 'greenroom.dev/title': policy.title } },
    spec: { failurePolicy: 'Fail', matchConstraints: matchConstraints(policy, previewLabel), ...celSpec(policy) },
  },
  {
    apiVersion: API_VERSION,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policy.name },
    spec: {
      policyName: policy.name,
      validationActions: validationActions(policy),
      // The policy's own constraints once more: offline, Kyverno's CLI asks the binding alone.
      matchResources: matchConstraints(policy, previewLabel),
    },
  },
];

/** What ValidatingAdmissionPolicy and Kyverno's ValidatingPolicy write alike. */
export function matchConstraints(policy: AdmissionPolicy, previewLabel: string): Record<string, unknown> {
  return {
    ...(policy.scope === 'previews'
      ? { namespaceSelector: { matchExpressions: [{ key: previewLabel, operator: 'Exists' }] } }
      : {}),
    resourceRules: groupTargets(policy.targets).map(([group, targets]) => ({
      apiGroups: [group],
      apiVersions: ['*'],
      operations: policy.operations,
      resources: targets.flatMap(resources),
      // Without it the selector is not asked about objects that have no namespace, and they are all judged.
      ...(policy.scope === 'previews' ? { scope: 'Namespaced' } : {}),
    })),
  };
}

function resources({ resource, subresources = [] }: ResourceKind): string[] {
  const all = [resource, ...subresources.map((subresource) => `${resource}/${subresource}`)];
  // This form includes the others, and Kubernetes refuses them beside it.
  return all.includes('*/*') ? ['*/*'] : all;
}

export function celSpec(policy: AdmissionPolicy): Record<string, unknown> {
  return {
    ...(policy.conditions.length > 0 ? { matchConditions: policy.conditions } : {}),
    ...(policy.variables.length > 0 ? { variables: policy.variables } : {}),
    validations: [{ expression: policy.expression, message: policy.message }],
  };
}

export function validationActions({ severity }: AdmissionPolicy): readonly string[] {
  return severity === 'deny' ? ['Deny'] : ['Warn', 'Audit'];
}

/** Targets by API group, in the order of first appearance. */
export function groupTargets(targets: readonly ResourceKind[]): [string, ResourceKind[]][] {
  const groups = new Map<string, ResourceKind[]>();
  for (const target of targets) groups.set(target.group, [...(groups.get(target.group) ?? []), target]);
  return [...groups];
}
