import { WATCHED_KINDS } from '../model/watched.ts';
import type { PreviewObjects } from '../status/objects/types.ts';

type Watched = (typeof WATCHED_KINDS)[number];

/** A collection that is read in the namespace of each preview. */
export interface ReadKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: Watched['kind'];
  readonly into: Exclude<keyof PreviewObjects, 'namespace'>;
  /** Whether its changes are followed; the other kinds are read when a followed object changes. */
  readonly isFollowed: boolean;
}

const INTO: Readonly<Record<Watched['kind'], ReadKind['into']>> = {
  Pod: 'pods',
  ReplicaSet: 'replicaSets',
  Deployment: 'deployments',
  Event: 'events',
  Ingress: 'routes',
  HTTPRoute: 'routes',
  ExternalSecret: 'externalSecrets',
};

const FOLLOWED: ReadonlySet<string> = new Set(['Pod', 'ReplicaSet', 'Deployment']);

export const READ_KINDS: readonly ReadKind[] = WATCHED_KINDS.map((watched) => ({
  ...watched,
  into: INTO[watched.kind],
  isFollowed: FOLLOWED.has(watched.kind),
}));

export function pathOf({ group, version, resource }: ReadKind, namespace: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}/namespaces/${namespace}/${resource}`;
}
