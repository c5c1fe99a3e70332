import { crashedIn } from '../status/objects/pods.ts';
import type { PodLike } from '../status/objects/types.ts';
import { cleanLines, MAX_LINES, type Observation } from '../status/observation.ts';
import { ApiError, type ClusterApi } from './api.ts';

/** Reasons that the end of the app's log may explain. */
const EXPLAINED: ReadonlySet<string> = new Set(['exits', 'ends', 'out-of-memory', 'release', 'cannot-start']);

/** Maximum bytes of a log that are read. */
const MAX_BYTES = 64 * 1024;

/**
 * The last log lines of the app that an observation is about, masked; empty if there are none or they must not be read.
 *
 * @throws ApiError if the API server does not answer
 */
export async function lastLines(
  api: Pick<ClusterApi, 'text'>,
  namespace: string,
  pods: readonly PodLike[],
  { condition, reason = '' }: Observation,
): Promise<readonly string[]> {
  if (condition !== 'not-working' || !EXPLAINED.has(reason)) return [];
  const crashed = crashedIn(pods);
  if (crashed === null) return [];
  const { pod, container, isPrevious } = crashed;
  const query = {
    container,
    previous: String(isPrevious),
    tailLines: String(MAX_LINES),
    limitBytes: String(MAX_BYTES),
  };
  try {
    return cleanLines((await api.text(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query)).split('\n'));
  } catch (error) {
    // Pod gone, log not kept, or not allowed: report without log lines.
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return [];
    throw error;
  }
}
