import { createHash } from 'node:crypto';
import * as z from 'zod';
import { FLUX_NAMESPACE } from './labels.ts';
import {
  API_VERSION,
  bounded,
  cidr,
  dnsLabel,
  dnsName,
  duration,
  durationSeconds,
  httpUrl,
  ownerName,
  quantity,
  repositoryName,
} from './scalars.ts';

/** A section that may be left out: its own fields' defaults then apply. */
function section<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape).prefault({} as never);
}

const source = z.strictObject({
  owner: ownerName().meta({ description: 'Organization or user whose pull requests get previews.' }),
  repos: z.array(repositoryName()).min(1).optional().meta({ description: 'Only these repositories. Default: all.' }),
  label: z.string().max(50).optional().meta({ description: 'Only pull requests that carry this label. Default: all.' }),
  drafts: z.boolean().default(false).meta({ description: 'Whether drafts get a preview.' }),
  forks: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether pull requests from forks do: their code comes from people without write access.' }),
});

const registry = bounded(
  255,
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
  'must be a registry host, with a path if wanted, e.g. ghcr.io/acme',
);

const resources = z.strictObject({ cpu: quantity(), memory: quantity() });

const size = z.strictObject({
  requests: resources.meta({ description: 'What the scheduler reserves; what the cost is computed from.' }),
  limits: resources.meta({ description: 'What a container can use at most.' }),
});

const DEFAULT_SIZES = {
  small: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  medium: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  large: { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
};

/** `services.*` at zero close the two ways round the ingress; no claims, since nobody would clean up the volumes. */
const DEFAULT_QUOTA = {
  'requests.cpu': '2',
  'requests.memory': '2Gi',
  'limits.cpu': '5',
  'limits.memory': '4Gi',
  pods: '10',
  services: '5',
  secrets: '20',
  configmaps: '20',
  persistentvolumeclaims: '0',
  'services.loadbalancers': '0',
  'services.nodeports': '0',
};

const namespace = section({
  quota: z
    .record(bounded(100, /^[a-z][a-z0-9./-]*$/, 'must be a resource name such as limits.cpu'), quantity())
    .default(DEFAULT_QUOTA)
    .meta({ description: 'Hard limits of the ResourceQuota of each preview namespace.' }),
  limitRange: section({
    default: resources
      .default({ cpu: '500m', memory: '256Mi' })
      .meta({ description: 'Limits of a container that names none.' }),
    defaultRequest: resources
      .default({ cpu: '100m', memory: '128Mi' })
      .meta({ description: 'Requests of a container that names none.' }),
    max: resources.default({ cpu: '2', memory: '2Gi' }).meta({ description: 'Largest limits of one container.' }),
  }),
});

const ttl = section({
  default: duration()
    .default('24h')
    .meta({ description: 'Life of a preview whose file names none, from the last push.' }),
  max: duration().default('72h').meta({ description: 'Longest life that a file, a label or a command can ask for.' }),
  warn: duration().default('4h').meta({ description: 'How long before its end the author is told, once.' }),
}).refine((t) => durationSeconds(t.default) <= durationSeconds(t.max), {
  path: ['default'],
  message: 'must not be longer than ttl.max',
});

const ingress = section({
  kind: z.enum(['ingress', 'gateway']).default('ingress').meta({ description: 'Ingress, or Gateway API HTTPRoute.' }),
  class: dnsLabel().default('nginx').meta({ description: 'ingressClassName, or the GatewayClass of the bootstrap.' }),
  controllerNamespace: dnsLabel()
    .default('ingress-nginx')
    .meta({ description: 'The only namespace that may open connections to a preview.' }),
  gateway: section({
    name: dnsLabel().default('previews'),
    namespace: dnsLabel().optional().meta({ description: 'Default: `ingress.controllerNamespace`.' }),
  }).meta({ description: 'The Gateway that HTTPRoutes attach to.' }),
  tls: section({
    issuer: dnsLabel()
      .default('letsencrypt')
      .meta({ description: 'cert-manager ClusterIssuer of the wildcard certificate.' }),
    secretName: dnsLabel().default('preview-wildcard-tls').meta({
      description: "Secret of the wildcard certificate, in the controller's namespace: its default certificate.",
    }),
  }),
});

const egress = z.strictObject({
  cidr: cidr(),
  ports: z.array(z.int().min(1).max(65_535)).min(1).optional().meta({ description: 'TCP ports. Default: all.' }),
});

const network = section({
  dnsNamespace: dnsLabel().default('kube-system').meta({ description: 'Where the cluster DNS runs.' }),
  clusterCidrs: z
    .array(cidr())
    .default(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'])
    .meta({ description: 'Ranges of nodes, pods and services; never reachable, whatever `egress` allows.' }),
});

const secrets = section({
  mechanism: z.enum(['external-secrets', 'sealed-secrets', 'sops']).default('external-secrets'),
  store: dnsLabel().default('previews').meta({ description: 'ClusterSecretStore that references are looked up in.' }),
  prefix: bounded(200, /^[A-Za-z0-9._/{}-]*\/$/, 'must end with a slash')
    .default('{owner}/{repo}/')
    .meta({ description: 'Every reference must start with it; {owner} and {repo} are those of the pull request.' }),
});

const EVIDENCE = ['digest', 'signature', 'sbom', 'vulnerabilities'] as const;

const evidence = section({
  require: z.array(z.enum(EVIDENCE)).default([]).meta({ description: 'What an image must show before it runs.' }),
  keys: z.array(z.string().max(4096)).default([]).meta({ description: 'cosign public keys, PEM.' }),
  identities: z
    .array(z.strictObject({ issuer: httpUrl(), subject: z.string().max(500) }))
    .default([])
    .meta({ description: 'Keyless signers: OIDC issuer and certificate subject.' }),
  vulnerabilities: z
    .enum(['low', 'medium', 'high', 'critical'])
    .default('critical')
    .meta({ description: 'The lowest severity of a known vulnerability that refuses an image.' }),
});

export const ENGINES = ['vap', 'kyverno', 'kyverno-legacy', 'gatekeeper'] as const;
export type Engine = (typeof ENGINES)[number];

const policies = section({
  engines: z
    .array(z.enum(ENGINES))
    .default(['vap'])
    .meta({ description: 'Admission engines to compile the rules for.' }),
  severities: z
    .record(z.string().max(63), z.enum(['deny', 'warn', 'off']))
    .default({})
    .meta({ description: 'Rule id: deny, warn or off. Default: what the rule says.' }),
  parameters: section({
    maxSize: resources.default({ cpu: '2', memory: '2Gi' }).meta({ description: 'Largest limits of one container.' }),
    limitRequestRatio: section({
      cpu: z.int().min(1).max(1000).default(10),
      memory: z.int().min(1).max(1000).default(4),
    }).meta({ description: 'How many times its request a limit may be.' }),
    allowedKinds: z.array(z.string().max(200)).optional().meta({
      description:
        "`group/Kind` that a maker's manifests may hold (`Service` for the core group). Default: the rule's list.",
    }),
  }),
  contact: z
    .string()
    .max(100)
    .default('the platform team')
    .meta({ description: 'Whom every refusal names, e.g. @platform.' }),
  trustedAccounts: z.array(z.string().max(253)).default([]).meta({
    description: 'User names of controllers that may write into preview namespaces beside those of Kubernetes itself.',
  }),
});

const cost = section({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
    .default('USD'),
  rates: section({
    cpuHour: z
      .number()
      .min(0)
      .max(1000)
      .default(0.031611)
      .meta({ description: 'Price of one requested vCPU an hour.' }),
    memoryGiBHour: z
      .number()
      .min(0)
      .max(1000)
      .default(0.004237)
      .meta({ description: 'Price of one requested GiB an hour.' }),
    asOf: z
      .string()
      .regex(/^\d{4}-\d{2}(-\d{2})?$/, 'must be a date such as 2026-03')
      .default('2026-01')
      .meta({ description: 'Date of the rates, shown with every amount.' }),
  }),
  budgets: section({
    perPreviewDay: z.number().min(0).optional().meta({ description: 'Most that one preview may cost a day.' }),
    totalDay: z.number().min(0).optional().meta({ description: 'Most that all live previews may cost a day.' }),
  }),
});

const slots = section({
  total: z.int().min(1).optional().meta({ description: 'Live previews at most. Default: no limit.' }),
  perRepo: z.int().min(1).optional().meta({ description: 'Live previews of one repository at most.' }),
  perAuthor: z.int().min(1).optional().meta({ description: 'Live previews of one author at most.' }),
});

const cluster = z.strictObject({
  name: dnsLabel().meta({ description: "Folder of the cluster's previews in the apps repo." }),
  server: httpUrl().meta({ description: 'Address of the API server as Argo CD knows it.' }),
  when: z
    .strictObject({
      sizes: z.array(z.string().max(63)).min(1).optional(),
      templates: z
        .array(z.enum(['static-site', 'web-service', 'function']))
        .min(1)
        .optional(),
      labels: z
        .array(z.string().max(50))
        .min(1)
        .optional()
        .meta({ description: 'Labels of the pull request, any of them.' }),
    })
    .optional()
    .meta({ description: 'Which previews run here; the first cluster that matches wins. Default: all.' }),
});

const spot = z.strictObject({
  label: z.strictObject({ key: z.string().max(253), value: z.string().max(63) }),
  toleration: z
    .strictObject({
      key: z.string().max(253),
      value: z.string().max(63).optional(),
      effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).default('NoSchedule'),
    })
    .optional(),
  required: z
    .boolean()
    .default(false)
    .meta({ description: 'true: only such nodes; false: such nodes where there are any.' }),
});

const cleaner = section({
  image: bounded(300, /^[a-z0-9][A-Za-z0-9._/:@-]*$/, 'must be an image reference')
    .default('docker.io/alpine/k8s:1.34.1')
    .meta({ description: 'Image with kubectl, sh and date; name it by digest, from a registry of your own.' }),
  schedule: bounded(100, /^[0-9*/, -]+$/, 'must be a cron schedule such as */5 * * * *')
    .default('*/5 * * * *')
    .meta({ description: 'When expired previews are looked for, in UTC.' }),
}).meta({ description: 'The job in each cluster that ends expired previews when the sweep cannot.' });

const appsRepo = section({
  url: z.string().max(500).optional().meta({
    description: 'Address that the reconciler clones. Default: https://github.com/<first owner>/previews.git.',
  }),
  branch: bounded(100, /^[A-Za-z0-9._/-]+$/, 'must be a branch name').default('main'),
});

const commit = section({
  mode: z.enum(['direct', 'pull-request']).default('direct').meta({
    description: 'How previews get into the apps repo: committed on its branch, or each as a pull request for review.',
  }),
  autoMerge: z.boolean().default(false).meta({
    description: 'With `pull-request`: let GitHub merge each as soon as the rules of the apps repo allow it.',
  }),
});

const platformSpec = z
  .strictObject({
    domain: dnsName().meta({ description: 'Previews answer at https://<name>.<domain>.' }),
    sources: z
      .array(source)
      .min(1)
      .meta({ description: "Whose pull requests get previews. The first owner's names stay short." }),
    registries: z
      .array(registry)
      .min(1)
      .meta({ description: 'Where images may come from: host and whole path segments.' }),
    tag: bounded(100, /^[A-Za-z0-9_.{}-]+$/, 'may hold letters, digits, . _ - and {number}, {sha}, {sha7}')
      .default('pr-{number}-{sha7}')
      .meta({ description: 'Tag of an image that names none.' }),
    sizes: z.record(dnsLabel(), size).default(DEFAULT_SIZES),
    namespace,
    ttl,
    ingress,
    testHarness: z
      .array(cidr())
      .default([])
      .meta({ description: 'Networks of test machines that may open connections to previews.' }),
    egress: z.array(egress).default([]).meta({ description: 'What a preview may reach beside DNS.' }),
    network,
    secrets,
    evidence,
    policies,
    cost,
    slots,
    clusters: z
      .array(cluster)
      .min(1)
      .default([{ name: 'main', server: 'https://kubernetes.default.svc' }]),
    reconciler: z.enum(['argocd', 'flux']).default('argocd'),
    cleaner,
    argocd: section({ namespace: dnsLabel().default('argocd') }),
    appsRepo,
    commit,
    knative: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether Knative Serving is there, for `function` previews.' }),
    spot: spot.optional().meta({ description: 'Spot or preemptible nodes for previews. Default: any node.' }),
    sweep: section({
      maxRemovalShare: z.number().min(0).max(1).default(0.5).meta({
        description: 'A sweep that would remove a larger share of the live previews stops. Three are always allowed.',
      }),
    }),
  })
  .superRefine((spec, context) => {
    const names = spec.clusters.map((c) => c.name);
    names.forEach((name, i) => {
      if (names.indexOf(name) !== i) {
        context.addIssue({
          code: 'custom',
          path: ['clusters', i, 'name'],
          message: 'is the name of an earlier cluster',
        });
      }
    });
    if (Object.keys(spec.sizes).length === 0) {
      context.addIssue({ code: 'custom', path: ['sizes'], message: 'must name at least one size' });
    }
    for (const used of spec.tag.matchAll(/\{[^}]*\}?|\}/g)) {
      if (!['{number}', '{sha}', '{sha7}'].includes(used[0])) {
        context.addIssue({
          code: 'custom',
          path: ['tag'],
          message: `knows {number}, {sha} and {sha7}; found ${used[0]}`,
        });
      }
    }
  });

/** `greenroom.yaml`: what the platform team decides, once for all previews. */
export const platformSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Platform'),
  spec: platformSpec,
});

export type Platform = z.output<typeof platformSchema>;
export type PlatformSpec = Platform['spec'];
export type PlatformSize = PlatformSpec['sizes'][string];
export type Cluster = PlatformSpec['clusters'][number];

/** Address of the apps repo as the reconciler clones it. */
export function appsRepoUrl(platform: PlatformSpec): string {
  return platform.appsRepo.url ?? `https://github.com/${platform.sources[0]?.owner}/previews.git`;
}

/**
 * sha256 of the settings that decide who has a preview, where and how long. Each record keeps it: when a preview is to
 * move or to go and this has changed since, then it was the platform's doing and not the pull request's.
 */
export function placementDigest({ sources, clusters, ttl }: PlatformSpec): string {
  const text = JSON.stringify([sources, clusters, ttl.default, ttl.max]);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Where the reconciler runs, and with it the accounts that it acts with. */
export function reconcilerNamespace(platform: PlatformSpec): string {
  return platform.reconciler === 'flux' ? FLUX_NAMESPACE : platform.argocd.namespace;
}
