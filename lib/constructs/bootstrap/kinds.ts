import { addedKinds, groupOf } from '../../model/platform/kinds.ts';
import type { Engine, PlatformSpec } from '../../model/platform.ts';
import { ruleParams } from '../../policies/params.ts';
import type { ResourceKind } from '../../policies/resources.ts';

const kind = (group: string, name: string, resource = guessResource(name)): ResourceKind => ({
  group,
  kind: name,
  resource,
});

/** The plural of a kind as its definition names it: policies, but gateways. */
function guessResource(name: string): string {
  const singular = name.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

export const NAMESPACE_KIND = kind('', 'Namespace');

/** What every fence is made of inside its namespace; nothing of it may be written by a preview's own account. */
export const FENCE_KINDS: readonly ResourceKind[] = [
  kind('', 'LimitRange'),
  kind('', 'ResourceQuota'),
  kind('', 'ServiceAccount'),
  kind('networking.k8s.io', 'NetworkPolicy'),
  kind('rbac.authorization.k8s.io', 'RoleBinding'),
];

/** What a fence is made of on this platform, the kinds of its extensions among them. */
export function fenceKinds(spec: Pick<PlatformSpec, 'fenceKinds' | 'imagePullSecrets'>): readonly ResourceKind[] {
  return [...FENCE_KINDS, ...addedFenceKinds(spec)];
}

/** The kinds that settings add to fences: those of extensions, and what reads pull secrets. */
export function addedFenceKinds(spec: Pick<PlatformSpec, 'fenceKinds' | 'imagePullSecrets'>): readonly ResourceKind[] {
  return addedKinds(spec)
    .map(groupOf)
    .map(({ group, kind: name }) => kind(group, name));
}

/**
 * The kinds of a preview's `app/` folder: one list for the rule, the AppProject and the account's role, so that all
 * three refuse the same things.
 */
export function workloadKinds(spec: PlatformSpec): readonly ResourceKind[] {
  return ruleParams(spec)
    .allowedKinds.map(groupOf)
    .map(({ group, kind: name }) => kind(group, name));
}

/** What guards are made of. */
export const GUARD_KINDS: readonly ResourceKind[] = [
  kind('admissionregistration.k8s.io', 'ValidatingAdmissionPolicy'),
  kind('admissionregistration.k8s.io', 'ValidatingAdmissionPolicyBinding'),
];

const ENGINE_KINDS: Readonly<Record<Engine, readonly ResourceKind[]>> = {
  vap: GUARD_KINDS,
  kyverno: ['ImageValidatingPolicy', 'ValidatingPolicy'].map((k) => kind('policies.kyverno.io', k)),
  'kyverno-legacy': [kind('kyverno.io', 'ClusterPolicy')],
  // One kind of constraint a rule, named by its template.
  gatekeeper: [kind('templates.gatekeeper.sh', 'ConstraintTemplate'), kind('constraints.gatekeeper.sh', '*', '*')],
};

/** What compiled policies are: all that the reconciler writes in a cluster beside previews. */
export function policyKinds(spec: PlatformSpec): ResourceKind[] {
  const { admission, verifier } = spec.evidence;
  const hasController = admission === 'signatures' && verifier === 'policy-controller';
  return [
    ...spec.policies.engines.flatMap((engine) => ENGINE_KINDS[engine]),
    ...(hasController ? [kind('policy.sigstore.dev', 'ClusterImagePolicy')] : []),
  ];
}
