import { invalidInput } from '../../core/errors.ts';
import type { Engine, PlatformSpec } from '../../model/platform.ts';
import { ruleParams } from '../../policies/params.ts';
import type { ResourceKind } from '../../policies/resources.ts';
import { ALL_RECONCILERS } from '../../reconcilers/index.ts';

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

/** What a fence is made of inside its namespace; nothing of it may be written by a preview's own account. */
export const FENCE_KINDS: readonly ResourceKind[] = [
  kind('', 'LimitRange'),
  kind('', 'ResourceQuota'),
  kind('', 'ServiceAccount'),
  kind('networking.k8s.io', 'NetworkPolicy'),
  kind('rbac.authorization.k8s.io', 'RoleBinding'),
];

/** What grants permissions, what guards, and what deploys: a reconciler may obey its kinds in any namespace. */
const FORBIDDEN_GROUPS = new Set([
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
  ...ALL_RECONCILERS.flatMap(({ pinned }) => pinned.kinds.map(({ group }) => group)),
]);
const FORBIDDEN_CORE = new Set(['Namespace', 'Secret', 'Pod', ...FENCE_KINDS.map((k) => k.kind)]);

/**
 * The kinds of a preview's `app/` folder: one list for the rule, the AppProject and the account's role, so that all
 * three refuse the same things.
 *
 * @throws GreenroomError `invalid-input` when `policies.parameters.allowedKinds` holds a kind that would open the fence
 */
export function workloadKinds(spec: PlatformSpec): readonly ResourceKind[] {
  return ruleParams(spec).allowedKinds.map(parseAllowedKind);
}

function parseAllowedKind(text: string, index: number): ResourceKind {
  const slash = text.lastIndexOf('/');
  const parsed = kind(text.slice(0, Math.max(slash, 0)), text.slice(slash + 1));
  const forbidden =
    FORBIDDEN_GROUPS.has(parsed.group) ||
    (parsed.group === '' && FORBIDDEN_CORE.has(parsed.kind)) ||
    parsed.kind === 'NetworkPolicy';
  if (!forbidden && /^[A-Z][A-Za-z0-9]*$/.test(parsed.kind)) return parsed;
  throw invalidInput([
    {
      field: `spec.policies.parameters.allowedKinds[${index}]`,
      message: `must be group/Kind of workloads; ${text} ${forbidden ? "belongs to the platform's side" : 'is no kind'}`,
    },
  ]);
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
