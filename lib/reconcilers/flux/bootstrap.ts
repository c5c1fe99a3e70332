import type { Problem } from '../../core/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { CLUSTER_ACCOUNT, PREVIEW_PREFIX } from '../../model/labels.ts';
import { endsByKyverno, type PlatformSpec } from '../../model/platform.ts';
import type { BootstrapFolder, BootstrapInput, GuardSpec } from '../reconciler.ts';
import { commitStatuses } from './commit-statuses.ts';
import { KUSTOMIZATION, kustomization } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';
import { notifications } from './notifications.ts';
import { appsRepoSources, INDEX_SOURCE } from './sources.ts';

/** The account that applies only the Kustomizations of previews. */
const INDEX_ACCOUNT = 'preview-index';

/** Only Kyverno can end a preview that Flux keeps healing. */
export function refusedSettings(platform: PlatformSpec): Problem[] {
  const engines = {
    field: 'spec.policies.engines',
    message:
      'must contain kyverno if the reconciler is flux: Flux restores everything that a job deletes, even without Git, and only an admission policy that checks the time prevents it',
  };
  const statuses = {
    field: 'spec.status.commitStatuses',
    message:
      'cannot be used together with notify if the reconciler is flux: it reports more to serve; remove one of them',
  };
  const { notify, commitStatuses: written } = platform.status;
  return [...(endsByKyverno(platform) ? [] : [engines]), ...(notify && written !== undefined ? [statuses] : [])];
}

/**
 * Each cluster runs its own Flux. An administrator applies `install/clusters/<name>` there, once and at upgrades; Flux
 * applies the policies and the previews.
 */
export function bootstrap({ platform, repoUrl }: BootstrapInput): readonly BootstrapFolder[] {
  return platform.clusters.flatMap(({ name }): BootstrapFolder[] => [
    ...(platform.status.watch
      ? [{ path: `install/namespaces/${name}`, shared: ['cleaner-namespace'] } satisfies BootstrapFolder]
      : []),
    {
      path: `install/clusters/${name}`,
      cluster: name,
      shared: ['accounts', 'cluster', 'pinned'],
      guards: [INDEX_GUARD],
      accounts: [
        {
          name: INDEX_ACCOUNT,
          namespace: FLUX_NAMESPACE,
          clusterKinds: [],
          namespaceKinds: { [FLUX_NAMESPACE]: [KUSTOMIZATION] },
        },
      ],
      objects: [
        ...appsRepoSources({ repoUrl, branch: platform.appsRepo.branch, cluster: name }),
        ...ownKustomizations(platform),
        ...(platform.status.notify && platform.status.url !== undefined
          ? notifications(platform.status.url, name)
          : []),
        ...commitStatuses(platform),
      ],
    },
  ]);
}

function ownKustomizations({ policies }: PlatformSpec): KubeObject[] {
  // Without pruning, so that deleting one of these by mistake neither ends a preview nor removes a guard.
  const deletionPolicy = 'Orphan';
  const ours = { serviceAccount: CLUSTER_ACCOUNT, deletionPolicy } as const;
  const ofEngines = policies.engines.map((engine) => ({ name: `greenroom-policies-${engine}`, engine }));
  return [
    ...ofEngines.map(({ name, engine }) => kustomization({ name, path: `./policies/${engine}`, ...ours })),
    kustomization({
      name: 'previews',
      path: './',
      source: INDEX_SOURCE,
      serviceAccount: INDEX_ACCOUNT,
      deletionPolicy,
      // Policies must be there before the previews.
      dependsOn: ofEngines.map(({ name }) => name),
    }),
  ];
}

/**
 * A Kustomization names the account that applies it, so writing one is a powerful permission. This account may only write
 * those of previews, and the rule own-application checks their content.
 */
const INDEX_GUARD: GuardSpec = {
  name: 'greenroom-preview-index',
  rule: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] }],
  when: `request.userInfo.username == 'system:serviceaccount:${FLUX_NAMESPACE}:${INDEX_ACCOUNT}'`,
  validations: [
    {
      expression: [
        `request.resource.group == '${KUSTOMIZATION.group}' && request.resource.resource == '${KUSTOMIZATION.resource}'`,
        `&& request.namespace == '${FLUX_NAMESPACE}' && request.name.startsWith('${PREVIEW_PREFIX}')`,
      ].join('\n'),
      message: `${INDEX_ACCOUNT} may write only the Kustomizations of previews`,
    },
  ],
};
