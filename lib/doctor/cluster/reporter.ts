import { type CheckResult, couldNotRead, fail, ok } from '../../cluster/check-result.ts';
import { at } from '../../core/json.ts';
import { WATCH_ACCOUNT, WATCH_SECRET } from '../../model/labels.ts';
import type { DoctorContext } from './context.ts';

/** Checks the reporter, which tells `serve` the status of previews in the cluster, if `init` installs it. */
export async function reporter({ reader, platform, previews }: DoctorContext): Promise<CheckResult[]> {
  if (!previews || !platform.status.watch || platform.status.image === undefined) return [];
  const named = `Deployment ${WATCH_ACCOUNT} in ${WATCH_ACCOUNT}`;
  const answer = await reader.get(`/apis/apps/v1/namespaces/${WATCH_ACCOUNT}/deployments/${WATCH_ACCOUNT}`);
  if (answer.kind === 'refused') return [couldNotRead('watch', named, answer)];
  if (answer.kind === 'missing') {
    return [
      fail(
        'watch',
        `There is no ${named}: nothing reports why a preview does not start.`,
        `An administrator applies bootstrap/install/clusters/${platform.clusters[0]?.name}.`,
      ),
    ];
  }
  return Number(at(answer.value, 'status', 'availableReplicas') ?? 0) > 0
    ? [ok('watch', `${named} runs`)]
    : [
        fail(
          'watch',
          `${named} does not run: nothing reports why a preview does not start.`,
          `Look at its pods: a missing Secret ${WATCH_SECRET} and an image that cannot be pulled (status.image) are the usual causes.`,
        ),
      ];
}
