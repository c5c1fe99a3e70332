import type { Contradiction, Settings } from './contradiction.ts';
import { storedPullSecrets } from './objects.ts';
import { classKind, serviceClasses } from './service-class.ts';

// Kinds that a platform allows in addition, in previews and in fences.

/** Permissions, admission, and objects of reconcilers: only the platform's own installation writes these. */
export const FORBIDDEN_GROUPS: readonly string[] = [
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'argoproj.io',
  'constraints.gatekeeper.sh',
  'helm.toolkit.fluxcd.io',
  'kustomize.toolkit.fluxcd.io',
  'kyverno.io',
  'policies.kyverno.io',
  'rbac.authorization.k8s.io',
  'source.toolkit.fluxcd.io',
  'templates.gatekeeper.sh',
];

/** Kinds of the core group that are part of a fence, or that would bypass its rules. */
const FORBIDDEN_CORE = ['LimitRange', 'Namespace', 'Pod', 'ResourceQuota', 'Secret', 'ServiceAccount'];

/** The kind that reads a pull secret into a fence. Makers use the same kind for their own secrets. */
export const PULL_SECRET_KIND = 'external-secrets.io/ExternalSecret';

/** @param text `group/Kind`, or `Kind` for the core group */
export function groupOf(text: string): { readonly group: string; readonly kind: string } {
  const slash = text.lastIndexOf('/');
  return { group: text.slice(0, Math.max(slash, 0)), kind: text.slice(slash + 1) };
}

/** Why previews cannot contain objects of a kind; undefined if they can. */
export function workloadKindProblem(text: string): string | undefined {
  const { group, kind } = groupOf(text);
  if (!/^[A-Z][A-Za-z0-9]*$/.test(kind)) return 'is not a kind';
  const isOurs = group === '' ? FORBIDDEN_CORE.includes(kind) : FORBIDDEN_GROUPS.includes(group);
  return isOurs || kind === 'NetworkPolicy' ? 'belongs to the platform' : undefined;
}

/** Kinds that cannot be added where they are named. */
export function kindContradictions({ policies, fenceKinds }: Settings): Contradiction[] {
  const chosen = policies.parameters.allowedKinds ?? {};
  const place = ['policies', 'parameters', 'allowedKinds'];
  const named = Array.isArray(chosen)
    ? chosen.map((text, i) => ({ text, path: [...place, i] }))
    : Object.keys(chosen).map((text) => ({ text, path: [...place, text] }));
  const workloads = named.filter(({ text }) => Array.isArray(chosen) || chosen[text] === true);
  return [
    ...workloads.flatMap(({ text, path }) => {
      const problem = workloadKindProblem(text);
      return problem === undefined ? [] : [{ path, message: `must be a kind of workloads; ${text} ${problem}` }];
    }),
    ...fenceKinds.flatMap((text, i) => {
      if (fenceKinds.indexOf(text) !== i) {
        return [{ path: ['fenceKinds', i], message: `names ${text} a second time` }];
      }
      const isShared = workloads.some((other) => other.text === text);
      const problem = isShared ? 'is among allowedKinds, which previews write themselves' : fenceKindProblem(text);
      return problem === undefined
        ? []
        : [{ path: ['fenceKinds', i], message: `must not contain ${text}, which ${problem}` }];
    }),
  ];
}

/** Settings that add kinds to fences. */
export type FenceAdditions = Pick<Settings, 'fenceKinds' | 'imagePullSecrets' | 'services'>;

/** `group/Kind` of all kinds that a platform's settings add to fences. */
export function addedKinds({ fenceKinds, imagePullSecrets, services }: FenceAdditions): string[] {
  return [
    ...new Set([
      ...fenceKinds,
      ...(storedPullSecrets(imagePullSecrets).length > 0 ? [PULL_SECRET_KIND] : []),
      ...serviceClasses(services).map(([, chosen]) => classKind(chosen)),
    ]),
  ];
}

/** Why extensions and classes cannot add objects of a kind to fences; undefined if they can. */
export function fenceKindProblem(text: string): string | undefined {
  if (text === PULL_SECRET_KIND) return 'only imagePullSecrets adds to fences';
  const { group } = groupOf(text);
  if (FORBIDDEN_GROUPS.includes(group)) return "is the platform's own installation's to write";
  return ['apps', 'batch', 'networking.k8s.io'].includes(group) ? 'is a kind of apps, or in every fence' : undefined;
}
