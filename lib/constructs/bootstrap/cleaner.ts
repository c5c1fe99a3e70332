import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { EXPIRES_LABEL, PREVIEW_LABEL } from '../../model/labels.ts';
import { UNPRIVILEGED } from './unprivileged.ts';

/** Seconds after the expiry until the cleaner acts: clocks differ, and the sweep should end the preview first. */
export const CLEANER_GRACE_SECONDS = 600;

/** Props of {@link Cleaner}. */
export interface CleanerProps {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** An image with `kubectl`, `sh` and `date`. */
  readonly image: string;
  /**
   * Cron schedule, in UTC.
   * @default "*\/5 * * * *" - every five minutes
   */
  readonly schedule?: string;
}

/**
 * Ends expired previews when nothing else does, because Git, the forge or the sweep does not work. Each run checks all
 * previews, so a missed or failed run only causes a delay.
 */
export class Cleaner extends ApiObject {
  constructor(scope: Construct, id: string, props: CleanerProps) {
    super(scope, id, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: props.name, namespace: props.namespace },
      spec: {
        schedule: props.schedule ?? '*/5 * * * *',
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: 200,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: {
            backoffLimit: 1,
            activeDeadlineSeconds: 240,
            ttlSecondsAfterFinished: 3600,
            template: { spec: podSpec(props) },
          },
        },
      },
    });
  }
}

// The API server compares numbers in label selectors; a label that is not a number never matches.
const SCRIPT = `set -eu
before=$(($(date +%s) - ${CLEANER_GRACE_SECONDS}))
kubectl delete namespaces --wait=false --selector="${PREVIEW_LABEL},${EXPIRES_LABEL}<$before"
`;

function podSpec(props: CleanerProps): Record<string, unknown> {
  return {
    restartPolicy: 'Never',
    serviceAccountName: props.serviceAccount,
    automountServiceAccountToken: true,
    securityContext: UNPRIVILEGED.pod,
    containers: [
      {
        name: 'cleaner',
        image: props.image,
        command: ['sh', '-c', SCRIPT],
        env: [{ name: 'HOME', value: '/tmp' }],
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
        securityContext: UNPRIVILEGED.container,
      },
    ],
  };
}
