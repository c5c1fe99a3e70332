import { couldNotLook, fail, type Observation, ok } from '../../cluster/observation.ts';
import { at } from '../../cluster/reader.ts';
import { WATCH_ACCOUNT, WATCH_SECRET } from '../../model/labels.ts';
import type { Look } from './look.ts';

/** What tells `serve` what the cluster sees of its previews, where `init` lays it down. */
export async function reporter({ reader, platform, previews }: Look): Promise<Observation[]> {
  if (!previews || !platform.status.watch || platform.status.image === undefined) return [];
  const named = `Deployment ${WATCH_ACCOUNT} in ${WATCH_ACCOUNT}`;
  const answer = await reader.get(`/apis/apps/v1/namespaces/${WATCH_ACCOUNT}/deployments/${WATCH_ACCOUNT}`);
  if (answer.kind === 'refused') return [couldNotLook('watch', named, answer)];
  if (answer.kind === 'missing') {
    return [
      fail(
        'watch',
        `There is no ${named}: nobody tells why a preview does not start.`,
        `An administrator applies bootstrap/install/clusters/${platform.clusters[0]?.name}.`,
      ),
    ];
  }
  return Number(at(answer.value, 'status', 'availableReplicas') ?? 0) > 0
    ? [ok('watch', `${named} runs`)]
    : [
        fail(
          'watch',
          `${named} does not run: nobody tells why a preview does not start.`,
          `Look at its pods: a missing Secret ${WATCH_SECRET} and an image that cannot be pulled (status.image) are the usual causes.`,
        ),
      ];
}
