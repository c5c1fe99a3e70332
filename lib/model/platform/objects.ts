import * as z from 'zod';
import { placeholderProblem } from '../placeholders.ts';
import { bounded, dnsLabel } from '../scalars.ts';
import { secretReference } from '../secret-reference.ts';

// Settings for all objects, apps and pods of previews.

const metadataKey = bounded(
  317,
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
  'must be a key such as example.com/team',
);

const labelValue = bounded(
  63,
  /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/,
  'must be at most 63 letters, digits and . _ -',
);

/** Keys that greenroom, the reconciler and Kubernetes use themselves. */
const RESERVED = /^(([a-z0-9.-]+\.)?(greenroom\.dev|argocd\.argoproj\.io|fluxcd\.io|kubernetes\.io|k8s\.io))\//;

const isFree = (key: string): boolean => !RESERVED.test(key) || /^[a-z0-9.-]*ingress\.kubernetes\.io\//.test(key);

/** A key of a label or annotation that neither greenroom nor Kubernetes uses. */
export const freeKey = metadataKey.refine(
  isFree,
  'must be of a domain of your own: greenroom and Kubernetes set the others',
);

export const labels = z
  .record(freeKey, labelValue)
  .default({})
  .meta({
    description: 'Labels of every object that greenroom makes for a preview, and of its pods.',
    examples: [{ 'example.com/cost-centre': 'previews' }],
  });

export const annotations = z
  .record(freeKey, z.string().max(4096))
  .default({})
  .meta({
    description: 'Annotations of every object that greenroom makes for a preview, and of its pods.',
    examples: [{ 'example.com/runbook': 'https://wiki.example.com/previews' }],
  });

export const routeAnnotations = z
  .record(freeKey, z.string().max(4096))
  .default({})
  .meta({
    description:
      "Annotations of every Ingress and HTTPRoute, such as those of an authentication gate. They are put on routes of makers' manifests as well, and admission refuses a route without them.",
    examples: [{ 'nginx.ingress.kubernetes.io/auth-url': 'https://auth.example.com/oauth2/auth' }],
  });

const variable = bounded(
  128,
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'must be letters, digits and underscores, and not start with a digit',
).refine(
  (name) => name !== 'PORT' && name !== 'PREVIEW_URL',
  'must be another one than PORT and PREVIEW_URL, which each preview sets for itself',
);

const text = z
  .string()
  .max(4096)
  .superRefine((value, context) => {
    const problem = placeholderProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

export const env = z
  .record(variable, text)
  .default({})
  .meta({
    description:
      'Variables of every app, with placeholders as in preview.yaml. A variable of the same name in preview.yaml overrides it.',
    examples: [{ HTTPS_PROXY: 'http://proxy.example.com:3128' }],
  });

const storedPullSecret = z.strictObject({
  name: dnsLabel.meta({ description: 'Name of the Secret in each preview namespace.', examples: ['registry'] }),
  secret: secretReference.meta({
    description: 'Reference in the secret store to a Docker configuration (`{"auths": ...}`).',
    examples: ['platform/registry'],
  }),
});

export const imagePullSecrets = z
  .array(z.union([dnsLabel, storedPullSecret]))
  .max(10)
  .default([])
  .meta({
    description:
      'Secrets for pulling images. With `secret`, External Secrets copies it from the store `secrets.store` into each preview namespace. Without it, a controller of the cluster must copy the Secret of that name there.',
    examples: [[{ name: 'registry', secret: 'platform/registry' }]],
  });

export type ImagePullSecret = string | StoredPullSecret;
/** A pull secret that is read from the secret store. */
export type StoredPullSecret = z.output<typeof storedPullSecret>;

/** The pull secrets that the platform reads from the secret store into each fence. */
export function storedPullSecrets(all: readonly ImagePullSecret[]): readonly StoredPullSecret[] {
  return all.filter((each) => typeof each !== 'string');
}

/** The name of the Secret, whichever way it gets into a preview namespace. */
export function pullSecretName(secret: ImagePullSecret): string {
  return typeof secret === 'string' ? secret : secret.name;
}

export const priorityClass = dnsLabel.optional().meta({
  description: "PriorityClass of every app's pods. Default: the cluster's default.",
  examples: ['previews'],
});

export const fenceKinds = z
  .array(
    bounded(
      253,
      /^(apps|autoscaling|batch|policy|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)\/[A-Z][A-Za-z0-9]*$/,
      'must be a kind with its group, such as cilium.io/CiliumNetworkPolicy',
    ),
  )
  .max(20)
  .default([])
  .meta({
    description:
      "Your own kinds that an extension adds to fences, as `group/Kind`. The fences' project and account may then write them, and the guards limit them to previews.",
    examples: [['cilium.io/CiliumNetworkPolicy']],
  });
