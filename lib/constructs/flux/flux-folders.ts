import type { Construct } from 'constructs';
import { invalidInput } from '../../core/errors.ts';
import { FENCER_ACCOUNT, FLUX_NAMESPACE, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { KUSTOMIZATION } from '../../policies/resources.ts';
import { CLUSTER_ACCOUNT, clusterAccounts } from '../bootstrap/accounts.ts';
import { endsByKyverno, KyvernoExpiry } from '../bootstrap/expiry.ts';
import { fencerGuard, Guard, reconcilerGuard, username } from '../bootstrap/guards.ts';
import { previewGateway, wildcardCertificate } from '../bootstrap/ingress.ts';
import { Account, ownerRules } from '../bootstrap/rbac.ts';
import { Kustomization } from './kustomization.ts';
import { appsRepoSources, INDEX_SOURCE } from './sources.ts';

/** Applies the Kustomizations of previews, and nothing else. */
export const INDEX_ACCOUNT = 'preview-index';

/**
 * The folders of `bootstrap/` for Flux. Each cluster runs a Flux of its own, and an administrator applies
 * `install/clusters/<name>` there, once and at upgrades; Flux applies `clusters/<name>`, the policies and the previews.
 *
 * @throws GreenroomError `invalid-input` without Kyverno: nothing else ends a preview that Flux heals
 */
export function fluxFolders(
  folder: (path: string) => Construct,
  { platform, repoUrl }: { readonly platform: PlatformSpec; readonly repoUrl: string },
): void {
  if (!endsByKyverno(platform)) {
    throw invalidInput([
      {
        field: 'spec.policies.engines',
        message:
          'must hold kyverno where the reconciler is flux: Flux restores whatever a job deletes, also with Git dead, and only an admission policy with a clock keeps an ended preview from coming back',
      },
    ]);
  }
  for (const { name } of platform.clusters) {
    install(folder(`install/clusters/${name}`), platform, repoUrl, name);
    const cluster = folder(`clusters/${name}`);
    fencerGuard(cluster, 'fencer', FLUX_NAMESPACE, FENCER_ACCOUNT, 'account-beside-it');
    indexGuard(cluster);
    reconcilerGuard(cluster, 'kustomizations', platform, repoUrl);
    new KyvernoExpiry(cluster, 'expiry', { schedule: platform.cleaner.schedule });
    wildcardCertificate(cluster, 'certificate', platform);
    if (platform.ingress.kind === 'gateway') previewGateway(cluster, 'gateway', platform);
  }
}

function install(scope: Construct, platform: PlatformSpec, repoUrl: string, cluster: string): void {
  clusterAccounts(scope, platform);
  new Account(scope, 'index', {
    name: INDEX_ACCOUNT,
    namespace: FLUX_NAMESPACE,
    clusterRules: [],
    namespaceRules: { [FLUX_NAMESPACE]: ownerRules([KUSTOMIZATION]) },
  });
  appsRepoSources(scope, { repoUrl, branch: platform.appsRepo.branch, cluster });
  // None of these takes along what it made: deleting one by mistake ends no preview and lifts no guard.
  const deletionPolicy = 'Orphan';
  const ours = { serviceAccount: CLUSTER_ACCOUNT, deletionPolicy } as const;
  new Kustomization(scope, 'apply-cluster', { name: 'greenroom', path: `./bootstrap/clusters/${cluster}`, ...ours });
  for (const engine of platform.policies.engines) {
    new Kustomization(scope, `apply-policies-${engine}`, {
      name: `greenroom-policies-${engine}`,
      path: `./policies/${engine}`,
      ...ours,
    });
  }
  new Kustomization(scope, 'apply-previews', {
    name: 'previews',
    path: './',
    source: INDEX_SOURCE,
    serviceAccount: INDEX_ACCOUNT,
    deletionPolicy,
    // Guards before what they guard.
    dependsOn: ['greenroom', ...platform.policies.engines.map((engine) => `greenroom-policies-${engine}`)],
  });
}

/**
 * Whoever may write a Kustomization chooses the account that it applies with. This one may write those of previews, and
 * the rule own-application says what such a Kustomization looks like.
 */
function indexGuard(scope: Construct): void {
  new Guard(scope, 'index', {
    name: 'greenroom-preview-index',
    rule: { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] },
    when: username(FLUX_NAMESPACE, INDEX_ACCOUNT),
    validations: [
      {
        expression: [
          `request.resource.group == '${KUSTOMIZATION.group}' && request.resource.resource == '${KUSTOMIZATION.resource}'`,
          `&& request.namespace == '${FLUX_NAMESPACE}' && request.name.startsWith('${PREVIEW_PREFIX}')`,
        ].join('\n'),
        message: `${INDEX_ACCOUNT} may write only the Kustomizations of previews`,
      },
    ],
  });
}
