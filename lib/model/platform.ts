import * as z from 'zod';
import { sha256 } from '../core/digest.ts';
import { contradictions } from './platform/consistency.ts';
import { evidence } from './platform/evidence.ts';
import { extensions } from './platform/extensions.ts';
import { egress, ingress, network } from './platform/network.ts';
import { annotations, env, fenceKinds, imagePullSecrets, labels, priorityClass } from './platform/objects.ts';
import { appsRepo, cleaner, cluster, commit, status } from './platform/operation.ts';
import { cost, policies, slots, source } from './platform/rules.ts';
import { merged, section } from './platform/section.ts';
import { services } from './platform/services.ts';
import { fittingSizes } from './platform/sizes.ts';
import { DEFAULT_SIZES, namespace, registry, secrets, size, spot, ttl } from './platform/workload.ts';
import { API_VERSION, bounded, cidr, dnsLabel, dnsName, platformNamespace } from './scalars.ts';

export { ENGINES, type Engine } from './platform/rules.ts';

/** API server address inside a cluster: the cluster where the reconciler runs. */
export const IN_CLUSTER = 'https://kubernetes.default.svc';

/** Reconcilers; the registry in `lib/reconcilers` has one entry for each. */
export const RECONCILER_NAMES = ['argocd', 'flux'] as const;
export type ReconcilerName = (typeof RECONCILER_NAMES)[number];
export const DEFAULT_RECONCILER = 'argocd' satisfies ReconcilerName;

const platformSpec = z
  .strictObject({
    domain: dnsName.meta({
      description: 'Previews answer at https://<name>.<domain>.',
      examples: ['apps.example.com'],
    }),
    sources: z
      .array(source)
      .min(1)
      .meta({ description: "Whose pull requests get previews. The first owner's names stay short." }),
    registries: z
      .array(registry)
      .min(1)
      .meta({
        description: 'Allowed registries of images: host and whole path segments.',
        examples: [['ghcr.io/acme']],
      }),
    tag: bounded(100, /^[A-Za-z0-9_.{}-]+$/, 'may contain letters, digits, . _ - and {number}, {sha}, {sha7}')
      .default('pr-{number}-{sha7}')
      .meta({ description: 'Tag of an image without a tag.' }),
    sizes: merged(dnsLabel, size, DEFAULT_SIZES).meta({
      description:
        'Sizes of apps by name, merged with the defaults; null removes one. A default that does not fit into the limits, or that no cluster accepts, is omitted.',
    }),
    defaultSize: dnsLabel
      .default('small')
      .meta({ description: 'Size of an app if neither its file nor its template names one.' }),
    namespace,
    ttl,
    ingress,
    testHarness: z
      .array(cidr)
      .default([])
      .meta({
        description: 'Networks of test machines that may open connections to previews.',
        examples: [['198.51.100.0/24']],
      }),
    egress,
    labels,
    annotations,
    env,
    imagePullSecrets,
    priorityClass,
    network,
    secrets,
    services,
    evidence,
    policies,
    extensions,
    fenceKinds,
    cost,
    slots,
    clusters: z
      .array(cluster)
      .min(1)
      .default([{ name: 'main', server: IN_CLUSTER }])
      .meta({ description: 'Where previews run.' }),
    reconciler: z
      .enum(RECONCILER_NAMES)
      .default(DEFAULT_RECONCILER)
      .meta({ description: 'The program that applies the apps repo.' }),
    cleaner,
    argocd: section({
      namespace: platformNamespace.default('argocd').meta({ description: 'Its namespace.' }),
    }).meta({ description: 'Settings of Argo CD, if it is the reconciler.' }),
    appsRepo,
    commit,
    status,
    knative: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether Knative Serving is installed, for `function` previews.' }),
    spot: spot.optional().meta({ description: 'Spot or preemptible nodes for previews. Default: any node.' }),
    sweep: section({
      maxRemovalShare: z.number().min(0).max(1).default(0.5).meta({
        description:
          'The removal limit: the largest share of the live previews that one sweep removes. Three are always allowed.',
      }),
    }).meta({ description: 'Limits of a sweep that runs without `--yes`.' }),
  })
  .transform((spec) => ({ ...spec, sizes: fittingSizes(spec) }))
  .superRefine((spec, context) => {
    for (const problem of contradictions(spec)) context.addIssue({ code: 'custom', ...problem });
  });

/** `greenroom.yaml`: the platform team's settings for all previews. */
export const platformSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Platform'),
  spec: platformSpec,
});

/** A greenroom.yaml with defaults filled in. */
export type Platform = z.output<typeof platformSchema>;
/** The `spec` of a greenroom.yaml with defaults filled in. */
export type PlatformSpec = Platform['spec'];
export type PlatformSize = PlatformSpec['sizes'][string];
export type Cluster = PlatformSpec['clusters'][number];

/** A platform with only defaults, for evaluation and messages if greenroom.yaml is missing or invalid. */
export function defaultPlatform(): PlatformSpec {
  const spec = { domain: 'example.com', sources: [{ owner: 'owner' }], registries: ['registry.example.com'] };
  return platformSchema.parse({ apiVersion: API_VERSION, kind: 'Platform', spec }).spec;
}

/** URL from which the reconciler clones the apps repo. */
export function appsRepoUrl(platform: PlatformSpec): string {
  return platform.appsRepo.url ?? `https://github.com/${platform.sources[0]?.owner}/previews.git`;
}

/**
 * sha256 of the settings that decide who gets a preview, where and for how long. Each record stores it: if a preview
 * must move or go and this has changed, the platform caused it and not the pull request.
 */
export function placementDigest({ sources, clusters, ttl }: PlatformSpec): string {
  const text = JSON.stringify([sources, clusters, ttl.default, ttl.max]);
  return `sha256:${sha256(text)}`;
}

/** Whether Kyverno ends expired previews instead of a job. Older Kyverno versions have no DeletingPolicy. */
export function endsByKyverno({ policies }: Pick<PlatformSpec, 'policies'>): boolean {
  return policies.engines.includes('kyverno');
}
