import { PREVIEW_PREFIX } from '../model/labels.ts';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';
import { celLiteral } from './engines/cel-text.ts';
import { type AdmissionPolicy, ANY_KIND } from './engines/policy.ts';

export interface GuardOptions {
  /** Key of the label that makes a namespace a preview's. */
  readonly previewLabel: string;
  /** User name of the account that writes fences. */
  readonly fencer: string;
  /** Groups of people who may relabel namespaces by hand. */
  readonly adminGroups: readonly string[];
  readonly contact: string;
}

const NAMESPACE = { group: '', kind: 'Namespace', resource: 'namespaces' } as const;

/**
 * What the rules stand on: that a namespace of a preview is known by its label, and that a preview's own accounts stay
 * inside it. Without these a rule could be left by relabelling the namespace, or by writing next door.
 */
export function guards(options: GuardOptions): AdmissionPolicy[] {
  return [labelGuard(options), homeGuard(options)];
}

/**
 * Only the fencer and administrators make a namespace a preview's, or change what marks it as one. For namespaces of
 * previews that includes the labels by which Pod Security, Gatekeeper and policy-controller could be told to look away.
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
 * RBAC binds a preview's accounts to their own namespace. Should a binding ever give them more, this still keeps them
 * there; asking who they are and what they may do is no writing. Where the account of a preview stands beside the
 * reconciler it is named after the preview.
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
