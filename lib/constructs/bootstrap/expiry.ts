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
 * Ends previews in a cluster with Kyverno, whatever applies them and whatever else fails: one policy deletes the namespaces
 * of expired previews, the other denies creating such a namespace. So an ended preview does not come back, although the
 * reconciler keeps healing it, and the reconciler's error says when the preview ended.
 *
 * Only namespaces are denied: it must still be possible to update and remove the Application or Kustomization.
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
        // Existing namespaces are handled by the other policy; reports about them would be useless.
        evaluation: { background: { enabled: false } },
        matchConstraints: {
          objectSelector: PREVIEWS,
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['namespaces'] }],
        },
        validations: [
          {
            // A missing or invalid annotation is an error, which denies the request.
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

/** Lets Kyverno's clean-up controller delete namespaces, which its installation does not allow. */
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
