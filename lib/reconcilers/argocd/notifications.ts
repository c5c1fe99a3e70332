import type { KubeObject } from '../../model/kube-object.ts';
import { PREVIEW_LABEL } from '../../model/labels.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** Trigger and service of Argo CD Notifications that tell what became of a preview. */
const TRIGGER = 'greenroom-status';
const SERVICE = 'greenroom';

/** Annotation of an Application that subscribes it. */
export const SUBSCRIPTION = { [`notifications.argoproj.io/subscribe.${TRIGGER}.${SERVICE}`]: '' } as const;

/** Key of the Secret `argocd-notifications-secret` that holds what `serve` knows it by. */
export const SECRET_KEY = 'greenroom-status-secret';

/** What is told, and when: expressions over `app`, and the condition and reason of an observation. */
interface Told {
  readonly name: string;
  readonly when: string;
  readonly condition: 'ready' | 'starting' | 'not-working';
  readonly reason: string | null;
  /** Template of a text of Argo CD's own. */
  readonly words?: string;
}

/**
 * Only Applications that nobody but greenroom can write are believed, and only what was compared with a commit: sync and
 * health come from the same look then.
 */
const OURS = `app.spec.project in ['${FENCES_PROJECT}', '${PREVIEWS_PROJECT}'] && (app.status?.sync?.revision ?? '') != ''`;
const APP = `app.spec.project == '${PREVIEWS_PROJECT}'`;
const SYNC = "(app.status?.sync?.status ?? '')";
const HEALTH = "(app.status?.health?.status ?? '')";
const FAILED = "(app.status?.operationState?.phase ?? '') in ['Failed', 'Error']";

const TOLD: readonly Told[] = [
  {
    name: 'ready',
    when: `${APP} && !(${FAILED}) && ${SYNC} == 'Synced' && ${HEALTH} == 'Healthy'`,
    condition: 'ready',
    reason: null,
  },
  {
    name: 'starting',
    when: `${APP} && !(${FAILED}) && (${SYNC} == 'OutOfSync' || ${HEALTH} == 'Progressing')`,
    condition: 'starting',
    reason: 'applying',
  },
  {
    name: 'unhealthy',
    when: `${APP} && !(${FAILED}) && ${SYNC} == 'Synced' && ${HEALTH} == 'Degraded'`,
    condition: 'not-working',
    reason: 'unhealthy',
  },
  {
    name: 'not-applied',
    when: `${FAILED} && ${SYNC} != 'Synced'`,
    condition: 'not-working',
    reason: 'not-applied',
    words: '(default "" .app.status.operationState.message | trunc 600)',
  },
];

/**
 * What Argo CD Notifications is configured with to tell `serve`. It joins what is configured already: nothing in it has a
 * name of Argo CD's own, and `subscriptions`, of which there is one for all, is left alone.
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
      [`trigger.${TRIGGER}`]: TOLD.map(trigger).join(''),
      ...Object.fromEntries(TOLD.map((told) => [`template.${templateOf(told)}`, template(told)])),
    },
  };
}

const templateOf = ({ name }: Told) => `greenroom-${name}`;
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

/** Told once for each commit and each change of its health: what was told already is no news. */
function trigger(told: Told): string {
  return lines(
    `- when: ${JSON.stringify(`${OURS} && ${told.when}`)}`,
    `  oncePer: ${JSON.stringify("app.status.sync.revision + '/' + (app.status?.health?.lastTransitionTime ?? '')")}`,
    `  send: [${templateOf(told)}]`,
  );
}

function template({ condition, reason, words }: Told): string {
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
