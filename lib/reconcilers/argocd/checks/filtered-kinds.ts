import { parse } from 'yaml';
import { type CheckResult, fail, names, ok } from '../../../cluster/check-result.ts';
import { list, text } from '../../../cluster/reader.ts';
import { groupOf } from '../../../model/platform/kinds.ts';
import { fits } from '../../../model/wildcard.ts';
import type { ClusterContext } from '../../reconciler.ts';

/** Kinds that every preview has. */
const KINDS = [
  ...['LimitRange', 'Namespace', 'ResourceQuota', 'Service', 'ServiceAccount'],
  ...['apps/Deployment', 'networking.k8s.io/NetworkPolicy', 'rbac.authorization.k8s.io/RoleBinding'],
];
const ROUTES = { ingress: 'networking.k8s.io/Ingress', gateway: 'gateway.networking.k8s.io/HTTPRoute' } as const;

/**
 * Argo CD neither applies nor reports kinds that its settings filter out: it would report a fence without network policies as
 * synced.
 *
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#resource-exclusioninclusion
 */
export async function filteredKinds({ reader, platform }: ClusterContext): Promise<CheckResult[]> {
  const { namespace } = platform.argocd;
  const answer = await reader.get(`/api/v1/namespaces/${namespace}/configmaps/argocd-cm`);
  // The check of impersonation reports it if this cannot be read.
  if (answer.kind !== 'found') return [];
  const filters = (key: string) => filtersOf(text(answer.value, 'data', key));
  const [excluded, included] = [filters('resource.exclusions'), filters('resource.inclusions')];
  const lost = [...KINDS, ROUTES[platform.ingress.kind]].filter(
    (kind) => matches(excluded, kind) || (included.length > 0 && !matches(included, kind)),
  );
  if (lost.length === 0) return [ok('filtered-kinds', 'Argo CD looks at every kind that previews are made of')];
  const setting = lost.some((kind) => matches(excluded, kind)) ? 'resource.exclusions' : 'resource.inclusions';
  const message = `Argo CD silently ignores ${names(lost.map((kind) => groupOf(kind).kind))} of every preview.`;
  return [fail('filtered-kinds', message, `Change ${setting} in the ConfigMap argocd-cm of ${namespace}.`)];
}

/** Filters of all clusters count, since previews may run in any of them. */
function matches(filters: readonly unknown[], kind: string): boolean {
  const { group, kind: name } = groupOf(kind);
  const any = (found: readonly unknown[], isIt: (each: string) => boolean) =>
    found.length === 0 || found.some((each) => typeof each === 'string' && isIt(each));
  return filters.some(
    (filter) =>
      any(list(filter, 'apiGroups'), (each) => fits(each.replaceAll('*', '**'), group)) &&
      any(list(filter, 'kinds'), (each) => each === '*' || each === name),
  );
}

function filtersOf(setting: string): readonly unknown[] {
  try {
    const value: unknown = parse(setting, { maxAliasCount: 0 });
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
