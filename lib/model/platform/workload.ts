import * as z from 'zod';
import { readCertificate } from '../certificate.ts';
import { EXAMPLE_CERTIFICATE } from '../example-certificate.ts';
import { REGISTRY_PATTERN } from '../image.ts';
import { closest } from '../load/suggest.ts';
import { bounded, dnsLabel, duration, durationSeconds, quantity, quantityValue } from '../scalars.ts';
import { merged, resources, section } from './section.ts';

// What a preview consists of, and what limits it.

export const registry = bounded(
  255,
  new RegExp(REGISTRY_PATTERN),
  'must be a registry host, with a path if wanted, e.g. ghcr.io/acme',
);

export const size = z.strictObject({
  requests: resources.meta({ description: 'What the scheduler reserves; what the cost is computed from.' }),
  limits: resources.meta({ description: 'What a container can use at most.' }),
});

export const DEFAULT_SIZES = {
  small: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  medium: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  large: { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
};

/**
 * `services.*` are zero because such Services would bypass the ingress. No volume claims, since nobody would clean up
 * the volumes.
 */
const DEFAULT_QUOTA = {
  'requests.cpu': '2',
  'requests.memory': '2Gi',
  'limits.cpu': '5',
  'limits.memory': '4Gi',
  'requests.ephemeral-storage': '4Gi',
  'limits.ephemeral-storage': '12Gi',
  pods: '10',
  services: '5',
  secrets: '20',
  configmaps: '20',
  persistentvolumeclaims: '0',
  'services.loadbalancers': '0',
  'services.nodeports': '0',
  'count/deployments.apps': '10',
  'count/statefulsets.apps': '5',
  'count/jobs.batch': '10',
  'count/cronjobs.batch': '5',
  'count/ingresses.networking.k8s.io': '10',
};

/** Limits of one container, including node disk. */
const boundsOr = (cpu: string, memory: string, disk: string) =>
  section({
    cpu: quantity.default(cpu).meta({ description: 'Cores.' }),
    memory: quantity.default(memory).meta({ description: 'Bytes.' }),
    'ephemeral-storage': quantity.default(disk).meta({ description: "The node's disk." }),
  });

/**
 * Resources that a quota can name without a domain. The API server refuses a quota with any other.
 * Source: k8s.io/kubernetes/pkg/apis/core/helper, `standardQuotaResources`
 */
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const COUNTED = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];
const QUOTA_RESOURCES = [
  ...COUNTED,
  ...['', 'requests.', 'limits.'].flatMap((prefix) => COMPUTE.map((resource) => `${prefix}${resource}`)),
  'requests.storage',
];

const quotaResource = bounded(100, /^[a-z][a-z0-9./-]*$/, 'must be a resource name such as limits.cpu').refine(
  (name) => name.includes('/') || /^(requests\.)?hugepages-/.test(name) || QUOTA_RESOURCES.includes(name),
  {
    error: ({ input }) =>
      `must be a resource of quotas${hintOf(String(input))}, or one with a domain such as count/jobs.batch`,
  },
);

function hintOf(name: string): string {
  const near = closest(name, QUOTA_RESOURCES);
  return near === undefined ? ` (${QUOTA_RESOURCES.join(', ')})` : ` (did you mean ${near}?)`;
}

const isCount = (name: string): boolean => COUNTED.includes(name) || name.startsWith('count/');

export const namespace = section({
  quota: merged(quotaResource, quantity, DEFAULT_QUOTA)
    .superRefine((quota, context) => {
      for (const [name, value] of Object.entries(quota)) {
        if (!isCount(name) || Number.isInteger(quantityValue(value))) continue;
        context.addIssue({ code: 'custom', path: [name], message: `must be a whole number; found ${value}` });
      }
    })
    .meta({
      description:
        'Hard limits of the ResourceQuota of each preview namespace, merged with the defaults; null removes one. Load balancers, node ports and claims are not allowed unless they are named.',
    }),
  limitRange: section({
    default: boundsOr('500m', '256Mi', '1Gi').meta({ description: 'Limits of a container without limits.' }),
    defaultRequest: boundsOr('100m', '128Mi', '64Mi').meta({
      description: 'Requests of a container without requests.',
    }),
    max: boundsOr('2', '2Gi', '2Gi').meta({ description: 'Largest limits of one container.' }),
  }).meta({ description: 'The LimitRange of each preview namespace.' }),
}).meta({ description: 'Limits of each preview namespace.' });

const shorter = (a: string, b: string) => (durationSeconds(a) <= durationSeconds(b) ? a : b);

export const ttl = section({
  default: duration.optional().meta({
    description: 'Lifetime of a preview after the last push, if its file names none. Default: 24h, or `max` if less.',
    examples: ['24h'],
  }),
  max: duration.default('72h').meta({ description: 'Longest lifetime that a file, a label or a command can request.' }),
  warn: duration.optional().meta({
    description: 'How long before its end the author is notified, once. Default: 4h, or `max` if less.',
    examples: ['4h'],
  }),
})
  .transform((own) => ({
    default: own.default ?? shorter('24h', own.max),
    max: own.max,
    warn: own.warn ?? shorter('4h', own.max),
  }))
  .meta({ description: 'Lifetime of previews.' });

const certificate = z
  .string()
  .max(16_384)
  .superRefine((pem, context) => {
    const read = readCertificate(pem);
    if (typeof read === 'string') context.addIssue({ code: 'custom', message: read });
  });

export const secrets = section({
  mechanism: z
    .enum(['external-secrets', 'sealed-secrets', 'sops'])
    .default('external-secrets')
    .meta({ description: 'How secret references are resolved in the cluster.' }),
  store: dnsLabel.default('previews').meta({ description: 'ClusterSecretStore from which references are read.' }),
  prefix: bounded(200, /^[A-Za-z0-9._/{}-]*\/$/, 'must end with a slash')
    .default('{owner}/{repo}/')
    .meta({ description: 'Every reference must start with it; {owner} and {repo} are those of the pull request.' }),
  certificate: certificate.optional().meta({
    description:
      "With `sealed-secrets`: the controller's public certificate, as `kubeseal --fetch-cert` prints it. Default: makers name a file with it.",
    examples: [EXAMPLE_CERTIFICATE],
  }),
  sops: section({
    recipients: z
      .array(bounded(500, /^[!-~]+$/, 'must be a recipient as sops names it, without spaces'))
      .max(50)
      .default([])
      .meta({
        description:
          'Who can decrypt an encrypted file, including the cluster: age recipients, PGP fingerprints, ARNs and resource ids of KMS keys. A file with other recipients is refused.',
        examples: [['age1xwrmwg4sq7wczahqtlsh8a8crkr0cxxamv29538gycw5z3ez3smskdh9e3']],
      }),
    key: dnsLabel.nullable().default('sops-age').meta({
      description:
        'With Flux: Secret in its namespace with the private key. null if the key is in a cloud to which Flux itself signs in.',
    }),
    plugin: z.boolean().default(false).meta({
      description:
        'Whether Argo CD has a plugin that decrypts the plain YAML of previews; it cannot do that by itself.',
    }),
  }).meta({ description: 'With `sops`: how files are encrypted, and who decrypts them.' }),
}).meta({ description: 'Where secrets come from; the files contain references only.' });

export const spot = z.strictObject({
  label: z
    .strictObject({
      key: z
        .string()
        .max(253)
        .meta({ description: 'Its key.', examples: ['karpenter.sh/capacity-type'] }),
      value: z
        .string()
        .max(63)
        .meta({ description: 'Its value.', examples: ['spot'] }),
    })
    .meta({ description: 'Label of such nodes.' }),
  toleration: z
    .strictObject({
      key: z
        .string()
        .max(253)
        .meta({ description: 'Key of the taint.', examples: ['spot'] }),
      value: z
        .string()
        .max(63)
        .optional()
        .meta({ description: 'Its value. Default: any.', examples: ['true'] }),
      effect: z
        .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
        .default('NoSchedule')
        .meta({ description: 'Its effect.' }),
    })
    .optional()
    .meta({ description: 'The taint of such nodes that previews tolerate. Default: none.' }),
  required: z
    .boolean()
    .default(false)
    .meta({ description: 'true: only such nodes; false: such nodes where there are any.' }),
});
