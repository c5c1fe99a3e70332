import type { KubeObject } from '../../model/kube-object.ts';
import { type Cluster, IN_CLUSTER } from '../../model/platform.ts';
import type { BootstrapFolder, BootstrapInput } from '../reconciler.ts';
import { appProject } from './app-project.ts';
import {
  type ApplicationSource,
  automatedSync,
  GENERATE_PATHS_ANNOTATION,
  renderSource,
  SYNC_OPTIONS_ANNOTATION,
  SYNC_WAVE_ANNOTATION,
} from './application.ts';
import { applicationSet } from './application-set.ts';
import { CONTROLLER_ROLE, controllerRole, MANAGER_ROLE } from './controller-role.ts';
import { BOOTSTRAP_ACCOUNT, BOOTSTRAP_PROJECT, CLUSTERS_PROJECT } from './names.ts';
import { previewApplicationSets } from './preview-application-sets.ts';
import { ARGOCD_KINDS, bootstrapProject, clustersProject, fencesProject, previewsProject } from './projects.ts';

/**
 * - `install/argocd`, `install/clusters/<name>`: accounts and their permissions and the root project; applied by an
 *   administrator, once and at upgrades;
 * - `install/controller`: the role that takes the place of the one that Argo CD comes with;
 * - `install/root`: the root Application, applied last: one that is there before its project is an error to Argo CD, and
 *   looked at again only minutes later;
 * - `argocd`: what the root Application applies: projects, ApplicationSets, an Application a cluster, and the guard of
 *   Applications;
 * - `clusters/<name>`: what a cluster's Application applies there, beside the compiled policies: guards of the accounts,
 *   the cleaner, certificate and gateway.
 */
export function bootstrap(input: BootstrapInput): readonly BootstrapFolder[] {
  const { platform } = input;
  return [
    { path: 'install/argocd', accounts: [rootAccount(input)], objects: [appProject(bootstrapProject(input))] },
    { path: 'install/controller', objects: [controllerRole(CONTROLLER_ROLE, input)] },
    { path: 'install/root', objects: [rootApplication(input)] },
    {
      path: 'argocd',
      shared: ['pinned'],
      sharedAnnotations: { [SYNC_WAVE_ANNOTATION]: BEFORE_APPLICATIONS },
      objects: argoCdObjects(input),
    },
    ...platform.clusters.flatMap(({ name, server }): BootstrapFolder[] => [
      {
        path: `install/clusters/${name}`,
        ...(server === IN_CLUSTER
          ? { shared: ['accounts'] }
          : { shared: ['accounts-namespace', 'accounts'], objects: [controllerRole(MANAGER_ROLE, input)] }),
      },
      { path: `clusters/${name}`, shared: ['cluster'] },
    ]),
  ];
}

/** Projects and the guard of Applications come first, whatever the names of what uses them. */
const BEFORE_APPLICATIONS = '-1';

/** The account of the root Application. */
function rootAccount({ platform, kinds }: BootstrapInput) {
  const { namespace } = platform.argocd;
  return {
    name: BOOTSTRAP_ACCOUNT,
    namespace,
    clusterKinds: kinds.guard,
    namespaceKinds: { [namespace]: ARGOCD_KINDS },
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
  const projects = [clustersProject, fencesProject, previewsProject].map((project) =>
    appProject(project(input), {
      [SYNC_OPTIONS_ANNOTATION]: 'Prune=confirm',
      [SYNC_WAVE_ANNOTATION]: BEFORE_APPLICATIONS,
    }),
  );
  const ofClusters = platform.clusters.flatMap(({ name, server }) => {
    const sets = previewApplicationSets({ cluster: name, server, repoUrl, branch, namespace });
    return [applicationSet(sets.fences), applicationSet(sets.apps), clusterApplication(input, { name, server })];
  });
  return [...projects, ...ofClusters];
}

function clusterApplication({ platform, repoUrl }: BootstrapInput, { name, server }: Cluster): KubeObject {
  const source = (path: string): ApplicationSource => ({ repoUrl, targetRevision: platform.appsRepo.branch, path });
  return application({
    name: `greenroom-${name}`,
    namespace: platform.argocd.namespace,
    project: CLUSTERS_PROJECT,
    server,
    sources: [
      source(`bootstrap/clusters/${name}`),
      ...platform.policies.engines.map((engine) => source(`policies/${engine}`)),
    ],
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

/** Without the finalizer: deleting one of these by mistake deletes none of what it made. */
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
