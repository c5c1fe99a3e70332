import type { PreviewContext } from '../constructs/extension.ts';
import type { PreviewAppProps } from '../constructs/preview-app/props.ts';
import { platformFence } from '../constructs/preview-namespace/platform-fence.ts';
import type { PreviewNamespaceProps } from '../constructs/preview-namespace/props.ts';
import { type Identity, previewHost, previewName } from '../model/identity.ts';
import { formatImage } from '../model/image.ts';
import {
  AUTHOR_ANNOTATION,
  COMMIT_ANNOTATION,
  PULL_REQUEST_ANNOTATION,
  REPOSITORY_ANNOTATION,
  SECRETS_PREFIX_ANNOTATION,
} from '../model/labels.ts';
import { repoOfName } from '../model/layout.ts';
import type { Loaded } from '../model/load.ts';
import type { MicroApp } from '../model/micro-app.ts';
import type { PlaceholderValues } from '../model/placeholders.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { environments, filledIn } from './environment.ts';
import { type End, endWithEvidence, expiresAt, type Times } from './lifetime.ts';
import type { OperatedResource } from './operated.ts';
import { type Resolved, type ResolvedApp, resolve } from './resolve.ts';
import { type ResolvedResource, resolveResources } from './resources.ts';

/** Input for one preview. */
export interface PreviewInput {
  readonly preview: Loaded<Preview>;
  readonly platform: PlatformSpec;
  readonly identity: Identity;
  /** Name of the preview if it already runs. @default - derived from the identity */
  readonly name?: string;
  readonly headSha: string;
  /** Account that opened the pull request. @default - unknown */
  readonly author?: string;
  /** URL of the pull request. @default - unknown */
  readonly pullRequestUrl?: string | null;
  readonly labels: readonly string[];
  /**
   * The registration of its repository in the apps repo. Its labels and prefix are already in `platform`. @default -
   * not registered
   */
  readonly registration?: MicroApp | null;
  readonly times: Times;
  /** Digests of image tags, by image with tag. @default - not looked up: the tags stay */
  readonly digests?: ReadonlyMap<string, string> | undefined;
  /** Unix seconds since which its images lack required evidence. @default - they have it */
  readonly evidenceLostSince?: number | undefined;
}

/** A preview as the props of its constructs. */
export interface PreviewParts {
  readonly resolved: Resolved;
  readonly namespace: PreviewNamespaceProps;
  /** One per app, in the order of `resolved.apps`. */
  readonly apps: readonly PreviewAppProps[];
  /** Services in the first app's pod. */
  readonly resources: readonly ResolvedResource[];
  /** Services that operators run. */
  readonly operated: readonly OperatedResource[];
  readonly context: PreviewContext;
  readonly end: End;
  /** Annotations and version for the namespace and the workloads. */
  readonly origin: { readonly annotations: Readonly<Record<string, string>>; readonly version: string };
  /** Values of the placeholders outside of an app; `image` is the first app's image. */
  readonly values: PlaceholderValues;
}

/**
 * Combines the maker's file, the platform's settings and the pull request into the props of a fence and of apps. The
 * compiler and the construct `Preview` both use this function.
 *
 * @throws GreenroomError `invalid-input` if the platform does not allow something
 */
export function previewProps(input: PreviewInput): PreviewParts {
  const { preview, platform, identity, headSha, labels, times } = input;
  const { spec } = preview.value;
  const { owner, number, repositoryId } = identity;
  const repository = `${owner}/${identity.repository}`;
  const name = input.name ?? previewName(identity, platform.sources[0]!.owner).name;
  const resolved = resolve(preview, platform, { ...input, name, owner, repository: identity.repository, number });
  const host = previewHost(name, platform.domain);
  const path = mainPath(resolved.apps);
  const url = path === null ? null : `https://${host}${path === '/' ? '' : path}`;
  const regular = expiresAt(times, labels, spec.ttl, platform.ttl);
  const end = endWithEvidence(regular, input.evidenceLostSince, platform.evidence);
  const values: PlaceholderValues = {
    ...(url !== null && { url, host }),
    name,
    number: String(number),
    sha: headSha,
    image: formatImage(resolved.apps[0].image),
    repository,
  };
  const resources = resolveResources(preview, platform, name);
  const { sidecars, operated } = resources;
  const variables = environments(preview, platform, resolved.apps, resources, values);
  const knative = sidecars.length === 0 && runsOnKnative(platform, resolved.apps);
  return {
    resolved,
    namespace: {
      name,
      repository,
      repositoryId,
      number,
      expires: end.expires,
      partOf: repoOfName(name),
      ...platformFence(platform),
      services: operated.map(({ object }) => object),
      ...(!knative && { ingressPorts: resolved.apps.flatMap(({ spec }) => spec.port ?? []) }),
    },
    apps: resolved.apps.map((app, i) =>
      appProps(app, { platform, host, namespace: name, values, env: variables[i]!, operated, knative }),
    ),
    operated,
    resources: sidecars.map(({ seed, ...resource }) => ({
      ...resource,
      ...(seed && { seed: seed.map((text) => filledIn(text, values)) }),
    })),
    context: { name, repository, repositoryId, number, template: spec.template, host, url, expires: end.expires },
    end,
    values,
    origin: origin(input, repository),
  };
}

function origin(
  { headSha, author, pullRequestUrl, registration }: PreviewInput,
  repository: string,
): PreviewParts['origin'] {
  return {
    annotations: {
      [REPOSITORY_ANNOTATION]: repository,
      ...(pullRequestUrl && { [PULL_REQUEST_ANNOTATION]: pullRequestUrl }),
      [COMMIT_ANNOTATION]: headSha,
      ...(author && { [AUTHOR_ANNOTATION]: author }),
      ...(registration?.secretsPrefix !== undefined && { [SECRETS_PREFIX_ANNOTATION]: registration.secretsPrefix }),
    },
    version: headSha.slice(0, 12),
  };
}

/** Path of the preview's URL: the first app's path, or that of the first app that has one; null if none has one. */
function mainPath(apps: readonly ResolvedApp[]): string | null {
  return apps.map(({ path }) => path).find((path) => path !== null) ?? null;
}

/**
 * Whether functions run on Knative. A DomainMapping takes the whole host, and Knative pods have no step before the
 * start. If a preview needs a path or a release step, its functions are Deployments.
 */
function runsOnKnative({ knative }: PlatformSpec, apps: readonly ResolvedApp[]): boolean {
  const functions = apps.filter(({ spec }) => spec.template === 'function');
  const routed = apps.filter(({ path }) => path !== null);
  return (
    knative &&
    functions.length > 0 &&
    routed.length === 1 &&
    functions.every(({ spec, path }) => path === '/' && spec.release === undefined)
  );
}

interface AppSurroundings {
  readonly platform: PlatformSpec;
  readonly host: string;
  readonly namespace: string;
  readonly values: PlaceholderValues;
  readonly env: Readonly<Record<string, string>>;
  readonly operated: readonly OperatedResource[];
  readonly knative: boolean;
}

function appProps(
  app: ResolvedApp,
  { platform, host, namespace, values, env, operated, knative }: AppSurroundings,
): PreviewAppProps {
  const { name, key, spec, size, path } = app;
  const image = formatImage(app.image);
  const own = { ...values, image };
  const repo = repoOfName(namespace);
  const words = (list: readonly string[]) => list.map((text) => filledIn(text, own));
  const { ingress } = platform;
  return {
    name,
    namespace,
    app: key === null ? repo : `${repo}-${key}`,
    partOf: repo,
    template: spec.template,
    image,
    path,
    ...(spec.port !== null && { port: spec.port }),
    templateFields: spec.templateFields,
    ...(spec.health !== undefined && { health: healthWith(spec.health, own) }),
    ...(spec.command && { command: words(spec.command) }),
    ...(spec.args && { args: words(spec.args) }),
    ...(spec.release && { release: words(spec.release) }),
    ...(spec.user !== undefined && { user: spec.user }),
    writable: spec.writable,
    size,
    env,
    secrets: spec.secrets,
    ...(operated.length > 0 && {
      // Where a maker gives such a name to something else, that wins.
      secretKeys: Object.assign({}, ...operated.map(({ secretKeys }) => secretKeys)),
    }),
    secretStore: { mechanism: platform.secrets.mechanism, store: platform.secrets.store },
    host,
    ingress: {
      kind: ingress.kind,
      class: ingress.class,
      gateway: {
        name: ingress.gateway.name,
        namespace: ingress.gateway.namespace ?? ingress.controllerNamespace,
        listener: ingress.gateway.listener,
      },
    },
    knative,
    spot: platform.spot,
    labels: platform.labels,
    annotations: platform.annotations,
    routeAnnotations: ingress.annotations,
    ...(platform.priorityClass !== undefined && { priorityClass: platform.priorityClass }),
  };
}

function healthWith(
  health: NonNullable<PreviewAppProps['health']>,
  values: PlaceholderValues,
): NonNullable<PreviewAppProps['health']> {
  if (typeof health === 'string' || 'tcp' in health || health.host === undefined) return health;
  return { ...health, host: filledIn(health.host, values) };
}
