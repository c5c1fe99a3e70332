import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { FENCER_ACCOUNT } from '../../model/labels.ts';
import type { Cluster, PlatformSpec } from '../../model/platform.ts';
import {
  type ApplicationSource,
  automatedSync,
  GENERATE_PATHS_ANNOTATION,
  renderSource,
  SYNC_OPTIONS_ANNOTATION,
  SYNC_WAVE_ANNOTATION,
} from '../application-set/application.ts';
import { PreviewApplicationSets } from '../application-set/preview-application-sets.ts';
import { fluxFolders } from '../flux/flux-folders.ts';
import { accountsNamespace, bootstrapAccount, CLEANER_ACCOUNT, clusterAccounts } from './accounts.ts';
import { Cleaner } from './cleaner.ts';
import { endsByKyverno, KyvernoExpiry } from './expiry.ts';
import { cleanerGuard, fencerGuard, reconcilerGuard } from './guards.ts';
import { previewGateway, wildcardCertificate } from './ingress.ts';
import {
  BOOTSTRAP_PROJECT,
  bootstrapProject,
  CLUSTERS_PROJECT,
  clustersProject,
  fencesProject,
  IN_CLUSTER,
  previewsProject,
} from './projects.ts';

export interface BootstrapProps {
  readonly platform: PlatformSpec;
  /** Address of the apps repo as Argo CD clones it. */
  readonly repoUrl: string;
}

/**
 * Everything that makes a reconciler run the previews of an apps repo, by folder of `bootstrap/`. For Argo CD:
 *
 * - `install/argocd`, `install/clusters/<name>`: accounts and their permissions and the root project; applied by an
 *   administrator, once and at upgrades;
 * - `install/root`: the root Application, applied last: one that is there before its project is an error to Argo CD, and
 *   looked at again only minutes later;
 * - `argocd`: what the root Application applies: projects, ApplicationSets, an Application a cluster, and the guard of
 *   Applications;
 * - `clusters/<name>`: what a cluster's Application applies there, beside the compiled policies: guards of the accounts,
 *   the cleaner, certificate and gateway.
 *
 * For Flux there is no second place beside the clusters: `install/clusters/<name>` holds its sources and Kustomizations
 * too, and `clusters/<name>` the guard of Kustomizations.
 *
 * @throws GreenroomError `invalid-input` for Flux without Kyverno
 *
 * @example
 * const bootstrap = new Bootstrap(chart, 'bootstrap', {
 *   platform: platform.spec,
 *   repoUrl: 'https://github.com/acme/previews.git',
 * });
 */
export class Bootstrap extends Construct {
  /** The part of each folder below `bootstrap/`. */
  readonly folders: ReadonlyMap<string, Construct>;

  constructor(scope: Construct, id: string, props: BootstrapProps) {
    super(scope, id);
    const folders = new Map<string, Construct>();
    const folder = (path: string) => {
      const part = new Construct(this, path.replaceAll('/', '-'));
      folders.set(path, part);
      return part;
    };
    if (props.platform.reconciler === 'flux') fluxFolders(folder, props);
    else argoCdFolders(folder, props);
    this.folders = folders;
  }

  /** The objects of a folder below `bootstrap/`. */
  objects(folder: string): ApiObject[] {
    const part = this.folders.get(folder);
    return part ? part.node.findAll().filter((c): c is ApiObject => c instanceof ApiObject) : [];
  }
}

function argoCdFolders(folder: (path: string) => Construct, props: BootstrapProps): void {
  installArgoCd(folder('install/argocd'), props);
  rootApplication(folder('install/root'), props);
  argoCd(folder('argocd'), props);
  for (const cluster of props.platform.clusters) {
    const install = folder(`install/clusters/${cluster.name}`);
    if (cluster.server !== IN_CLUSTER) accountsNamespace(install, props.platform.argocd.namespace);
    clusterAccounts(install, props.platform);
    clusterObjects(folder(`clusters/${cluster.name}`), props.platform);
  }
}

/** Projects and the guard of Applications come first, whatever the names of what uses them. */
const BEFORE_APPLICATIONS = '-1';

function installArgoCd(scope: Construct, { platform, repoUrl }: BootstrapProps): void {
  bootstrapAccount(scope, platform);
  bootstrapProject(scope, platform, repoUrl);
}

function rootApplication(scope: Construct, { platform, repoUrl }: BootstrapProps): void {
  application(scope, {
    name: 'greenroom',
    namespace: platform.argocd.namespace,
    project: BOOTSTRAP_PROJECT,
    server: IN_CLUSTER,
    sources: [{ repoUrl, targetRevision: platform.appsRepo.branch, path: 'bootstrap/argocd' }],
  });
}

function argoCd(scope: Construct, props: BootstrapProps): void {
  const { platform, repoUrl } = props;
  const { namespace } = platform.argocd;
  const { branch } = platform.appsRepo;
  for (const project of [clustersProject, fencesProject, previewsProject]) {
    const { metadata } = project(scope, platform, repoUrl);
    metadata.addAnnotation(SYNC_OPTIONS_ANNOTATION, 'Prune=confirm');
    metadata.addAnnotation(SYNC_WAVE_ANNOTATION, BEFORE_APPLICATIONS);
  }
  for (const { name, server } of platform.clusters) {
    new PreviewApplicationSets(scope, `sets-${name}`, { cluster: name, server, repoUrl, branch, namespace });
    clusterApplication(scope, props, { name, server });
  }
  for (const { metadata } of reconcilerGuard(scope, 'applications', platform, repoUrl)) {
    metadata.addAnnotation(SYNC_WAVE_ANNOTATION, BEFORE_APPLICATIONS);
  }
}

function clusterApplication(scope: Construct, props: BootstrapProps, { name, server }: Cluster): void {
  const { platform, repoUrl } = props;
  const source = (path: string): ApplicationSource => ({ repoUrl, targetRevision: platform.appsRepo.branch, path });
  application(scope, {
    name: `greenroom-${name}`,
    namespace: platform.argocd.namespace,
    project: CLUSTERS_PROJECT,
    server,
    sources: [
      source(`bootstrap/clusters/${name}`),
      ...platform.policies.engines.map((engine) => source(`policies/${engine}`)),
    ],
  }).metadata.addAnnotation(SYNC_OPTIONS_ANNOTATION, 'Prune=confirm');
}

function clusterObjects(scope: Construct, platform: PlatformSpec): void {
  const { namespace } = platform.argocd;
  fencerGuard(scope, 'fencer', namespace, FENCER_ACCOUNT);
  if (endsByKyverno(platform)) {
    new KyvernoExpiry(scope, 'expiry', { schedule: platform.cleaner.schedule });
  } else {
    cleanerGuard(scope, 'cleaner-guard', namespace, CLEANER_ACCOUNT);
    new Cleaner(scope, 'cleaner', {
      name: CLEANER_ACCOUNT,
      namespace,
      serviceAccount: CLEANER_ACCOUNT,
      image: platform.cleaner.image,
      schedule: platform.cleaner.schedule,
    });
  }
  wildcardCertificate(scope, 'certificate', platform);
  if (platform.ingress.kind === 'gateway') previewGateway(scope, 'gateway', platform);
}

interface ApplicationProps {
  readonly name: string;
  readonly namespace: string;
  readonly project: string;
  readonly server: string;
  readonly sources: readonly ApplicationSource[];
}

/** Without the finalizer: deleting one of these by mistake deletes none of what it made. */
function application(scope: Construct, props: ApplicationProps): ApiObject {
  const { name, namespace, project, server, sources } = props;
  return new ApiObject(scope, `application-${name}`, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace, annotations: { [GENERATE_PATHS_ANNOTATION]: '.' } },
    spec: {
      project,
      sources: sources.map(renderSource),
      destination: { server, namespace },
      syncPolicy: automatedSync(),
    },
  });
}
