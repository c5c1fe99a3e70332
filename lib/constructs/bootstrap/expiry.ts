import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { EXPIRES_ANNOTATION, PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import { CLEANER_GRACE_SECONDS } from './cleaner.ts';

/** Name of the two policies of {@link KyvernoExpiry}. */
export const EXPIRY_POLICY = 'greenroom-expired-previews';

/** Props of {@link KyvernoExpiry}. */
export interface KyvernoExpiryProps {
  /** Cron schedule of the deletion, in UTC. */
  readonly schedule: string;
}

const EXPIRES = `timestamp(object.metadata.annotations['${EXPIRES_ANNOTATION}'])`;
const PREVIEWS = { matchExpressions: [{ key: PREVIEW_LABEL, operator: 'Exists' }] };

/**
 * Ends previews in a cluster with Kyverno, whatever applies them and whatever else is dead: one policy deletes the
 * namespaces of previews past their time, the other refuses to make such a namespace. So what is gone stays gone, though
 * a reconciler heals for ever, and the reconciler's own report says when the preview ended.
 *
 * Only namespaces are refused: an Application or Kustomization past its time must still be updated and removed.
 */
export class KyvernoExpiry extends Construct {
  constructor(scope: Construct, id: string, props: KyvernoExpiryProps) {
    super(scope, id);
    const apiVersion = 'policies.kyverno.io/v1';
    const metadata = { name: EXPIRY_POLICY };
    new ApiObject(this, 'guard', {
      apiVersion,
      kind: 'ValidatingPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        validationActions: ['Deny'],
        // What is there already is the other policy's matter; a report on it would say nothing new.
        evaluation: { background: { enabled: false } },
        matchConstraints: {
          objectSelector: PREVIEWS,
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['namespaces'] }],
        },
        validations: [
          {
            // An annotation that is missing or no time is an error, which refuses.
            expression: `${EXPIRES} > time.now()`,
            messageExpression: `'preview ' + object.metadata.name + ' ended at ' + object.metadata.annotations['${EXPIRES_ANNOTATION}'] + '; a push to its pull request starts it again'`,
            message: 'this preview has ended; a push to its pull request starts it again',
          },
        ],
      },
    });
    new ApiObject(this, 'deletion', {
      apiVersion,
      kind: 'DeletingPolicy',
      metadata,
      spec: {
        schedule: props.schedule,
        deletionPropagationPolicy: 'Background',
        matchConstraints: {
          objectSelector: PREVIEWS,
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['namespaces'] }],
        },
        conditions: [
          {
            name: 'is-a-preview',
            expression: `object.metadata.name.startsWith('${PREVIEW_PREFIX}') && object.metadata.labels['${PREVIEW_LABEL}'] == object.metadata.name`,
          },
          {
            name: 'is-past-its-time',
            expression: `${EXPIRES} + duration('${CLEANER_GRACE_SECONDS}s') < time.now()`,
          },
        ],
      },
    });
  }
}

/** Lets Kyverno's clean-up controller delete namespaces, which its own installation does not. */
export function kyvernoDeletionRole(scope: Construct, id: string): ApiObject {
  return new ApiObject(scope, id, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name: EXPIRY_POLICY,
      labels: { 'rbac.kyverno.io/aggregate-to-cleanup-controller': 'true' },
    },
    rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['delete', 'get', 'list', 'watch'] }],
  });
}
