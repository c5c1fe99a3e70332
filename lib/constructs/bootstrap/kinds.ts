import { addedKinds, type FenceAdditions, groupOf } from '../../model/platform/kinds.ts';
import { classKind, type ServiceClass, serviceClasses } from '../../model/platform/service-class.ts';
import type { Engine, PlatformSpec } from '../../model/platform.ts';
import { ruleParams } from '../../policies/params.ts';
import type { ResourceKind } from '../../policies/resources.ts';

const kind = (group: string, name: string, resource = guessResource(name)): ResourceKind => ({
  group,
  kind: name,
  resource,
});

/** The plural of a kind as in API paths: policies, but gateways. */
function guessResource(name: string): string {
  const singular = name.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

export const NAMESPACE_KIND = kind('', 'Namespace');

/** Kinds of every fence inside its namespace. The preview's own account must not write them. */
export const FENCE_KINDS: readonly ResourceKind[] = [
  kind('', 'LimitRange'),
  kind('', 'ResourceQuota'),
  kind('', 'ServiceAccount'),
  kind('networking.k8s.io', 'NetworkPolicy'),
  kind('rbac.authorization.k8s.io', 'RoleBinding'),
];

/** Kinds of a fence on this platform, including those of extensions. */
export function fenceKinds(spec: FenceAdditions): readonly ResourceKind[] {
  return [...FENCE_KINDS, ...addedFenceKinds(spec)];
}

/** Kinds that settings add to fences: those of extensions and of operators, and those for pull secrets. */
export function addedFenceKinds(spec: FenceAdditions): readonly ResourceKind[] {
  const operated = new Map(
    serviceClasses(spec.services).map(([, chosen]) => [classKind(chosen), classResource(chosen)]),
  );
  return addedKinds(spec).map((text) => {
    const { group, kind: name } = groupOf(text);
    return operated.get(text) ?? kind(group, name);
  });
}

/** The kind of a class with its plural. */
export function classResource(chosen: ServiceClass): ResourceKind {
  const { group, kind: name } = groupOf(classKind(chosen));
  return kind(group, name, chosen.plural);
}

/**
 * The kinds of a preview's `app/` folder: the same list for the rule, the AppProject and the account's role.
 */
export function workloadKinds(spec: PlatformSpec): readonly ResourceKind[] {
  return ruleParams(spec)
    .allowedKinds.map(groupOf)
    .map(({ group, kind: name }) => kind(group, name));
}

/** Kinds of guards. */
export const GUARD_KINDS: readonly ResourceKind[] = [
  kind('admissionregistration.k8s.io', 'ValidatingAdmissionPolicy'),
  kind('admissionregistration.k8s.io', 'ValidatingAdmissionPolicyBinding'),
];

const ENGINE_KINDS: Readonly<Record<Engine, readonly ResourceKind[]>> = {
  vap: GUARD_KINDS,
  kyverno: ['ImageValidatingPolicy', 'ValidatingPolicy'].map((k) => kind('policies.kyverno.io', k)),
  'kyverno-legacy': [kind('kyverno.io', 'ClusterPolicy')],
  // Each rule has its own kind of constraint, named by its template.
  gatekeeper: [kind('templates.gatekeeper.sh', 'ConstraintTemplate'), kind('constraints.gatekeeper.sh', '*', '*')],
};

/** Kinds of compiled policies: everything that the reconciler writes in a cluster in addition to previews. */
export function policyKinds(spec: PlatformSpec): ResourceKind[] {
  const { admission, verifier } = spec.evidence;
  const hasController = admission === 'signatures' && verifier === 'policy-controller';
  return [
    ...spec.policies.engines.flatMap((engine) => ENGINE_KINDS[engine]),
    ...(hasController ? [kind('policy.sigstore.dev', 'ClusterImagePolicy')] : []),
  ];
}
