import { commitStatusName } from '../../model/commit-status.ts';
import type { KubeObject, StringMap } from '../../model/kube-object.ts';
import { PLATFORM_LABELS } from '../../model/labels.ts';
import { appsRepoUrl, type PlatformSpec } from '../../model/platform.ts';
import type { StatusesWritten } from '../reconciler.ts';
import { KUSTOMIZATION } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';

/** Name of Provider, Alert and of the Secret with the GitHub App. */
export const COMMIT_STATUSES = 'greenroom-github';

/**
 * Name of a status: that of the Kustomization, and the half hour. Flux writes the same status only once on a commit, so
 * without the time nobody could tell a failure that lasts from one that the next try repaired.
 */
const NAME = `'${commitStatusName('')}' + event.involvedObject.name + ' ' + event.timestamp.substring(0, 14)
  + (timestamp(event.timestamp).getMinutes() < 30 ? '00' : '30')`;

/**
 * Configures Flux's notification-controller to write a commit status when it cannot apply a preview. Only failures: a
 * success would be written for each Kustomization on each commit of the apps repo.
 *
 * @see https://fluxcd.io/flux/components/notification/providers/#github
 */
export function commitStatuses(platform: PlatformSpec): readonly KubeObject[] {
  if (platform.status.commitStatuses === undefined) return [];
  const object = (kind: string, spec: object): KubeObject => ({
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind,
    metadata: { name: COMMIT_STATUSES, namespace: FLUX_NAMESPACE },
    spec,
  });
  const matchLabels: StringMap = PLATFORM_LABELS;
  const secretRef = { name: COMMIT_STATUSES };
  return [
    object('Provider', { type: 'github', address: appsRepoUrl(platform), secretRef, commitStatusExpr: NAME }),
    object('Alert', {
      providerRef: { name: COMMIT_STATUSES },
      eventSeverity: 'error',
      eventSources: [{ kind: KUSTOMIZATION.kind, name: '*', matchLabels }],
    }),
  ];
}

export const statusesWritten: StatusesWritten = {
  form: 'failures',
  isAbout: (context, preview) =>
    [preview, `${preview}-fence`].some((name) => context.startsWith(`${commitStatusName(name)} `)),
};

/** What an administrator puts into the Secret. */
export function secretLine({
  appId,
  installationId,
  api,
}: NonNullable<PlatformSpec['status']['commitStatuses']>): string {
  const values = [
    `--from-literal=githubAppID=${appId}`,
    `--from-literal=githubAppInstallationID=${installationId}`,
    '--from-file=githubAppPrivateKey=app.pem',
    ...(api === undefined ? [] : [`--from-literal=githubAppBaseURL=${api}`]),
  ];
  return `kubectl create secret generic ${COMMIT_STATUSES} -n ${FLUX_NAMESPACE} ${values.join(' ')}`;
}
