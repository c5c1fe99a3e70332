import type { PullTrigger } from '../forge/webhook.ts';
import type { Reported } from '../status/call.ts';
import type { SyncResult } from '../sync/sync.ts';
import { mergeTriggers } from '../sync/trigger.ts';

/** A pull request to sync, with new reports about its preview. */
export type Work = PullTrigger & {
  readonly reported?: readonly Reported[];
  /** Set if only this cluster asked for it. */
  readonly cluster?: string;
};

/** Maximum number of reports of one cluster: a preview has fewer sources. */
const MAX_REPORTED = 6;

export function mergeWork(one: Work, other: Work): Work {
  const reported = latestOf([...(one.reported ?? []), ...(other.reported ?? [])]);
  const { cluster } = one;
  return {
    ...mergeTriggers(one, other),
    ...(reported.length > 0 ? { reported } : {}),
    ...(cluster !== undefined && cluster === other.cluster ? { cluster } : {}),
  };
}

/** The latest report of each source, and a few of each cluster, so that a flood does not push out those of others. */
function latestOf(all: readonly Reported[]): readonly Reported[] {
  const byCluster = new Map<string, Map<string, Reported>>();
  for (const report of all) {
    const { cluster, preview, repositoryId, observation } = report;
    const own = byCluster.get(cluster) ?? new Map<string, Reported>();
    const key = JSON.stringify([preview, repositoryId, observation.source, observation.headSha]);
    if ((own.get(key)?.observation.at ?? 0) <= observation.at) {
      // The latest one last.
      own.delete(key);
      own.set(key, report);
    }
    byCluster.set(cluster, own);
  }
  return [...byCluster.values()].flatMap((own) => [...own.values()].slice(-MAX_REPORTED));
}

type Subject = Pick<PullTrigger, 'repository' | 'number'>;

export const subjectOf = ({ repository, number }: Subject) => `${repository.path}#${number}`;
/** Names are compared without case. */
export const keyOf = (subject: Subject) => subjectOf(subject).toLowerCase();
export const keyOfResult = ({ repository, number }: SyncResult) => keyOf({ repository: { path: repository }, number });
