import type { KubeObject } from '../../model/kube-object.ts';
import { PREVIEW_LABEL } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** Trigger and service of Argo CD Notifications that report the status of a preview. */
const TRIGGER = 'greenroom-status';
const SERVICE = 'greenroom';

/** Annotation that subscribes an Application to them. */
export const SUBSCRIPTION = { [`notifications.argoproj.io/subscribe.${TRIGGER}.${SERVICE}`]: '' } as const;

/** Key in the Secret `argocd-notifications-secret`: the token that `serve` authenticates Argo CD by. */
export const SECRET_KEY = 'greenroom-status-secret';

interface Notification {
  readonly name: string;
  /** Expression over `app`. */
  readonly when: string;
  /** Condition and reason of the observation that is sent. */
  readonly condition: 'ready' | 'starting' | 'not-working';
  readonly reason: string | null;
  /** Template that gives Argo CD's own message. */
  readonly words?: string;
}

/** A field of the Application's status; empty if it is missing. */
const field = (path: string) => `(app.status?.${path.replaceAll('.', '?.')} ?? '')`;
const [SYNC, HEALTH, REVISION] = [field('sync.status'), field('health.status'), field('sync.revision')];
const FAILED = `${field('operationState.phase')} in ['Failed', 'Error']`;

/** Only Applications that greenroom alone can write count, and only after a comparison with a commit. */
const of = (...projects: string[]) =>
  `app.spec.project in [${projects.map((name) => `'${name}'`).join(', ')}] && ${REVISION} != ''`;
const APP = of(PREVIEWS_PROJECT);

/** Sync and health are from the same time: if both are good, the compared commit runs. */
const NOTIFICATIONS: readonly Notification[] = [
  { name: 'ready', when: `${APP} && ${SYNC} == 'Synced' && ${HEALTH} == 'Healthy'`, condition: 'ready', reason: null },
  {
    name: 'starting',
    when: `${APP} && !(${FAILED}) && (${SYNC} == 'OutOfSync' || ${HEALTH} == 'Progressing')`,
    condition: 'starting',
    reason: 'applying',
  },
  {
    name: 'unhealthy',
    when: `${APP} && ${SYNC} == 'Synced' && ${HEALTH} == 'Degraded'`,
    condition: 'not-working',
    reason: 'unhealthy',
  },
  {
    name: 'not-applied',
    when: `${of(FENCES_PROJECT, PREVIEWS_PROJECT)} && ${FAILED} && ${SYNC} != 'Synced'`,
    condition: 'not-working',
    reason: 'not-applied',
    words: '(default "" .app.status.operationState.message | trunc 600)',
  },
];

/** Sent once for each commit, until its health changes or it is applied again. */
const ONCE_PER = [REVISION, field('health.lastTransitionTime'), field('operationState.finishedAt')].join(" + '/' + ");

/**
 * Configures Argo CD Notifications to report to `serve`. It can be merged into an existing configuration: its keys have
 * names of greenroom, and the shared key `subscriptions` is not set.
 *
 * @param url of `/status`
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
 */
export function notifications({ argocd }: PlatformSpec, url: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-notifications-cm', namespace: argocd.namespace },
    data: {
      [`service.webhook.${SERVICE}`]: lines(
        `url: ${JSON.stringify(url)}`,
        'headers:',
        '  - name: Authorization',
        `    value: Bearer $${SECRET_KEY}`,
        '  - name: Content-Type',
        '    value: application/json',
      ),
      [`trigger.${TRIGGER}`]: NOTIFICATIONS.map(trigger).join(''),
      ...Object.fromEntries(NOTIFICATIONS.map((each) => [`template.${templateName(each)}`, template(each)])),
    },
  };
}

const templateName = ({ name }: Notification) => `greenroom-${name}`;
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

function trigger(notification: Notification): string {
  return lines(
    `- when: ${JSON.stringify(notification.when)}`,
    `  oncePer: ${JSON.stringify(ONCE_PER)}`,
    `  send: [${templateName(notification)}]`,
  );
}

function template({ condition, reason, words }: Notification): string {
  const text = (value: string) => `{{ ${value} | toJson }}`;
  const observation = [
    '"source": "reconciler"',
    '"at": {{ $now }}',
    `"condition": "${condition}"`,
    ...(reason === null ? [] : [`"reason": "${reason}"`]),
    ...(words === undefined ? [] : [`"words": ${text(words)}`]),
  ];
  return lines(
    'webhook:',
    `  ${SERVICE}:`,
    '    method: POST',
    '    body: |',
    '      {{- $now := (call .time.Now).Unix }}',
    `      {"cluster": ${text('(index (splitList "/" .app.spec.source.path) 1)')},`,
    `       "preview": ${text(`(index .app.metadata.labels "${PREVIEW_LABEL}")`)},`,
    `       "revision": ${text('.app.status.sync.revision')},`,
    '       "sentAt": {{ $now }},',
    `       "observation": {${observation.join(', ')}}}`,
  );
}
