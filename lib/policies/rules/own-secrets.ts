import { REPOSITORY_ANNOTATION, SECRETS_PREFIX_ANNOTATION } from '../../model/labels.ts';
import { EXTERNAL_SECRET } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';

const REPOSITORY = `namespaceObject.metadata.?annotations[?"${REPOSITORY_ANNOTATION}"].orValue("")`;
/** The platform's prefix for this repository; `{owner}` and `{repo}` are the two parts of its name. */
const USUAL = `params.secrets.prefix.split("{owner}").join(${REPOSITORY}.split("/")[0]).split("{repo}").join(${REPOSITORY}.split("/")[1])`;
/** Its registration may set another prefix, which the platform writes to the namespace. */
const PREFIX = `namespaceObject.metadata.?annotations[?"${SECRETS_PREFIX_ANNOTATION}"].orValue(${USUAL})`;

export const ownSecrets = defineRule({
  id: 'own-secrets',
  title: "Only the repository's own secrets",
  message:
    "A secret is read from outside the repository's own part of the secret store (references begin with {secrets.prefix}): list it under secrets in preview.yaml instead, or ask {contact}.",
  source: 'External Secrets Operator documentation: security best practices',
  why: "The store contains everybody's secrets and is read with the operator's permissions: only the reference separates them.",
  // The platform's pull secrets are elsewhere in the store; the guard of fences checks those.
  scope: 'makers',
  needsRepository: true,
  match: [EXTERNAL_SECRET],
  conditions: [
    {
      over: listAt('spec.data'),
      cel: `namespaceObject != null && ${REPOSITORY}.split("/").size() == 2 && it.?remoteRef.?key.orValue("").startsWith(${PREFIX}) && !it.remoteRef.key.contains("..")`,
      field: 'remoteRef.key',
      found: `it.?remoteRef.?key.orValue("no key") + ", where references begin with " + ${PREFIX}`,
    },
  ],
  examples: {
    good: `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: shop, namespace: pr-shop-7 }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: previews }
  target: { name: shop }
  data: [{ secretKey: STRIPE_KEY, remoteRef: { key: acme/shop/stripe } }]
`,
    bad: `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: shop, namespace: pr-shop-7 }
spec:
  secretStoreRef: { kind: ClusterSecretStore, name: previews }
  data: [{ secretKey: STRIPE_KEY, remoteRef: { key: acme/other/stripe } }]
`,
  },
});
