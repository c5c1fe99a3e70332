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
import { type ServiceClass, serviceClasses } from '../../model/platform/service-class.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { celLiteral } from '../../policies/engines/cel-text.ts';
import { ALL_RECONCILERS, previewAccount, reconcilerNamespace, reconcilerOf } from '../../reconcilers/index.ts';
import type { GuardSpec } from '../../reconcilers/reconciler.ts';
import { INGRESS_POLICY } from '../preview-namespace/network-policies.ts';
import { POD_SECURITY } from '../preview-namespace/preview-namespace.ts';
import { PULL_SECRET, type pullSecretSpec } from '../preview-namespace/pull-secret.ts';
import { sampleFence } from '../preview-namespace/sample-fence.ts';
import { classShape } from './class-shape.ts';
import { Guard, username } from './guards.ts';
import { addedFenceKinds, classResource } from './kinds.ts';

/** Allowed difference between clocks plus delay until a commit is applied, in seconds. */
const TOLERANCE = 3600;

/** Prefixes of labels that could switch off checks in a namespace. */
const SWITCHES = [
  'pod-security.kubernetes.io/',
  'admission.gatekeeper.sh/',
  ...ALL_RECONCILERS.flatMap(({ metadata }) => metadata.domains.map((domain) => `${domain}/`)),
];

/** External Secrets adds this to its objects and removes it again. */
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
 * Limits the fencer to fences as greenroom.yaml defines them: manifests that did not come from greenroom are denied, or
 * stay within the platform's limits. Admission cannot see that an object is missing; `doctor` and the sweep check that.
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
      ...classShape(platform),
      {
        expression: `${CHANGES} || !(request.name == 'preview' && request.resource.resource in ['resourcequotas', 'limitranges'] || request.name == 'default-deny' && ${of('networkpolicies')}) || namespaceObject.metadata.?deletionTimestamp.hasValue()`,
        message: 'the quota, the limits and default-deny of a preview stay until its namespace is deleted',
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
  const own = [`k in ${texts(keys)}`, "k.startsWith('greenroom.dev/')", ...kept, ...notesOfOperators(platform)].join(
    ' || ',
  );
  return [
    {
      expression: `!(${CHANGES}) || object.metadata.?annotations.orValue({}).all(k, ${own})`,
      message:
        'an object of a fence may only have annotations that greenroom and the reconciler write: others could configure cloud resources, or prevent deletion',
    },
    {
      expression: `!(${CHANGES}) || (object.metadata.?finalizers.orValue([]).all(f, f in ['foregroundDeletion', 'orphan'] || (${of('externalsecrets')} && f == '${OPERATOR_FINALIZER}')${finalizersOfOperators(platform)}) && !has(object.metadata.ownerReferences))`,
      message: 'an object of a fence must have no finalizers and no owners: it is deleted with its preview',
    },
  ];
}

const isObjectOf = (chosen: ServiceClass) => {
  const { group, resource } = classResource(chosen);
  return `request.resource.group == '${group}' && ${of(resource)}`;
};

/** An operator may have annotated its object by now, and only it can. The fencer adds nothing to it. */
function notesOfOperators({ services }: PlatformSpec): string[] {
  const before = 'oldObject.metadata.?annotations[?k].orValue(null)';
  return serviceClasses(services).map(
    ([, chosen]) =>
      `(request.operation == 'UPDATE' && ${isObjectOf(chosen)} && ${before} == object.metadata.annotations[k])`,
  );
}

/** The same for the finalizers that the class names. */
function finalizersOfOperators({ services }: PlatformSpec): string {
  return serviceClasses(services)
    .filter(([, { finalizers }]) => finalizers.length > 0)
    .map(([, chosen]) => ` || (${isObjectOf(chosen)} && f in ${texts(chosen.finalizers)})`)
    .join('');
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
      'the namespace of a preview must enforce Pod Security "restricted"',
    ),
    onWrite(
      'namespaces',
      `${labels}.all(k, k in ${texts([...Object.keys(POD_SECURITY), ...tracking])} || !${texts(SWITCHES)}.exists(s, k.startsWith(s)))`,
      'the namespace of a preview must have no labels that switch off policies',
    ),
    onWrite(
      'namespaces',
      [REPOSITORY_ID_LABEL, PULL_REQUEST_LABEL, EXPIRES_LABEL].map(number).join(' && '),
      'the namespace of a preview must name its pull request and its end',
    ),
    onWrite(
      'namespaces',
      `int(timestamp(object.metadata.?annotations[?'${EXPIRES_ANNOTATION}'].orValue(''))) == ${expires('object')} && (request.operation == 'CREATE' ? ${expires('object')} <= int(timestamp(object.metadata.creationTimestamp)) + ${most} : ${expires('object')} <= (oldObject.metadata.?labels[?'${EXPIRES_LABEL}'].orValue('').matches('^[0-9]{1,12}$') ? ${expires('oldObject')} : 0) + ${most})`,
      `a preview ends at the latest ${platform.ttl.max} after it was created or last extended (ttl.max)`,
    ),
  ];
}

/** The quota and the limits are named `preview`; additional ones can only restrict further. */
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
      'the quota of a preview must not exceed the one in greenroom.yaml, and must apply to all pods',
    ),
    onWrite(
      'limitranges',
      `object.metadata.name != 'preview' || dyn(object).spec.limits.exists(l, l.type == 'Container'${limits.map((l) => ` && ${l}`).join('')})`,
      'the limits of a preview must not exceed those in greenroom.yaml',
    ),
  ];
}

/**
 * Network policies add up, so a policy with another name could open what ours keep closed. Each preview decides which of
 * its ports it opens to the ingress controller.
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
      'a network policy of a preview must be as in greenroom.yaml: change ingress, testHarness or egress there',
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
      'an account of a preview must mount no token',
    ),
    onWrite(
      'rolebindings',
      [binds(RECONCILER_ACCOUNT, WORKLOADS_ROLE, name, namespace), ...watching].join(' || '),
      platform.status.watch
        ? `the bindings of a preview must give ${WORKLOADS_ROLE} to its own account, and ${WATCH_ROLE} to ${WATCH_ACCOUNT}`
        : `the binding of a preview must give ${WORKLOADS_ROLE} to its own account`,
    ),
  ];
}

/** Default fields that External Secrets may add to a pull secret. */
const DEFAULTED = {
  spec: ['refreshPolicy'],
  target: ['immutable'],
  template: ['metadata'],
  remoteRef: ['nullBytePolicy'],
};

/**
 * The rules about secrets apply to makers only. This limits the fencer to the secrets in greenroom.yaml: no other
 * reference, store or name, and no template that reads other secrets.
 */
function pullSecretShape(platform: PlatformSpec): GuardSpec['validations'] {
  const given = sampleFence(platform).filter(({ kind }) => kind === PULL_SECRET.kind);
  if (given.length === 0) return [];
  const cases = given.map(({ metadata, spec }) => isPullSecret(metadata.name, spec as PullSecretSpec));
  return [
    onWrite(
      'externalsecrets',
      cases.map((text) => `(${text})`).join(' || '),
      'a secret of a fence must be in imagePullSecrets of greenroom.yaml',
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
