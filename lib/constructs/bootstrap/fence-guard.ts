import type { Construct } from 'constructs';
import {
  EXPIRES_ANNOTATION,
  EXPIRES_LABEL,
  FENCER_ACCOUNT,
  PULL_REQUEST_LABEL,
  RECONCILER_ACCOUNT,
  REPOSITORY_ID_LABEL,
  WATCH_ACCOUNT,
  WATCH_ROLE,
  WORKLOADS_ROLE,
} from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { ALL_RECONCILERS, previewAccount, reconcilerNamespace, reconcilerOf } from '../../reconcilers/index.ts';
import type { GuardSpec } from '../../reconcilers/reconciler.ts';
import { INGRESS_POLICY } from '../preview-namespace/network-policies.ts';
import { POD_SECURITY } from '../preview-namespace/preview-namespace.ts';
import { PULL_SECRET, type pullSecretSpec } from '../preview-namespace/pull-secret.ts';
import { sampleFence } from '../preview-namespace/sample-fence.ts';
import { Guard, username } from './guards.ts';
import { addedFenceKinds } from './kinds.ts';

/** How far apart clocks may be, and how late a commit may be seen; seconds. */
const TOLERANCE = 3600;

/** Beginnings of labels by which a namespace could be told to look away. */
const SWITCHES = [
  'pod-security.kubernetes.io/',
  'admission.gatekeeper.sh/',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.domains.map((domain) => `${domain}/`)),
];

/** What External Secrets adds to its objects, and takes off again. */
const OPERATOR_FINALIZER = 'externalsecrets.external-secrets.io/externalsecret-cleanup';

const CHANGES = "request.operation in ['CREATE', 'UPDATE']";
/** A CEL list of strings. */
const texts = (list: readonly string[]) => `[${list.map((text) => `'${text}'`).join(', ')}]`;

const of = (resource: string) => `(request.resource.resource == '${resource}')`;
const onWrite = (resource: string, expression: string, message: string) => ({
  expression: `!(${CHANGES} && ${of(resource)}) || (${expression})`,
  message,
});

/**
 * Holds the fencer to the shape of a fence, as greenroom.yaml gives it: what is pushed past greenroom is refused here,
 * or stays within the platform's own bounds. What admission cannot see is that something is missing; `doctor` and the
 * sweep do.
 */
export function fenceGuard(scope: Construct, id: string, platform: PlatformSpec): Guard {
  return new Guard(scope, id, fenceShape(platform));
}

function fenceShape(platform: PlatformSpec): GuardSpec {
  const kinds = ['resourcequotas', 'limitranges', 'serviceaccounts'];
  return {
    name: 'greenroom-fence',
    rule: [
      {
        apiGroups: [''],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        resources: ['namespaces', ...kinds],
      },
      {
        apiGroups: ['networking.k8s.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        resources: ['networkpolicies'],
      },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
        resources: ['rolebindings'],
      },
      ...addedFenceKinds(platform).map(({ group, resource }) => ({
        apiGroups: [group],
        apiVersions: ['*'],
        operations: ['CREATE', 'UPDATE', 'DELETE'] as const,
        resources: [resource],
      })),
    ],
    when: username(reconcilerNamespace(platform), FENCER_ACCOUNT),
    validations: [
      ...metadataShape(platform),
      ...namespaceShape(platform),
      ...boundsShape(platform),
      ...networkShape(platform),
      ...accountShape(platform),
      ...pullSecretShape(platform),
      {
        expression: `${CHANGES} || !(request.name == 'preview' && request.resource.resource in ['resourcequotas', 'limitranges'] || request.name == 'default-deny' && ${of('networkpolicies')}) || namespaceObject.metadata.?deletionTimestamp.hasValue()`,
        message: 'the quota, the limits and default-deny of a preview stay until its namespace goes',
      },
    ],
  };
}

/** Annotations that greenroom and the reconciler write themselves. */
function metadataShape(platform: PlatformSpec): GuardSpec['validations'] {
  const { metadata } = reconcilerOf(platform);
  const keys = [...metadata.tracking, 'kubectl.kubernetes.io/last-applied-configuration'];
  const kept = Object.entries(metadata.keep).map(
    ([key, value]) => `(k == '${key}' && object.metadata.annotations[k] == '${value}' && !${of('namespaces')})`,
  );
  const own = [`k in ${texts(keys)}`, "k.startsWith('greenroom.dev/')", ...kept].join(' || ');
  return [
    {
      expression: `!(${CHANGES}) || object.metadata.?annotations.orValue({}).all(k, ${own})`,
      message:
        'an object of a fence carries no annotations but those that greenroom and the reconciler write: others are orders to the cloud, or keep what should go',
    },
    {
      expression: `!(${CHANGES}) || (object.metadata.?finalizers.orValue([]).all(f, f in ['foregroundDeletion', 'orphan'] || (${of('externalsecrets')} && f == '${OPERATOR_FINALIZER}')) && !has(object.metadata.ownerReferences))`,
      message: 'an object of a fence has no finalizers and no owners: it must go when its preview does',
    },
  ];
}

function namespaceShape(platform: PlatformSpec): GuardSpec['validations'] {
  const most = durationSeconds(platform.ttl.max) + TOLERANCE;
  const labels = 'object.metadata.?labels.orValue({})';
  const expires = (object: string) => `int(${object}.metadata.labels['${EXPIRES_LABEL}'])`;
  const number = (key: string) => `${labels}[?'${key}'].orValue('').matches('^[1-9][0-9]{0,15}$')`;
  const { tracking } = reconcilerOf(platform).metadata;
  return [
    onWrite(
      'namespaces',
      Object.entries(POD_SECURITY)
        .map(([key, value]) => `${labels}[?'${key}'].orValue('') == '${value}'`)
        .join(' && '),
      'the namespace of a preview is held to Pod Security restricted',
    ),
    onWrite(
      'namespaces',
      `${labels}.all(k, k in ${texts([...Object.keys(POD_SECURITY), ...tracking])} || !${texts(SWITCHES)}.exists(s, k.startsWith(s)))`,
      'the namespace of a preview carries no labels that switch policies off',
    ),
    onWrite(
      'namespaces',
      [REPOSITORY_ID_LABEL, PULL_REQUEST_LABEL, EXPIRES_LABEL].map(number).join(' && '),
      'the namespace of a preview says which pull request it is of, and when it ends',
    ),
    onWrite(
      'namespaces',
      `int(timestamp(object.metadata.?annotations[?'${EXPIRES_ANNOTATION}'].orValue(''))) == ${expires('object')} && (request.operation == 'CREATE' ? ${expires('object')} <= int(timestamp(object.metadata.creationTimestamp)) + ${most} : ${expires('object')} <= (oldObject.metadata.?labels[?'${EXPIRES_LABEL}'].orValue('').matches('^[0-9]{1,12}$') ? ${expires('oldObject')} : 0) + ${most})`,
      `a preview ends at the latest ${platform.ttl.max} after it was made or last extended (ttl.max)`,
    ),
  ];
}

/** The quota and the limits are named `preview`; further ones can only narrow. */
function boundsShape({ namespace }: PlatformSpec): GuardSpec['validations'] {
  const within = (place: string, bounds: Readonly<Record<string, string>>) =>
    Object.entries(bounds).map(([key, value]) => {
      const found = `${place}[?'${key}']`;
      return `(${found}.hasValue() && quantity(string(${found}.value())).compareTo(quantity('${value}')) <= 0)`;
    });
  const limits = Object.entries(namespace.limitRange).flatMap(([bound, list = {}]) =>
    within(`l.?${bound}.orValue({})`, list),
  );
  return [
    onWrite(
      'resourcequotas',
      `object.metadata.name != 'preview' || (${['!has(object.spec.scopes)', '!has(object.spec.scopeSelector)', ...within('dyn(object).spec.?hard.orValue({})', namespace.quota)].join(' && ')})`,
      'the quota of a preview is at most the one of greenroom.yaml, for all pods',
    ),
    onWrite(
      'limitranges',
      `object.metadata.name != 'preview' || dyn(object).spec.limits.exists(l, l.type == 'Container'${limits.map((l) => ` && ${l}`).join('')})`,
      'the limits of a preview are at most those of greenroom.yaml',
    ),
  ];
}

/**
 * Policies add up, so that one of another name could open what ours keep closed. A preview
 * chooses itself which of its ports it opens to the ingress controller.
 */
function networkShape(platform: PlatformSpec): GuardSpec['validations'] {
  const policies = sampleFence(platform).filter(({ kind }) => kind === 'NetworkPolicy');
  const specs = Object.fromEntries(policies.map(({ metadata, spec }) => [metadata.name, spec]));
  const [spec, given] = ['dyn(object).spec', `dyn(${celLiteral(specs)})[object.metadata.name]`];
  const ingress = [
    ...['podSelector', 'policyTypes'].map((field) => `${spec}.${field} == ${given}.${field}`),
    `!has(${spec}.egress)`,
    `${spec}.?ingress.orValue([]).all(r, r.?from.orValue([]) == ${given}.ingress[0].from)`,
  ].join(' && ');
  return [
    onWrite(
      'networkpolicies',
      `object.metadata.name in ${texts(Object.keys(specs))} && (object.metadata.name == '${INGRESS_POLICY}' ? ${ingress} : ${spec} == ${given})`,
      'a network policy of a preview is one that greenroom.yaml gives: change ingress, testHarness or egress there',
    ),
  ];
}

function accountShape(platform: PlatformSpec): GuardSpec['validations'] {
  const { name, namespace } = previewAccount(reconcilerOf(platform), 'NAME');
  const subject = (key: string, value: string) =>
    `subject.?${key}.orValue('') == ${value === 'NAME' ? 'object.metadata.namespace' : `'${value}'`}`;
  const binds = (binding: string, role: string, account: string, home: string) =>
    `(object.metadata.name == '${binding}' && object.roleRef.kind == 'ClusterRole' && object.roleRef.name == '${role}' && object.subjects.size() == 1 && object.subjects.all(subject, subject.kind == 'ServiceAccount' && ${subject('name', account)} && ${subject('namespace', home)}))`;
  const watching = platform.status.watch ? [binds(WATCH_ROLE, WATCH_ROLE, WATCH_ACCOUNT, WATCH_ACCOUNT)] : [];
  return [
    onWrite(
      'serviceaccounts',
      '!object.?automountServiceAccountToken.orValue(true) && !object.?secrets.orValue([]).exists(s, true)',
      'an account of a preview mounts no token',
    ),
    onWrite(
      'rolebindings',
      [binds(RECONCILER_ACCOUNT, WORKLOADS_ROLE, name, namespace), ...watching].join(' || '),
      platform.status.watch
        ? `the two bindings of a preview give its own account ${WORKLOADS_ROLE}, and ${WATCH_ACCOUNT} ${WATCH_ROLE}`
        : `the one binding of a preview gives its own account ${WORKLOADS_ROLE}`,
    ),
  ];
}

/** What External Secrets may add to the parts of a pull secret by its own defaults. */
const DEFAULTED = {
  spec: ['refreshPolicy'],
  target: ['immutable'],
  template: ['metadata'],
  remoteRef: ['nullBytePolicy'],
};

/**
 * The rules about secrets are for makers. Here the fencer is held to those of greenroom.yaml: no other reference, store
 * or name, and no template that reads other secrets.
 */
function pullSecretShape(platform: PlatformSpec): GuardSpec['validations'] {
  const given = sampleFence(platform).filter(({ kind }) => kind === PULL_SECRET.kind);
  if (given.length === 0) return [];
  const cases = given.map(({ metadata, spec }) => isPullSecret(metadata.name, spec as PullSecretSpec));
  return [
    onWrite(
      'externalsecrets',
      cases.map((text) => `(${text})`).join(' || '),
      'a secret of a fence is one that greenroom.yaml names under imagePullSecrets',
    ),
  ];
}

type PullSecretSpec = ReturnType<typeof pullSecretSpec>;

function isPullSecret(name: string, { secretStoreRef, target, data, ...rest }: PullSecretSpec): string {
  const { template } = target;
  const [{ secretKey, remoteRef }] = data;
  const only = (place: string, own: object, more: readonly string[] = []) =>
    `${place}.all(k, k in ${texts([...Object.keys(own), ...more])})`;
  const equal = (place: string, values: object) =>
    Object.entries(values).map(([key, value]) => `${place}.?${key}.orValue(null) == ${celLiteral(value)}`);
  const spec = 'dyn(object).spec';
  const entry = [
    only('d', { secretKey, remoteRef }),
    only('d.remoteRef', remoteRef, DEFAULTED.remoteRef),
    ...equal('d', { secretKey }),
    ...equal('d.remoteRef', { key: remoteRef.key, property: remoteRef.property ?? null }),
  ];
  return [
    `object.metadata.name == '${name}'`,
    only(spec, { secretStoreRef, target, data, ...rest }, DEFAULTED.spec),
    only(`${spec}.secretStoreRef`, secretStoreRef),
    ...equal(`${spec}.secretStoreRef`, secretStoreRef),
    only(`${spec}.target`, target, DEFAULTED.target),
    ...equal(`${spec}.target`, { name: target.name, creationPolicy: target.creationPolicy }),
    only(`${spec}.target.template`, template, DEFAULTED.template),
    `${spec}.target.template.?metadata.orValue({}).size() == 0`,
    ...equal(`${spec}.target.template`, { type: template.type }),
    `${spec}.data.size() == 1`,
    `${spec}.data.all(d, ${entry.join(' && ')})`,
  ].join(' && ');
}
