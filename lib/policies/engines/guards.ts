import { PREVIEW_PREFIX } from '../../model/labels.ts';
import { ALL_RECONCILERS } from '../../reconcilers/index.ts';
import { celLiteral } from './cel-text.ts';
import { type AdmissionPolicy, ANY_KIND } from './policy.ts';

export interface GuardOptions {
  /** Key of the label that marks a preview's namespace. */
  readonly previewLabel: string;
  /** User name of the account that applies fences. */
  readonly fencer: string;
  /** Groups of people who may change namespace labels by hand. */
  readonly adminGroups: readonly string[];
  readonly contact: string;
}

const NAMESPACE = { group: '', kind: 'Namespace', resource: 'namespaces' } as const;

/**
 * What the rules depend on: a preview's namespace is identified by its label, and a preview's accounts stay inside it.
 * Without these guards a rule could be bypassed with a changed label, or by writing to another namespace.
 */
export function guards(options: GuardOptions): AdmissionPolicy[] {
  return [labelGuard(options), homeGuard(options)];
}

/**
 * Only the fencer and administrators may mark a namespace as a preview's, or change its marks. For preview namespaces
 * this includes the labels that could turn off Pod Security, Gatekeeper and policy-controller.
 */
function labelGuard({ previewLabel, fencer, adminGroups, contact }: GuardOptions): AdmissionPolicy {
  const prefix = previewLabel.replace(/\/.*$/, '/');
  const entries = (object: string, kind: string) =>
    `${object} == null || !has(${object}.metadata.${kind}) ? {} : ${object}.metadata.${kind}`;
  const unchanged = (now: string, before: string, guarded: string) =>
    [
      `variables.${now}.all(k, !(${guarded}) || (k in variables.${before} && variables.${before}[k] == variables.${now}[k]))`,
      `variables.${before}.all(k, !(${guarded}) || k in variables.${now})`,
    ].join(' && ');
  const ours = `k.startsWith(${celLiteral(prefix)})`;
  const switches = ['pod-security.kubernetes.io/', 'admission.gatekeeper.sh/', 'policy.sigstore.dev/'];
  return {
    name: 'greenroom-namespace-labels',
    title: 'Only the fencer marks namespaces as previews',
    message: `Labels and annotations ${prefix}* of a namespace, and the Pod Security labels of a preview's, are the platform's: leave them as they are, or ask ${contact}.`,
    severity: 'deny',
    operations: ['CREATE', 'UPDATE'],
    targets: [{ ...NAMESPACE, subresources: ['*'] }],
    scope: 'everywhere',
    conditions: [
      { name: 'not-the-fencer', expression: `request.userInfo.?username.orValue('') != ${celLiteral(fencer)}` },
      ...(adminGroups.length > 0
        ? [
            {
              name: 'not-an-administrator',
              expression: `!request.userInfo.?groups.orValue([]).exists(g, g in [${adminGroups.map(celLiteral).join(', ')}])`,
            },
          ]
        : []),
    ],
    variables: [
      { name: 'labels', expression: entries('object', 'labels') },
      { name: 'labelsBefore', expression: entries('oldObject', 'labels') },
      { name: 'notes', expression: entries('object', 'annotations') },
      { name: 'notesBefore', expression: entries('oldObject', 'annotations') },
    ],
    expression: [
      unchanged('labels', 'labelsBefore', ours),
      unchanged('notes', 'notesBefore', ours),
      `(!(${celLiteral(previewLabel)} in variables.labelsBefore) || (${unchanged(
        'labels',
        'labelsBefore',
        switches.map((key) => `k.startsWith(${celLiteral(key)})`).join(' || '),
      )}))`,
    ].join('\n&& '),
  };
}

/**
 * RBAC limits a preview's accounts to their own namespace. This guard still does so if a binding ever gives them more.
 * Requests to the authentication and authorization APIs ("who am I", "what may I do") do not count as writes. An account
 * in the reconciler's namespace has the name of its preview.
 */
function homeGuard({ contact }: GuardOptions): AdmissionPolicy {
  const beside = ALL_RECONCILERS.flatMap(({ accountsBeside }) => accountsBeside ?? []);
  const standsBeside = beside.map((namespace) => `variables.account[2] == '${namespace}'`).join(' || ');
  return {
    name: 'greenroom-preview-accounts',
    title: 'Accounts of a preview write into their own namespace only',
    message: `Accounts of a preview may write into its own namespace only: name no other, or ask ${contact}.`,
    severity: 'deny',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    targets: [{ ...ANY_KIND, subresources: ['*'] }],
    scope: 'everywhere',
    conditions: [
      {
        name: 'account-of-a-preview',
        expression: `request.userInfo.?username.orValue('').matches('^system:serviceaccount:(${beside.map((namespace) => `${namespace}:`).join('|')})?${PREVIEW_PREFIX}')`,
      },
      {
        name: 'writes',
        expression: "!(request.resource.group in ['authentication.k8s.io', 'authorization.k8s.io'])",
      },
    ],
    variables: [{ name: 'account', expression: "request.userInfo.username.split(':')" }],
    expression: `request.resource.resource != 'namespaces' && request.?namespace.orValue('') == variables.account[${standsBeside} ? 3 : 2]`,
  };
}
