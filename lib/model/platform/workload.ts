import * as z from 'zod';
import { bounded, dnsLabel, duration, durationSeconds, httpUrl, quantity } from '../scalars.ts';
import { merged, resources, resourcesOr, section } from './section.ts';

// What a preview is made of, and what holds it in.

export const registry = bounded(
  255,
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
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

export const namespace = section({
  quota: merged(
    bounded(100, /^[a-z][a-z0-9./-]*$/, 'must be a resource name such as limits.cpu'),
    quantity,
    DEFAULT_QUOTA,
  ).meta({
    description:
      'Hard limits of the ResourceQuota of each preview namespace, beside the defaults or in their place; null takes one away.',
  }),
  limitRange: section({
    default: resourcesOr('500m', '256Mi').meta({ description: 'Limits of a container that names none.' }),
    defaultRequest: resourcesOr('100m', '128Mi').meta({ description: 'Requests of a container that names none.' }),
    max: resourcesOr('2', '2Gi').meta({ description: 'Largest limits of one container.' }),
  }),
});

const shorter = (a: string, b: string) => (durationSeconds(a) <= durationSeconds(b) ? a : b);

export const ttl = section({
  default: duration.optional().meta({
    description: 'Life of a preview whose file names none, from the last push. Default: 24h, or `max` if less.',
  }),
  max: duration.default('72h').meta({ description: 'Longest life that a file, a label or a command can ask for.' }),
  warn: duration
    .optional()
    .meta({ description: 'How long before its end the author is told, once. Default: 4h, or `max` if less.' }),
}).transform((own) => ({
  default: own.default ?? shorter('24h', own.max),
  max: own.max,
  warn: own.warn ?? shorter('4h', own.max),
}));

export const secrets = section({
  mechanism: z.enum(['external-secrets', 'sealed-secrets', 'sops']).default('external-secrets'),
  store: dnsLabel.default('previews').meta({ description: 'ClusterSecretStore that references are looked up in.' }),
  prefix: bounded(200, /^[A-Za-z0-9._/{}-]*\/$/, 'must end with a slash')
    .default('{owner}/{repo}/')
    .meta({ description: 'Every reference must start with it; {owner} and {repo} are those of the pull request.' }),
});

const EVIDENCE = ['digest', 'signature', 'sbom', 'vulnerabilities'] as const;

export const evidence = section({
  require: z.array(z.enum(EVIDENCE)).default([]).meta({ description: 'What an image must show before it runs.' }),
  keys: z.array(z.string().max(4096)).default([]).meta({ description: 'cosign public keys, PEM.' }),
  identities: z
    .array(z.strictObject({ issuer: httpUrl, subject: z.string().max(500) }))
    .default([])
    .meta({ description: 'Keyless signers: OIDC issuer and certificate subject.' }),
  vulnerabilities: z
    .enum(['low', 'medium', 'high', 'critical'])
    .default('critical')
    .meta({ description: 'The lowest severity of a known vulnerability that refuses an image.' }),
});

export const spot = z.strictObject({
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
