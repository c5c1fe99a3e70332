import { EXTERNAL_SECRET, SEALED_SECRET } from '../resources.ts';
import { defineRule, listAt } from '../rule.ts';

const SPEC = 'dyn(object).?spec';
const IS_EXTERNAL = 'object.kind == "ExternalSecret"';
const IS_SEALED = 'object.kind == "SealedSecret"';
const only = (value: string, keys: readonly string[]): string =>
  `${value}.orValue({}).all(k, k in [${keys.map((key) => `"${key}"`).join(', ')}])`;

/** CEL: the other keys, as a text. */
const others = (what: string, value: string, keys: readonly string[]): string => {
  const found = `${value}.orValue({}).filter(k, !(k in [${keys.map((key) => `"${key}"`).join(', ')}]))`;
  return `(${found}.size() == 0 ? "" : ${found}.join(", ") + " in ${what} ")`;
};

const TARGET = ['name', 'creationPolicy', 'deletionPolicy', 'immutable', 'template'];
const EXTERNAL = ['secretStoreRef', 'target', 'data', 'dataFrom', 'refreshInterval', 'refreshPolicy'];
const TEMPLATE = ['metadata', 'type', 'immutable'];
/** Of a template's metadata, what the controller may copy; kubeseal writes an empty time. */
const TEMPLATE_METADATA = ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp'];
const SEALED = ['encryptedData', 'template'];

const ANNOTATIONS = 'dyn(object).metadata.?annotations';
/** With these, a sealed text can be decrypted under other names, or in the namespaces of other repositories. */
const WIDER = ['cluster-wide', 'namespace-wide'].map((scope) => `sealedsecrets.bitnami.com/${scope}`);

/**
 * How sealed text starts, in base64: the length of its RSA part (256 to 1024 bytes) in two bytes, and two bits of that
 * part. A pattern over the whole value would cost too much at admission; before a commit, all of it is read.
 */
const BEGINNINGS = ['AQ', 'AY', 'Ag', 'Ao', 'Aw', 'A4', 'BA'].flatMap((length) =>
  ['A', 'B', 'C', 'D'].map((bits) => `${length}${bits}`),
);
/** The shortest sealed text: in base64 the length, an RSA part of 2048 bits, no text, and a tag of 16 bytes. */
const SHORTEST = 4 * Math.ceil((2 + 256 + 16) / 3);
const VALUE = 'dyn(object).spec.encryptedData[k]';
/** Keys of values that are not sealed. */
const OPEN = `${SPEC}.?encryptedData.orValue({}).filter(k, ${VALUE}.size() < ${SHORTEST} || ![${BEGINNINGS.map((text) => `"${text}"`).join(', ')}].exists(b, ${VALUE}.startsWith(b)))`;

const external = (cel: string) => `!(${IS_EXTERNAL}) || (${cel})`;
const sealed = (cel: string) => `!(${IS_SEALED}) || (${cel})`;

export const plainSecrets = defineRule({
  id: 'plain-secrets',
  title: 'References to secrets, and nothing else',
  message:
    "A secret is more than a reference into the platform's store {secrets.store}: list it under secrets in preview.yaml instead (no other store, generator, template, dataFrom, manifest, merging or wider scope), or ask {contact}.",
  source:
    'External Secrets Operator documentation: security best practices, generic targets; Sealed Secrets documentation: scopes, templates',
  why: 'Templates read other secrets, and generators make credentials. Kubernetes puts a token of the cluster into a Secret of a special type. What is sealed for the whole cluster can be decrypted in every preview.',
  // A pull secret of the fence has a template, for its type; the guard of fences checks it.
  scope: 'makers',
  match: [EXTERNAL_SECRET, SEALED_SECRET],
  conditions: [
    {
      cel: external(
        `${SPEC}.?secretStoreRef.?kind.orValue("SecretStore") == "ClusterSecretStore" && ${SPEC}.?secretStoreRef.?name.orValue("") == params.secrets.store`,
      ),
      field: 'spec.secretStoreRef',
      found: `${SPEC}.?secretStoreRef.?kind.orValue("SecretStore") + " " + ${SPEC}.?secretStoreRef.?name.orValue("")`,
    },
    // Templates can read other secrets, and dataFrom reads whole prefixes.
    {
      cel: external(`${SPEC}.?dataFrom.orValue([]).size() == 0`),
      field: 'spec.dataFrom',
      found: '"dataFrom"',
      fix: 'remove',
    },
    {
      cel: external(`!${SPEC}.?target.?template.hasValue()`),
      field: 'spec.target.template',
      found: '"a template"',
      fix: 'remove',
    },
    {
      cel: external(`${SPEC}.?target.?creationPolicy.orValue("Owner") == "Owner"`),
      field: 'spec.target.creationPolicy',
      found: '"creationPolicy: " + dyn(object).spec.target.creationPolicy',
      fix: 'remove',
    },
    {
      cel: external(`${only(`${SPEC}.?target`, TARGET)} && ${only(SPEC, EXTERNAL)}`),
      field: 'spec',
      found: `${others('target', `${SPEC}.?target`, TARGET)} + ${others('spec', SPEC, EXTERNAL)}`,
    },
    { over: listAt('spec.data'), cel: external('!has(it.sourceRef)'), field: 'sourceRef', found: '"sourceRef"' },
    {
      cel: sealed(`${SPEC}.?template.?type.orValue("Opaque") in ["", "Opaque", "kubernetes.io/dockerconfigjson"]`),
      field: 'spec.template.type',
      found: 'dyn(object).spec.template.type',
    },
    {
      cel: sealed(only(`${SPEC}.?template`, TEMPLATE)),
      field: 'spec.template',
      found: others('template', `${SPEC}.?template`, TEMPLATE),
    },
    {
      cel: sealed(only(`${SPEC}.?template.?metadata`, TEMPLATE_METADATA)),
      field: 'spec.template.metadata',
      found: others('metadata', `${SPEC}.?template.?metadata`, TEMPLATE_METADATA),
    },
    {
      cel: sealed(`${OPEN}.size() == 0`),
      field: 'spec.encryptedData',
      found: `"what is not sealed under " + ${OPEN}.join(", ")`,
    },
    // `data` is a whole Secret in one sealed text, including its type and labels, which nobody can check.
    { cel: sealed(only(SPEC, SEALED)), field: 'spec', found: others('spec', SPEC, SEALED) },
    {
      cel: sealed(`!${ANNOTATIONS}.orValue({}).exists(k, k in [${WIDER.map((key) => `"${key}"`).join(', ')}])`),
      field: 'metadata.annotations',
      found: `${ANNOTATIONS}.orValue({}).filter(k, k in [${WIDER.map((key) => `"${key}"`).join(', ')}]).join(", ")`,
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
