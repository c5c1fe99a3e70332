import { PART_OF_GREENROOM } from '../../model/labels.ts';
import { appsRepoUrl, IN_CLUSTER, type PlatformSpec } from '../../model/platform.ts';
import {
  applyClusters,
  applyLine,
  commandLine,
  ownNamespaces,
  removeClusters,
  untilPreviewsAreGone,
} from '../readme.ts';
import type { ReadmeWords } from '../reconciler.ts';
import { GITHUB_KEY, isNotifying, SECRET_KEY } from './notifications.ts';

export function readme(platform: PlatformSpec): ReadmeWords {
  const { status, argocd } = platform;
  const { namespace } = argocd;
  return {
    RECONCILER: 'Argo CD',
    RECONCILER_NEEDS: 'Argo CD 3.2 or newer',
    RECONCILER_WEBHOOK: `Point a webhook of this repository at Argo CD (\`/api/webhook\` of the ApplicationSet controller and of the API server):
   it then sees a commit immediately instead of after three minutes.`,
    RECONCILER_STEPS: `1. In Argo CD's ConfigMap \`argocd-cm\`, set \`application.sync.impersonation.enabled: "true"\`: makers' files are
   then applied with an account for each preview. Also set \`jsonnet.enable: "false"\`: Jsonnet in a repository can read
   the repo-server's files and environment. Both apply to the whole Argo CD: every other AppProject then needs
   \`destinationServiceAccounts\`, or a separate Argo CD.

       kubectl patch configmap argocd-cm -n ${namespace} -p '{"data":{"application.sync.impersonation.enabled":"true","jsonnet.enable":"false"}}'

2. Give Argo CD read access to this repository, with a read-only token:

       kubectl create secret generic greenroom-apps-repo -n ${namespace} --from-literal=type=git --from-literal=url=${appsRepoUrl(platform)} --from-literal=username=git --from-literal=password="$TOKEN"
       kubectl label secret greenroom-apps-repo -n ${namespace} argocd.argoproj.io/secret-type=repository
${status.notify ? notificationsStep(namespace) : ''}${status.commitStatuses === undefined ? '' : commitStatusesStep(namespace)}`,
    INSTALL: [
      applyLine('argocd', HERE),
      applyLine('controller', `${HERE}: its controller may not do everything any more`),
      ...applyClusters(platform, ({ server }) =>
        ownNamespaces(platform).length === 0 && server === IN_CLUSTER ? ['clusters'] : ['namespaces', 'clusters'],
      ),
      ...(isNotifying(platform)
        ? [applyLine('notifications', `${HERE}: adds to the settings of Argo CD Notifications`)]
        : []),
      applyLine('root', `${HERE}, last`),
    ].join('\n'),
    RECONCILER_TEARDOWN: `- An ApplicationSet or a project is never pruned without a person saying so (\`Prune=confirm\`), since that ends every
  preview of its cluster.`,
    TEARDOWN: [
      commandLine(`kubectl delete application greenroom -n ${namespace}`, `${HERE}: nothing restores the rest`),
      commandLine(
        `kubectl delete applicationset -n ${namespace} -l ${PART_OF_GREENROOM}`,
        `${HERE}: every preview goes`,
      ),
      ...untilPreviewsAreGone(platform),
      commandLine(`kubectl delete application -n ${namespace} -l ${PART_OF_GREENROOM}`, HERE),
      ...removeClusters(platform),
      commandLine('kubectl delete -f bootstrap/install/argocd', HERE),
      commandLine(`kubectl delete secret greenroom-apps-repo -n ${namespace}`, HERE),
    ].join('\n'),
    TEARDOWN_NOTE: `Argo CD's controller is left with the role of \`bootstrap/install/controller\`. If it serves others, apply the ClusterRole
\`argocd-application-controller\` of its own installation again, and take the two settings out of \`argocd-cm\`.${isNotifying(platform) ? '\nThe keys of `bootstrap/install/notifications` stay in the ConfigMap `argocd-notifications-cm`: take them out by hand.' : ''}`,
  };
}

function notificationsStep(namespace: string): string {
  return `
   Argo CD Notifications reports to \`serve\` whether each preview is applied and healthy. Give it the secret of its clusters (16
   characters or more); \`GREENROOM_STATUS_SECRETS\` of \`serve\` has the same one for each cluster.

       kubectl patch secret argocd-notifications-secret -n ${namespace} -p "{\\"stringData\\":{\\"${SECRET_KEY}\\":\\"$STATUS_SECRET\\"}}"
`;
}

function commitStatusesStep(namespace: string): string {
  return `
   Argo CD Notifications writes a commit status in this repository when the state of a preview changes. Give it the key of the
   GitHub App of \`status.commitStatuses\`, which needs *Commit statuses: write* on this repository and nothing else.

       kubectl patch secret argocd-notifications-secret -n ${namespace} -p "{\\"stringData\\":{\\"${GITHUB_KEY}\\":$(jq --raw-input --slurp . app.pem)}}"
`;
}

const HERE = 'in the cluster of Argo CD';
