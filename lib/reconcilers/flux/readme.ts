import { PREVIEW_LABEL } from '../../model/labels.ts';
import { appsRepoUrl, type PlatformSpec } from '../../model/platform.ts';
import { applyClusters, commandLine, ownNamespaces, removeClusters, untilPreviewsAreGone } from '../readme.ts';
import type { ReadmeWords } from '../reconciler.ts';
import { COMMIT_STATUSES, secretLine } from './commit-statuses.ts';
import { FLUX_NAMESPACE } from './names.ts';
import { NOTIFICATIONS } from './notifications.ts';

export function readme(platform: PlatformSpec): ReadmeWords {
  const url = appsRepoUrl(platform);
  return {
    RECONCILER: 'Flux',
    RECONCILER_NEEDS:
      'Flux (seen to work with kustomize-controller 1.9), Kyverno with its clean-up controller\n(seen to work with 1.19)',
    RECONCILER_WEBHOOK: `Point a webhook of this repository at a Receiver of Flux that names the GitRepositories \`previews\` and
   \`previews-index\`: it then sees a commit immediately instead of after a minute.`,
    RECONCILER_STEPS: `1. Start kustomize-controller with \`--no-cross-namespace-refs --no-remote-bases --default-service-account=nobody\`:
   a Kustomization without an account is then not applied.
2. Give Flux read access to this repository, in each cluster:

       flux create secret git previews --url=${url} --username=git --password=$TOKEN
${platform.status.notify ? NOTIFICATIONS_STEP : ''}${commitStatusesStep(platform)}`,
    INSTALL: applyClusters(platform, () =>
      ownNamespaces(platform).length > 0 ? ['namespaces', 'clusters'] : ['clusters'],
    ).join('\n'),
    RECONCILER_TEARDOWN: `- The Kustomizations in \`bootstrap/install\` keep what they applied: deleting one of them does not end a preview.`,
    TEARDOWN: [
      ...platform.clusters.flatMap(({ name }) =>
        ['previews', `-l ${PREVIEW_LABEL}`].map((which) =>
          commandLine(`kubectl delete kustomization ${which} -n ${FLUX_NAMESPACE}`, `in the cluster ${name}`),
        ),
      ),
      ...untilPreviewsAreGone(platform),
      ...removeClusters(platform),
      ...platform.clusters.map(({ name }) => {
        const secrets = [
          'previews',
          ...(platform.status.notify ? [NOTIFICATIONS] : []),
          ...(platform.status.commitStatuses ? [COMMIT_STATUSES] : []),
        ].join(' ');
        return commandLine(
          `kubectl delete secret ${secrets} -n ${FLUX_NAMESPACE} --ignore-not-found`,
          `in the cluster ${name}`,
        );
      }),
    ].join('\n'),
    TEARDOWN_NOTE:
      "The arguments of kustomize-controller stay as they are: Flux's own default lets every Kustomization do everything.",
  };
}

/** The Provider signs its calls with this Secret. */
const NOTIFICATIONS_STEP = `
   Flux's notification-controller reports to \`serve\` whether it could apply each preview. Give it the secret of the cluster,
   the same as in \`GREENROOM_STATUS_SECRETS\` of \`serve\` (16 characters or more):

       kubectl create secret generic ${NOTIFICATIONS} -n ${FLUX_NAMESPACE} --from-literal=token="$STATUS_SECRET"
`;

function commitStatusesStep({ status }: PlatformSpec): string {
  if (status.commitStatuses === undefined) return '';
  return `
   Flux's notification-controller writes a commit status in this repository when it cannot apply a preview. Give it the key of
   the GitHub App of \`status.commitStatuses\`, which needs *Commit statuses: write* on this repository and nothing else.

       ${secretLine(status.commitStatuses)}
`;
}
