import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { invalidInput } from '../../core/errors.ts';
import { type FileSet, fileSet } from '../../core/fileset.ts';
import { previewName } from '../../model/identity.ts';
import { FENCER_ACCOUNT, PLATFORM_LABELS, PREVIEW_LABEL, RECONCILER_ACCOUNT } from '../../model/labels.ts';
import { LISTED_FENCES } from '../../model/layout.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { AppProjectProps } from '../../reconcilers/argocd/app-project.ts';
import {
  type ApplicationSource,
  SYNC_OPTIONS_ANNOTATION,
  SYNC_WAVE_ANNOTATION,
} from '../../reconcilers/argocd/application.ts';
import type { PullRequestGenerator } from '../../reconcilers/argocd/generators.ts';
import { PULL_REQUEST_PROJECTS } from '../../reconcilers/argocd/names.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { AppProject } from '../app-project/app-project.ts';
import { ApplicationSet } from '../application-set/application-set.ts';
import { fenceKinds, NAMESPACE_KIND, workloadKinds } from '../bootstrap/kinds.ts';
import { fenceChart } from './fence.ts';
import { pullRequestGuard } from './guard.ts';

/** A micro app's repository with its own manifests. */
export interface ManifestRepository extends Omit<PullRequestGenerator, 'owner' | 'repo'> {
  readonly owner: string;
  readonly name: string;
  /** The forge's numeric id of it. */
  readonly id: number;
  /** Address from which Argo CD clones it. */
  readonly url: string;
  /** Folder of its manifests: files `*.yaml` without a namespace. Nothing in it is evaluated. */
  readonly path: string;
}

/** Props of {@link PullRequestPreviews}. */
export interface PullRequestPreviewsProps {
  readonly platform: PlatformSpec;
  /** Address from which Argo CD clones the apps repo. */
  readonly repoUrl: string;
  readonly repository: ManifestRepository;
  /**
   * Name of the cluster to run in.
   * @default - the platform's first
   */
  readonly cluster?: string;
}

/**
 * Previews of one repository without commits to the apps repo: Argo CD lists the labelled pull requests itself, reads the
 * manifests at each head commit, and adds the platform's fence from a Helm chart in the apps repo.
 *
 * This is for teams that keep their manifests with their code. The accounts are those of the `Bootstrap`: the fencer
 * writes the fence, and an account in the preview's namespace writes the app. Admission and RBAC limit both as for compiled
 * previews. Features of the compiler are missing: findings on the pull request before anything runs, the cost, slots, and
 * an individual end. Such a preview lives until its pull request closes or loses the label, or until Argo CD has not
 * refreshed it for `ttl.max`. Leave the repository out of `sources` in greenroom.yaml, otherwise both create previews with
 * the same name.
 *
 * @example
 * const previews = new PullRequestPreviews(chart, 'shop', { platform, repoUrl, repository });
 * for (const [path, text] of previews.files) writeFileSync(path, text);
 *
 * @throws GreenroomError `invalid-input` for an unknown cluster, another reconciler than Argo CD, or an invalid repository
 */
export class PullRequestPreviews extends Construct {
  /** The files to commit to the apps repo, text by path from the root: the fence as a Helm chart. */
  readonly files: FileSet;

  constructor(scope: Construct, id: string, props: PullRequestPreviewsProps) {
    super(scope, id);
    const { platform, repoUrl, repository } = props;
    if (!reconcilerOf(platform).listsPullRequests) {
      throw invalidInput([{ field: 'platform.reconciler', message: 'must be argocd, which lists the pull requests' }]);
    }
    const { owner, name, url, path } = repository;
    const identity = { repositoryId: repository.id, owner, repository: name, number: 1 };
    const { repo } = previewName(identity, platform.sources[0]!.owner);
    const folder = `${LISTED_FENCES}/${repo}`;
    const prefix = `pr-${repo}-`;
    const { namespace } = platform.argocd;
    const server = serverOf(platform, props.cluster);
    const chart = fenceChart(platform, `${owner}/${name}`, repository.id, repo);
    this.files = fileSet([...chart].map(([file, text]) => [`${folder}/${file}`, text] as const));

    const template = `${prefix}{{.number}}`;
    const sides = sidesOf(props, { repo, folder, template });
    for (const side of Object.values(sides)) {
      this.side(side, { ...props, namespace, server, prefix, template });
    }
    const guard = pullRequestGuard(this, 'guard', {
      name: `greenroom-pull-requests-${repo}`,
      namespace,
      server,
      prefix,
      fence: { ...sides.fence, repoUrl, path: folder, revision: escapePattern(platform.appsRepo.branch) },
      app: { ...sides.app, repoUrl: url, path, revision: '[0-9a-f]{40}' },
    });
    for (const { metadata } of guard.apiObjects) metadata.addAnnotation(SYNC_WAVE_ANNOTATION, '-1');
  }

  /** Everything that belongs in Argo CD's cluster. */
  get apiObjects(): ApiObject[] {
    return this.node.findAll().filter((child): child is ApiObject => ApiObject.isApiObject(child));
  }

  private side(side: Side, props: SideProps): void {
    const { project, account, kinds, source, suffix } = side;
    const { namespace, server, repository, prefix, template } = props;
    const { owner, name, labels, credential, api, requeueAfterSeconds } = repository;
    const { metadata } = new AppProject(this, project, {
      name: project,
      namespace,
      description: `Previews of ${owner}/${name}`,
      sourceRepos: [source.repoUrl],
      destinations: [{ server, namespace: `${prefix}*`, serviceAccount: account }],
      ...kinds,
    });
    metadata.addAnnotation(SYNC_OPTIONS_ANNOTATION, 'Prune=confirm');
    metadata.addAnnotation(SYNC_WAVE_ANNOTATION, '-1');
    new ApplicationSet(this, `${project}-set`, {
      name: project,
      namespace,
      annotations: { [SYNC_OPTIONS_ANNOTATION]: 'Prune=confirm' },
      generator: {
        pullRequests: {
          owner,
          repo: name,
          labels,
          ...(credential && { credential }),
          ...(api !== undefined && { api }),
          ...(requeueAfterSeconds !== undefined && { requeueAfterSeconds }),
        },
      },
      template: {
        name: `${template}${suffix}`,
        project,
        labels: { ...PLATFORM_LABELS, [PREVIEW_LABEL]: template },
        source,
        destination: { server, namespace: template },
      },
    });
  }
}

function sidesOf(
  { platform, repoUrl, repository }: PullRequestPreviewsProps,
  { repo, folder, template }: { readonly repo: string; readonly folder: string; readonly template: string },
): Readonly<Record<'fence' | 'app', Side>> {
  return {
    fence: {
      project: `${PULL_REQUEST_PROJECTS}fences-${repo}`,
      suffix: '-fence',
      account: `${platform.argocd.namespace}:${FENCER_ACCOUNT}`,
      kinds: { clusterKinds: [NAMESPACE_KIND], namespacedKinds: fenceKinds(platform) },
      source: {
        repoUrl,
        targetRevision: platform.appsRepo.branch,
        path: folder,
        helmValues: { name: template, number: '{{.number}}' },
      },
    },
    app: {
      project: `${PULL_REQUEST_PROJECTS}previews-${repo}`,
      suffix: '',
      account: RECONCILER_ACCOUNT,
      kinds: { namespacedKinds: workloadKinds(platform) },
      source: {
        repoUrl: repository.url,
        targetRevision: '{{.head_sha}}',
        path: repository.path,
      },
    },
  };
}

interface Side {
  readonly project: string;
  readonly suffix: string;
  /** The account that applies it. */
  readonly account: string;
  readonly kinds: Pick<AppProjectProps, 'clusterKinds' | 'namespacedKinds'>;
  readonly source: ApplicationSource;
}

interface SideProps extends PullRequestPreviewsProps {
  readonly namespace: string;
  readonly server: string;
  readonly prefix: string;
  /** Go template of a preview's name. */
  readonly template: string;
}

function serverOf({ clusters }: PlatformSpec, name: string | undefined): string {
  const found = name === undefined ? clusters[0] : clusters.find((cluster) => cluster.name === name);
  if (found !== undefined) return found.server;
  const known = clusters.map((cluster) => cluster.name).join(', ');
  throw invalidInput([{ field: 'cluster', message: `must be a cluster of the platform (${known}); found ${name}` }]);
}

function escapePattern(text: string): string {
  return text.replaceAll('.', '\\.');
}
