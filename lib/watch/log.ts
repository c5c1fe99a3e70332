import { crashedIn } from '../status/objects/pods.ts';
import type { PodLike } from '../status/objects/types.ts';
import { cleanLines, MAX_LINES, type Observation } from '../status/observation.ts';
import { ApiError, type ClusterApi } from './api.ts';

/** Reasons that the app's own last words may explain. */
const EXPLAINED: ReadonlySet<string> = new Set(['exits', 'ends', 'out-of-memory', 'release', 'cannot-start']);

/** Bytes of a log that are read, at most. */
const MAX_BYTES = 64 * 1024;

/**
 * The last lines of the app that an observation is about, masked; none where it has none, or where they may not be read.
 *
 * @throws ApiError where the API server gives no answer
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
    // Gone by now, not kept, or not allowed: what is known of it is told all the same.
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return [];
    throw error;
  }
}
