import type { ResourceKind } from '../resources.ts';
import type { Variable } from '../variable.ts';
import type { AdmissionPolicy, EngineCompiler, KubeObject } from './policy.ts';

const API_VERSION = 'admissionregistration.k8s.io/v1';

/** Kubernetes' own ValidatingAdmissionPolicy with its binding. It needs no controller besides the API server. */
export const compileVap: EngineCompiler = (policy, { previewLabel }) => {
  const constraints = matchConstraints(policy, previewLabel);
  return validatingAdmissionPolicy({
    name: policy.name,
    annotations: { 'greenroom.dev/title': policy.title },
    matchConstraints: constraints,
    ...celSpec(policy),
    validationActions: validationActions(policy),
    // The policy's constraints again: offline, Kyverno's CLI reads only the binding.
    matchResources: constraints,
  });
};

/** A ValidatingAdmissionPolicy and its binding. Fields are those of Kubernetes. */
export interface ValidatingAdmissionPolicyProps {
  /** Name of both objects. */
  readonly name: string;
  /** @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly matchConstraints: Readonly<Record<string, unknown>>;
  /** @default - every request that the constraints match */
  readonly matchConditions?: readonly Variable[];
  /** @default - none */
  readonly variables?: readonly Variable[];
  readonly validations: readonly Validation[];
  /** @default - Deny */
  readonly validationActions?: readonly string[];
  /** @default - the policy's own constraints */
  readonly matchResources?: Readonly<Record<string, unknown>>;
}

export interface Validation {
  /** CEL: true allows a request. */
  readonly expression: string;
  readonly message: string;
}

/** The policy and its binding. They refuse what they cannot evaluate. */
export function validatingAdmissionPolicy(props: ValidatingAdmissionPolicyProps): [KubeObject, KubeObject] {
  const { name, annotations, validationActions: actions = ['Deny'], matchResources, ...spec } = props;
  return [
    {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name, ...(annotations && { annotations }) },
      spec: { failurePolicy: 'Fail', ...spec },
    },
    {
      apiVersion: API_VERSION,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: actions, ...(matchResources && { matchResources }) },
    },
  ];
}

/** The match constraints that ValidatingAdmissionPolicy and Kyverno's ValidatingPolicy share. */
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
      // Without it, the selector is not applied to objects without a namespace, so all of them would be checked.
      ...(policy.scope === 'previews' ? { scope: 'Namespaced' } : {}),
    })),
  };
}

type CelSpec = Pick<ValidatingAdmissionPolicyProps, 'matchConditions' | 'variables' | 'validations'>;

function resources({ resource, subresources = [] }: ResourceKind): string[] {
  const all = [resource, ...subresources.map((subresource) => `${resource}/${subresource}`)];
  // This form includes the others, and Kubernetes refuses a list with both.
  return all.includes('*/*') ? ['*/*'] : all;
}

export function celSpec(policy: AdmissionPolicy): CelSpec {
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
