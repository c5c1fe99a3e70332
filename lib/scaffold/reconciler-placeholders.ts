import { appsRepoUrl, type PlatformSpec } from '../model/platform.ts';

/** What the README of an apps repo says of the reconciler, by mark. Lines after the first are indented as a list item. */
export function reconcilerPlaceholders(platform: PlatformSpec): Record<string, string> {
  return platform.reconciler === 'flux' ? flux(platform) : argoCd(platform);
}

const apply = (folder: string, where: string) => `       kubectl apply -f bootstrap/install/${folder}  # ${where}`;
const applyClusters = ({ clusters }: PlatformSpec) =>
  clusters.map(({ name }) => apply(`clusters/${name}`, `in the cluster ${name}`));

function argoCd(platform: PlatformSpec): Record<string, string> {
  const { namespace } = platform.argocd;
  return {
    RECONCILER: 'Argo CD',
    RECONCILER_NEEDS: 'Argo CD 3.2 or newer',
    RECONCILER_WEBHOOK: `Point a webhook of this repository at Argo CD (\`/api/webhook\` of the ApplicationSet controller and of the API server):
   then a commit is seen at once and not after three minutes.`,
    RECONCILER_STEPS: `1. In Argo CD's ConfigMap \`argocd-cm\`, set \`application.sync.impersonation.enabled: "true"\`. It holds for the whole
   Argo CD: every other AppProject needs \`destinationServiceAccounts\` from then on, or an Argo CD of its own.
2. Give Argo CD read access to this repository (\`${appsRepoUrl(platform)}\`).`,
    INSTALL: [
      apply('argocd', 'in the cluster of Argo CD'),
      ...applyClusters(platform),
      apply('root', 'in the cluster of Argo CD, last'),
    ].join('\n'),
    RECONCILER_TEARDOWN: `- An ApplicationSet or a project is never pruned without a person saying so (\`Prune=confirm\`), since that ends every
  preview of its cluster.
- To take it all down: \`kubectl delete -n ${namespace} application greenroom\`, then the ApplicationSets, then what
  \`bootstrap/install\` holds.`,
  };
}

function flux(platform: PlatformSpec): Record<string, string> {
  const url = appsRepoUrl(platform);
  return {
    RECONCILER: 'Flux',
    RECONCILER_NEEDS:
      'Flux (seen to work with kustomize-controller 1.9), Kyverno with its clean-up controller\n(seen to work with 1.19)',
    RECONCILER_WEBHOOK: `Point a webhook of this repository at a Receiver of Flux that names the GitRepositories \`previews\` and
   \`previews-index\`: then a commit is seen at once and not after a minute.`,
    RECONCILER_STEPS: `1. Start kustomize-controller with \`--no-cross-namespace-refs --no-remote-bases --default-service-account=nobody\`: what
   names no account of its own is then applied by nobody.
2. Give Flux read access to this repository, in each cluster:

       flux create secret git previews --url=${url} --username=git --password=$TOKEN
`,
    INSTALL: applyClusters(platform).join('\n'),
    RECONCILER_TEARDOWN: `- None of the Kustomizations that \`bootstrap/install\` holds takes along what it applied: deleting one ends no preview.
- To take it all down: delete the Kustomization \`previews\`, then those named \`pr-*\`, then what \`bootstrap/install\` holds.`,
  };
}
