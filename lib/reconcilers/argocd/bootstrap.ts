import type { KubeObject } from '../../model/kube-object.ts';
import { type Cluster, IN_CLUSTER } from '../../model/platform.ts';
import type { BootstrapFolder, BootstrapInput, GuardSpec } from '../reconciler.ts';
import { appProject } from './app-project.ts';
import {
  type ApplicationSource,
  automatedSync,
  GENERATE_PATHS_ANNOTATION,
  renderSource,
  SYNC_OPTIONS_ANNOTATION,
} from './application.ts';
import { applicationSet } from './application-set.ts';
import { CONTROLLER_ROLE, controllerRole, MANAGER_ROLE } from './controller-role.ts';
import { BOOTSTRAP_ACCOUNT, BOOTSTRAP_PROJECT, CLUSTERS_PROJECT, FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';
import { isNotifying, notifications, subscriptions } from './notifications.ts';
import { previewApplicationSets } from './preview-application-sets.ts';
import { ARGOCD_KINDS, bootstrapProject, clustersProject, fencesProject, previewsProject } from './projects.ts';

/**
 * - `install/argocd`, `install/clusters/<name>`: accounts and their permissions, projects, guards, the cleaner,
 *   certificate and gateway; applied by an administrator, once and at upgrades;
 * - `install/controller`: the role that replaces the one of Argo CD's installation;
 * - `install/notifications`: additional settings for Argo CD Notifications, if they are enabled;
 * - `install/root`: the root Application, applied last: if it exists before its project, Argo CD reports an error and
 *   retries only minutes later;
 * - `argocd`: objects that the root Application applies: ApplicationSets, and one Application per cluster for policies.
 */
export function bootstrap(input: BootstrapInput): readonly BootstrapFolder[] {
  const { platform } = input;
  return [
    {
      path: 'install/argocd',
      shared: ['pinned'],
      accounts: [rootAccount(input)],
      guards: [rootGuard(input)],
      objects: [bootstrapProject, clustersProject, fencesProject, previewsProject].map((project) =>
        appProject(project(input)),
      ),
    },
    { path: 'install/controller', objects: [controllerRole(CONTROLLER_ROLE, input)] },
    ...(isNotifying(platform) ? [{ path: 'install/notifications', additions: [notifications(platform)] }] : []),
    { path: 'install/root', objects: [rootApplication(input)] },
    { path: 'argocd', objects: argoCdObjects(input) },
    ...platform.clusters.flatMap(({ name, server }): BootstrapFolder[] => [
      {
        path: `install/namespaces/${name}`,
        shared: ['cleaner-namespace', ...(server === IN_CLUSTER ? [] : ['accounts-namespace' as const])],
      },
      {
        path: `install/clusters/${name}`,
        cluster: name,
        shared: ['accounts', 'cluster'],
        objects: server === IN_CLUSTER ? [] : [controllerRole(MANAGER_ROLE, input)],
      },
    ]),
  ];
}

/** The account of the root Application. */
function rootAccount({ platform }: BootstrapInput) {
  const { namespace } = platform.argocd;
  return {
    name: BOOTSTRAP_ACCOUNT,
    namespace,
    clusterKinds: [],
    namespaceKinds: { [namespace]: ARGOCD_KINDS },
  };
}

/** Limits this account to the expected objects: anybody who pushes to `bootstrap/argocd` decides what it applies. */
function rootGuard({ platform, repoUrl }: BootstrapInput): GuardSpec {
  const { namespace } = platform.argocd;
  const cel = (text: string) => JSON.stringify(text);
  const source = `s.repoURL == ${cel(repoUrl)} && s.?targetRevision.orValue('') == ${cel(platform.appsRepo.branch)} && s.?path.orValue('').startsWith('policies/')`;
  return {
    name: 'greenroom-bootstrap',
    rule: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['*/*'] }],
    when: `request.userInfo.username == 'system:serviceaccount:${namespace}:${BOOTSTRAP_ACCOUNT}'`,
    validations: [
      {
        expression: `request.namespace == '${namespace}' && request.resource.group == 'argoproj.io' && request.resource.resource in ['applications', 'applicationsets']`,
        message: `${BOOTSTRAP_ACCOUNT} may write Applications and ApplicationSets of previews only`,
      },
      {
        expression: `request.operation == 'DELETE' || request.resource.resource != 'applications' || (object.spec.project == '${CLUSTERS_PROJECT}' && !has(object.spec.source) && object.spec.?sources.orValue([]).all(s, ${source}))`,
        message: `an Application that ${BOOTSTRAP_ACCOUNT} writes applies policies/ of the apps repo, in the project ${CLUSTERS_PROJECT}`,
      },
      {
        expression: `request.operation == 'DELETE' || request.resource.resource != 'applicationsets' || object.spec.template.spec.project in ['${FENCES_PROJECT}', '${PREVIEWS_PROJECT}']`,
        message: `an ApplicationSet that ${BOOTSTRAP_ACCOUNT} writes makes previews, in the project ${FENCES_PROJECT} or ${PREVIEWS_PROJECT}`,
      },
    ],
  };
}

function rootApplication({ platform, repoUrl }: BootstrapInput): KubeObject {
  return application({
    name: 'greenroom',
    namespace: platform.argocd.namespace,
    project: BOOTSTRAP_PROJECT,
    server: IN_CLUSTER,
    sources: [{ repoUrl, targetRevision: platform.appsRepo.branch, path: 'bootstrap/argocd' }],
  });
}

function argoCdObjects(input: BootstrapInput): KubeObject[] {
  const { platform, repoUrl } = input;
  const { namespace } = platform.argocd;
  const { branch } = platform.appsRepo;
  return platform.clusters.flatMap(({ name, server }) => {
    const sets = previewApplicationSets({
      ...{ cluster: name, server, repoUrl, branch, namespace },
      ...(isNotifying(platform) && { annotations: subscriptions(platform) }),
    });
    return [applicationSet(sets.fences), applicationSet(sets.apps), clusterApplication(input, { name, server })];
  });
}

function clusterApplication({ platform, repoUrl }: BootstrapInput, { name, server }: Cluster): KubeObject {
  const source = (path: string): ApplicationSource => ({ repoUrl, targetRevision: platform.appsRepo.branch, path });
  return application({
    name: `greenroom-${name}`,
    namespace: platform.argocd.namespace,
    project: CLUSTERS_PROJECT,
    server,
    sources: platform.policies.engines.map((engine) => source(`policies/${engine}`)),
    annotations: { [SYNC_OPTIONS_ANNOTATION]: 'Prune=confirm' },
  });
}

interface ApplicationProps {
  readonly name: string;
  readonly namespace: string;
  readonly project: string;
  readonly server: string;
  readonly sources: readonly ApplicationSource[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Without the finalizer, so that deleting one of these by mistake deletes none of its objects. */
function application({ name, namespace, project, server, sources, annotations }: ApplicationProps): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace, annotations: { [GENERATE_PATHS_ANNOTATION]: '.', ...annotations } },
    spec: {
      project,
      sources: sources.map(renderSource),
      destination: { server, namespace },
      syncPolicy: automatedSync(),
    },
  };
}
