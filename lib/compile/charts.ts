import { type ApiObject, type App, Chart } from 'cdk8s';
import type { PreviewContext, PreviewExtension } from '../constructs/extension.ts';
import { PlainObject } from '../constructs/plain-object.ts';
import { PreviewApp } from '../constructs/preview-app/preview-app.ts';
import { platformFence } from '../constructs/preview-namespace/platform-fence.ts';
import { PreviewNamespace } from '../constructs/preview-namespace/preview-namespace.ts';
import { type Identity, previewHost, previewName } from '../model/identity.ts';
import { formatImage } from '../model/image.ts';
import {
  AUTHOR_ANNOTATION,
  COMMIT_ANNOTATION,
  PULL_REQUEST_ANNOTATION,
  REPOSITORY_ANNOTATION,
  VERSION_LABEL,
} from '../model/labels.ts';
import { previewFolder, repoOfName } from '../model/layout.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { reconcilerOf } from '../reconcilers/index.ts';
import { expiresAt, type Times } from './lifetime.ts';
import { type Resolved, resolve } from './resolve.ts';

export interface ChartInput {
  readonly preview: Loaded<Preview>;
  readonly platform: PlatformSpec;
  readonly identity: Identity;
  /** Name that the preview already runs under. @default - derived from the identity */
  readonly name?: string;
  readonly headSha: string;
  /** Account that opened the pull request. @default - not said */
  readonly author?: string;
  /** Address of the pull request's page. @default - not said */
  readonly pullRequestUrl?: string | null;
  readonly labels: readonly string[];
  readonly times: Times;
  /** Digest that the image's tag stands for. @default - not asked: the tag stays */
  readonly digest?: string | undefined;
  /** @default - none */
  readonly extensions?: readonly PreviewExtension[];
}

export interface PreviewCharts {
  readonly name: string;
  readonly host: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly resolved: Resolved;
  readonly fence: Chart;
  readonly app: Chart;
  /** What the reconciler applies the two with, and its folder; null where `preview.json` is enough. */
  readonly reconciler: { readonly folder: string; readonly chart: Chart } | null;
  readonly namespace: PreviewNamespace;
}

/**
 * A preview as two charts of a cdk8s app: what the platform's side writes, and what the app's account may write.
 *
 * @throws GreenroomError `invalid-input` for what the platform does not take
 */
export function previewCharts(scope: App, input: ChartInput): PreviewCharts {
  const { preview, platform, identity, headSha, labels, times } = input;
  const { spec } = preview.value;
  const { owner, number } = identity;
  const repository = `${owner}/${identity.repository}`;
  const resolved = resolve(preview, platform, {
    owner,
    repository: identity.repository,
    number,
    headSha,
    labels,
    digest: input.digest,
  });
  const name = input.name ?? previewName(identity, platform.sources[0]!.owner).name;
  const host = previewHost(name, platform.domain);
  const expires = expiresAt(times, labels, spec.ttl, platform.ttl);
  // Names are contracts: no chart may append a hash to them.
  const fence = new Chart(scope, `${name}-fence`, { disableResourceNameHashes: true });
  const app = new Chart(scope, `${name}-app`, { disableResourceNameHashes: true });
  const namespace = new PreviewNamespace(fence, 'fence', {
    name,
    repository,
    repositoryId: identity.repositoryId,
    number: identity.number,
    expires,
    partOf: repoOfName(name),
    ...platformFence(platform),
  });
  const previewApp = new PreviewApp(app, 'app', {
    name,
    namespace: name,
    app: repoOfName(name),
    partOf: repoOfName(name),
    template: spec.template,
    image: formatImage(resolved.image),
    port: spec.port,
    health: spec.health,
    size: resolved.size,
    env: spec.env,
    secrets: spec.secrets,
    secretStore: { mechanism: platform.secrets.mechanism, store: platform.secrets.store },
    host,
    ingress: {
      kind: platform.ingress.kind,
      class: platform.ingress.class,
      gateway: {
        name: platform.ingress.gateway.name,
        namespace: platform.ingress.gateway.namespace ?? platform.ingress.controllerNamespace,
      },
    },
    knative: platform.knative,
    spot: platform.spot,
  });
  const context: PreviewContext = {
    name,
    repository,
    repositoryId: identity.repositoryId,
    number: identity.number,
    template: spec.template,
    host,
    expires,
  };
  sayOrigin(input, repository, namespace.namespace, [previewApp.workload]);
  for (const extend of input.extensions ?? []) extend({ fence, app, namespace, preview: previewApp, context });
  const reconciler = reconcilerChart(scope, platform, resolved, name);
  return { name, host, expires, resolved, fence, app, reconciler, namespace };
}

/** Whoever finds the namespace or a workload in a cluster sees whose it is, and what it shows. */
function sayOrigin(
  { headSha, author, pullRequestUrl }: ChartInput,
  repository: string,
  namespace: ApiObject,
  workloads: readonly ApiObject[],
): void {
  const annotations = {
    [REPOSITORY_ANNOTATION]: repository,
    ...(pullRequestUrl && { [PULL_REQUEST_ANNOTATION]: pullRequestUrl }),
    [COMMIT_ANNOTATION]: headSha,
    ...(author && { [AUTHOR_ANNOTATION]: author }),
  };
  for (const { metadata } of [namespace, ...workloads]) {
    for (const [key, value] of Object.entries(annotations)) metadata.addAnnotation(key, value);
  }
  // Of the workload alone, not of its pods: those are restarted by a new image, and by nothing less.
  for (const { metadata } of workloads) metadata.addLabel(VERSION_LABEL, headSha.slice(0, 12));
}

function reconcilerChart(
  scope: App,
  platform: PlatformSpec,
  { cluster }: Resolved,
  name: string,
): PreviewCharts['reconciler'] {
  const part = reconcilerOf(platform).preview;
  if (part === null) return null;
  const chart = new Chart(scope, `${name}-${part.folder}`, { disableResourceNameHashes: true });
  for (const object of part.objects(name, previewFolder(cluster.name, repoOfName(name), name))) {
    new PlainObject(chart, `${object.kind}-${object.metadata.name}`, object);
  }
  return { folder: part.folder, chart };
}
