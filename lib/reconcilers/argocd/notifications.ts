import { commitStatusName } from '../../model/commit-status.ts';
import type { KubeObject, StringMap } from '../../model/kube-object.ts';
import { PREVIEW_LABEL } from '../../model/labels.ts';
import { appsRepoUrl, type PlatformSpec } from '../../model/platform.ts';
import type { StatusesWritten } from '../reconciler.ts';
import { FENCES_PROJECT, PREVIEWS_PROJECT } from './names.ts';

/** Trigger and service of Argo CD Notifications that report the status of a preview. */
const TRIGGER = 'greenroom-status';
const SERVICE = 'greenroom';

/** Trigger and service that write commit statuses in the apps repo. */
const STATUS_TRIGGER = 'greenroom-commit-status';
const STATUS_SERVICE = 'greenroom-github';

/** Annotations that subscribe an Application to them; none if nothing is reported. */
export function subscriptions({ status }: PlatformSpec): StringMap {
  const to = (trigger: string, service: string) => ({
    [`notifications.argoproj.io/subscribe.${trigger}.${service}`]: '',
  });
  return {
    ...(status.notify && to(TRIGGER, SERVICE)),
    ...(status.commitStatuses !== undefined && to(STATUS_TRIGGER, STATUS_SERVICE)),
  };
}

/** Whether Argo CD reports anything. */
export const isNotifying = ({ status }: PlatformSpec) => status.notify || status.commitStatuses !== undefined;

/** Key in the Secret `argocd-notifications-secret`: the token that `serve` authenticates Argo CD by. */
export const SECRET_KEY = 'greenroom-status-secret';
/** Key there: private key of the GitHub App that writes commit statuses. */
export const GITHUB_KEY = 'greenroom-github-key';

interface Notification {
  readonly name: string;
  /** Expression over `app`. */
  readonly when: string;
  /** Condition and reason of the observation that is sent. */
  readonly condition: 'ready' | 'starting' | 'not-working';
  readonly reason: string | null;
  /** State of a commit status, and its sentence. */
  readonly status: readonly ['success' | 'pending' | 'failure', string];
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
  {
    name: 'ready',
    when: `${APP} && ${SYNC} == 'Synced' && ${HEALTH} == 'Healthy'`,
    condition: 'ready',
    reason: null,
    status: ['success', 'It is in place and healthy.'],
  },
  {
    name: 'starting',
    when: `${APP} && !(${FAILED}) && (${SYNC} == 'OutOfSync' || ${HEALTH} == 'Progressing')`,
    condition: 'starting',
    reason: 'applying',
    status: ['pending', 'It is being put in place.'],
  },
  {
    name: 'unhealthy',
    when: `${APP} && ${SYNC} == 'Synced' && ${HEALTH} == 'Degraded'`,
    condition: 'not-working',
    reason: 'unhealthy',
    status: ['failure', 'The app does not become ready.'],
  },
  {
    name: 'not-applied',
    when: `${of(FENCES_PROJECT, PREVIEWS_PROJECT)} && ${FAILED} && ${SYNC} != 'Synced'`,
    condition: 'not-working',
    reason: 'not-applied',
    status: ['failure', 'It could not be put in place.'],
    words: '(default "" .app.status.operationState.message | trunc 600)',
  },
];

/** Sent once for each commit, until its health changes or it is applied again. */
const ONCE_PER = [REVISION, field('health.lastTransitionTime'), field('operationState.finishedAt')].join(" + '/' + ");

/**
 * A commit status is written once for each sync and change of health, not for each commit of the apps repo: most commits
 * change other previews, and GitHub takes 500 writes an hour.
 */
const STATUS_ONCE_PER = [
  field('operationState.syncResult.revision'),
  field('operationState.phase'),
  field('health.status'),
  field('health.lastTransitionTime'),
].join(" + '/' + ");

/**
 * Configures Argo CD Notifications to report to `serve`, by commit statuses, or both. It can be merged into an existing
 * configuration: its keys have names of greenroom, and the shared key `subscriptions` is not set.
 *
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/github/
 */
export function notifications(platform: PlatformSpec): KubeObject {
  const { argocd, status } = platform;
  const { notify, url, commitStatuses } = status;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-notifications-cm', namespace: argocd.namespace },
    data: {
      ...(notify && url !== undefined && { ...webhookService(url), [`trigger.${TRIGGER}`]: triggers(ONCE_PER) }),
      ...(commitStatuses !== undefined && {
        ...gitHubService(commitStatuses),
        [`trigger.${STATUS_TRIGGER}`]: triggers(STATUS_ONCE_PER),
      }),
      ...Object.fromEntries(NOTIFICATIONS.map((each) => [`template.${templateName(each)}`, template(each, platform)])),
    },
  };
}

function webhookService(url: string): StringMap {
  return {
    [`service.webhook.${SERVICE}`]: lines(
      `url: ${JSON.stringify(url)}`,
      'headers:',
      '  - name: Authorization',
      `    value: Bearer $${SECRET_KEY}`,
      '  - name: Content-Type',
      '    value: application/json',
    ),
  };
}

function gitHubService({
  appId,
  installationId,
  api,
}: NonNullable<PlatformSpec['status']['commitStatuses']>): StringMap {
  return {
    [`service.github.${STATUS_SERVICE}`]: lines(
      `appID: ${appId}`,
      `installationID: ${installationId}`,
      ...(api === undefined ? [] : [`enterpriseBaseURL: ${JSON.stringify(api)}`]),
      `privateKey: $${GITHUB_KEY}`,
    ),
  };
}

const templateName = ({ name }: Notification) => `greenroom-${name}`;
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

function triggers(oncePer: string): string {
  return NOTIFICATIONS.map((notification) =>
    lines(
      `- when: ${JSON.stringify(notification.when)}`,
      `  oncePer: ${JSON.stringify(oncePer)}`,
      `  send: [${templateName(notification)}]`,
    ),
  ).join('');
}

const PREVIEW = `(index .app.metadata.labels "${PREVIEW_LABEL}")`;

function template(notification: Notification, platform: PlatformSpec): string {
  const { notify, commitStatuses } = platform.status;
  return [
    notify ? webhookTemplate(notification) : '',
    commitStatuses === undefined ? '' : gitHubTemplate(notification, appsRepoUrl(platform)),
  ].join('');
}

function webhookTemplate({ condition, reason, words }: Notification): string {
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
    `       "preview": ${text(PREVIEW)},`,
    `       "revision": ${text('.app.status.sync.revision')},`,
    '       "sentAt": {{ $now }},',
    `       "observation": {${observation.join(', ')}}}`,
  );
}

/** What {@link gitHubTemplate} writes. */
export const statusesWritten: StatusesWritten = {
  form: 'line',
  isAbout: (context, preview) => context === commitStatusName(preview),
};

/**
 * The description has the format of `keptLine` in `lib/status`, with the time of the report. Sync and health are about the
 * compared commit, which is one of the latest; a failure is about the commit whose sync failed.
 */
function gitHubTemplate({ name, condition, reason, status: [state, sentence] }: Notification, repoUrl: string): string {
  const tag = `[reconciler ${condition}${reason === null ? '' : `/${reason}`} {{ (call .time.Now).Unix }}]`;
  const compared = '.app.status.sync.revision';
  const synced = `dig "status" "operationState" "syncResult" "revision" "" .app | default ${compared}`;
  return lines(
    `message: ${JSON.stringify(`${sentence} ${tag}`)}`,
    'github:',
    `  revisionPath: ${JSON.stringify(`{{ ${name === 'not-applied' ? synced : compared} }}`)}`,
    '  status:',
    `    state: ${state}`,
    `    label: ${JSON.stringify(commitStatusName(`{{ ${PREVIEW} }}`))}`,
    ...(/^https?:/.test(repoUrl) ? [`    targetURL: ${JSON.stringify(repoUrl.replace(/\.git$/, ''))}`] : []),
  );
}
