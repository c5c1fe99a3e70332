import { parse } from 'yaml';
import { type CheckResult, warn } from '../../cluster/check-result.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import { IN_CLUSTER, type PlatformSpec } from '../../model/platform.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import type { PlannedFile } from '../../scaffold/plan.ts';
import { accountRights } from './accounts.ts';
import { admissionPolicies, engineWebhooks } from './admission.ts';
import type { DoctorContext, WantedObject } from './context.ts';
import { definitions } from './definitions.ts';
import { certificate, entrance, networkPolicies } from './entrance.ts';
import { expiry } from './expiry.ts';
import { liveFences } from './fences.ts';
import { imageVerifiers } from './image-verifiers.ts';
import { clusterCidrs } from './networks.ts';
import { appliedObjects } from './objects.ts';
import { operators } from './operators.ts';
import { reporter } from './reporter.ts';
import { secretStore } from './secrets.ts';
import { kubernetesVersion } from './versions.ts';

/** In the order in which problems should be fixed: each check depends on the earlier ones. */
const CHECKS: readonly ((context: DoctorContext) => Promise<CheckResult[]>)[] = [
  kubernetesVersion,
  definitions,
  ofReconciler,
  admissionPolicies,
  engineWebhooks,
  imageVerifiers,
  appliedObjects,
  accountRights,
  liveFences,
  expiry,
  reporter,
  secretStore,
  entrance,
  certificate,
  clusterCidrs,
  operators,
  networkPolicies,
];

export interface ExamineOptions {
  readonly platform: PlatformSpec;
  /** The files that the apps repo should contain. */
  readonly files: readonly Pick<PlannedFile, 'path' | 'text'>[];
  readonly reader: ClusterReader;
  /** Whether the apps repo contains a preview of that name, or lets the reconciler create it. */
  readonly isKnown: (preview: string) => boolean;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Checks that previews of the apps repo run fenced in a cluster, can be reached, and end.
 *
 * @throws GreenroomError `unreachable` if the cluster does not answer
 */
export async function examineCluster({
  platform,
  files,
  reader,
  isKnown,
  now,
}: ExamineOptions): Promise<CheckResult[]> {
  const { home, previews, notes } = await role(platform, reader);
  const { doctor } = reconcilerOf(platform);
  const folders = [
    ...(home ? (doctor.home ?? []) : []),
    ...(previews
      ? [
          'policies/',
          ...['namespaces', 'clusters'].map((of) => `bootstrap/install/${of}/${platform.clusters[0]?.name}/`),
        ]
      : []),
  ];
  const wanted = files
    .filter(({ path, text }) => text !== null && folders.some((folder) => path.startsWith(folder)))
    .map(({ path, text }) => ({ ...(parse(text ?? '') as WantedObject), file: path }));
  const context: DoctorContext = { reader, platform, wanted, previews, home, isKnown, now };
  return [...notes, ...(await Promise.all(CHECKS.map((check) => check(context)))).flat()];
}

async function ofReconciler(context: DoctorContext): Promise<CheckResult[]> {
  if (!context.home) return [];
  return (await Promise.all(reconcilerOf(context.platform).doctor.checks.map((check) => check(context)))).flat();
}

/** The role of the cluster: the reconciler may run in one cluster, and previews in others. */
async function role(
  platform: PlatformSpec,
  reader: ClusterReader,
): Promise<{ home: boolean; previews: boolean; notes: CheckResult[] }> {
  const { title, doctor } = reconcilerOf(platform);
  if (doctor.serves === 'each') return { home: true, previews: true, notes: [] };
  const answer = await reader.get(`/apis/${doctor.needs[0].groupVersion}`);
  const beside = platform.clusters.some(({ server }) => server === IN_CLUSTER);
  if (answer.kind === 'found') return { home: true, previews: beside, notes: [] };
  const only = platform.clusters.every(({ server }) => server === IN_CLUSTER);
  if (only) return { home: true, previews: true, notes: [] };
  const message = `${title} does not run here; this cluster was checked as a cluster of previews.`;
  return {
    home: false,
    previews: true,
    notes: [warn(platform.reconciler, message, `Also run doctor with the context of ${title}'s cluster.`)],
  };
}
