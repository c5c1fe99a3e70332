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

/** A field of the Application's status, empty where it is not there. */
const field = (path: string) => `(app.status?.${path.replaceAll('.', '?.')} ?? '')`;
const [SYNC, HEALTH, REVISION] = [field('sync.status'), field('health.status'), field('sync.revision')];
const FAILED = `${field('operationState.phase')} in ['Failed', 'Error']`;

/** Only Applications that nobody but greenroom can write are believed, and only what was compared with a commit. */
const of = (...projects: string[]) =>
  `app.spec.project in [${projects.map((name) => `'${name}'`).join(', ')}] && ${REVISION} != ''`;
const APP = of(PREVIEWS_PROJECT);

/** Sync and health come from one look at the cluster: where both are good, the commit that was compared runs. */
const TOLD: readonly Told[] = [
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

/** What was told already is no news: of one commit, until its health changes or it is applied again. */
const ONCE_PER = [REVISION, field('health.lastTransitionTime'), field('operationState.finishedAt')].join(" + '/' + ");

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

function trigger(told: Told): string {
  return lines(
    `- when: ${JSON.stringify(told.when)}`,
    `  oncePer: ${JSON.stringify(ONCE_PER)}`,
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
