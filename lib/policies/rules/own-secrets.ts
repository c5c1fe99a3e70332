import { REPOSITORY_ANNOTATION } from '../../model/labels.ts';
import { EXTERNAL_SECRET } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';

const SPEC = 'dyn(object).?spec';
const REPOSITORY = `namespaceObject.metadata.?annotations[?"${REPOSITORY_ANNOTATION}"].orValue("")`;
/** The platform's prefix for this repository; `{owner}` and `{repo}` stand for the two parts of its name. */
const PREFIX = `params.secrets.prefix.split("{owner}").join(${REPOSITORY}.split("/")[0]).split("{repo}").join(${REPOSITORY}.split("/")[1])`;

export const ownSecrets = defineRule({
  id: 'own-secrets',
  title: "Only secrets of the repository's own",
  message:
    "A secret is read from another place than the repository's own in the secret store: list it under secrets in preview.yaml instead, or ask {contact}.",
  source: 'External Secrets Operator documentation: security best practices',
  why: "The store holds everyone's secrets and reads them with rights of its own: the reference is all that keeps them apart.",
  needsRepository: true,
  match: [EXTERNAL_SECRET],
  conditions: [
    {
      cel: `${SPEC}.?secretStoreRef.?kind.orValue("SecretStore") == "ClusterSecretStore" && ${SPEC}.?secretStoreRef.?name.orValue("") == params.secrets.store`,
      field: 'spec.secretStoreRef',
    },
    // Templates run over other secrets, dataFrom reads whole prefixes.
    { cel: `${SPEC}.?dataFrom.orValue([]).size() == 0`, field: 'spec.dataFrom', fix: 'remove' },
    { cel: `!${SPEC}.?target.?template.hasValue()`, field: 'spec.target.template', fix: 'remove' },
    { over: listAt('spec.data'), cel: '!has(it.sourceRef)', field: 'sourceRef' },
    {
      over: listAt('spec.data'),
      cel: `namespaceObject != null && ${REPOSITORY}.split("/").size() == 2 && it.?remoteRef.?key.orValue("").startsWith(${PREFIX}) && !it.remoteRef.key.contains("..")`,
      field: 'remoteRef.key',
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
  dataFrom: [{ find: { name: { regexp: ".*" } } }]
`,
  },
});
