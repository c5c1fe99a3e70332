import { parse } from 'yaml';
import { IN_CLUSTER } from '../../constructs/bootstrap/projects.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { PlannedFile } from '../../scaffold/plan.ts';
import { accountRights } from './accounts.ts';
import { admissionPolicies, engineWebhooks } from './admission.ts';
import { applicationSets, generators, impersonation } from './argo-cd.ts';
import { definitions } from './definitions.ts';
import { certificate, entrance, networkPolicies } from './entrance.ts';
import { expiry } from './expiry.ts';
import type { Look, WantedObject } from './look.ts';
import { type Observation, warn } from './observation.ts';
import type { ClusterReader } from './reader.ts';
import { argoCdVersion, kubernetesVersion } from './versions.ts';

/** In the order in which one would mend things: each rests on those before it. */
const CHECKS: readonly ((look: Look) => Promise<Observation[]>)[] = [
  kubernetesVersion,
  definitions,
  argoCdVersion,
  impersonation,
  generators,
  applicationSets,
  admissionPolicies,
  engineWebhooks,
  accountRights,
  expiry,
  entrance,
  certificate,
  networkPolicies,
];

export interface ExamineOptions {
  readonly platform: PlatformSpec;
  /** The files that the apps repo should hold. */
  readonly files: readonly Pick<PlannedFile, 'path' | 'text'>[];
  readonly reader: ClusterReader;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Looks whether a cluster is one in which the apps repo's previews run fenced, are reached, and end.
 *
 * @throws GreenroomError `unreachable` when the cluster does not answer
 */
export async function examineCluster({ platform, files, reader, now }: ExamineOptions): Promise<Observation[]> {
  const { argocd, previews, notes } = await role(platform, reader);
  const folders = [
    ...(argocd ? ['bootstrap/argocd/'] : []),
    ...(previews ? ['policies/', `bootstrap/clusters/${platform.clusters[0]?.name}/`] : []),
  ];
  const wanted = files
    .filter(({ path, text }) => text !== null && folders.some((folder) => path.startsWith(folder)))
    .map(({ text }) => parse(text ?? '') as WantedObject);
  const look: Look = { reader, platform, wanted, previews, argocd, now };
  return [...notes, ...(await Promise.all(CHECKS.map((check) => check(look)))).flat()];
}

/** What the cluster is for: Argo CD may run in one, previews in others, and a kubeconfig's context names one of them. */
async function role(
  platform: PlatformSpec,
  reader: ClusterReader,
): Promise<{ argocd: boolean; previews: boolean; notes: Observation[] }> {
  if (platform.reconciler === 'flux') return { argocd: false, previews: true, notes: [] };
  const answer = await reader.get('/apis/argoproj.io/v1alpha1');
  const beside = platform.clusters.some(({ server }) => server === IN_CLUSTER);
  if (answer.kind === 'found') return { argocd: true, previews: beside, notes: [] };
  const only = platform.clusters.every(({ server }) => server === IN_CLUSTER);
  if (only) return { argocd: true, previews: true, notes: [] };
  const message = 'Argo CD does not run here; this cluster was looked at as one of previews.';
  return {
    argocd: false,
    previews: true,
    notes: [warn('argocd', message, "Run doctor with the context of Argo CD's cluster too.")],
  };
}
