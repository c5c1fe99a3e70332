import { text } from '../../cluster/reader.ts';
import { isRecord } from '../../core/json.ts';
import type { KubeObject, StringMap } from '../../model/kube-object.ts';
import { PLATFORM_LABELS, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { Told } from '../reconciler.ts';
import { KUSTOMIZATION } from './kustomization.ts';
import { FLUX_NAMESPACE } from './names.ts';

/** Name of Provider, Alert and Secret. The Provider signs with the Secret's key `token`; `serve` verifies it. */
export const NOTIFICATIONS = 'greenroom-status';

/**
 * Configures Flux's notification-controller to report to `serve`.
 *
 * @param url of `/status`
 * @see https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
 */
export function notifications(url: string, cluster: string): readonly KubeObject[] {
  const object = (kind: string, spec: object): KubeObject => ({
    apiVersion: 'notification.toolkit.fluxcd.io/v1beta3',
    kind,
    metadata: { name: NOTIFICATIONS, namespace: FLUX_NAMESPACE },
    spec,
  });
  const matchLabels: StringMap = PLATFORM_LABELS;
  return [
    object('Provider', { type: 'generic-hmac', address: url, secretRef: { name: NOTIFICATIONS } }),
    object('Alert', {
      providerRef: { name: NOTIFICATIONS },
      eventSeverity: 'info',
      eventSources: [{ kind: KUSTOMIZATION.kind, name: '*', matchLabels }],
      eventMetadata: { cluster },
    }),
  ];
}

/** Reason of an event: the Kustomization was applied. The app may not answer yet. */
const APPLIED = 'ReconciliationSucceeded';

/**
 * What an event of Flux says about a preview: null for nothing, undefined if it is not an event of Flux.
 *
 * @see https://fluxcd.io/flux/components/notification/events/
 */
export function toldBy(event: unknown): Told | null | undefined {
  if (!isRecord(event) || !isRecord(event['involvedObject'])) return undefined;
  if (text(event, 'involvedObject', 'kind') !== KUSTOMIZATION.kind) return null;
  const name = text(event, 'involvedObject', 'name');
  const [, revision] = /@sha(?:1|256):([0-9a-f]{40}(?:[0-9a-f]{24})?)$/.exec(text(event, 'metadata', 'revision')) ?? [];
  const at = Math.floor(Date.parse(text(event, 'timestamp')) / 1000);
  const isFence = name.endsWith('-fence');
  const isFailure = text(event, 'severity') === 'error';
  // Kustomizations of others, in namespaces of theirs, may have the name of a preview.
  if (text(event, 'involvedObject', 'namespace') !== FLUX_NAMESPACE) return null;
  const isNews = isFailure || (text(event, 'reason') === APPLIED && !isFence);
  if (!name.startsWith(PREVIEW_PREFIX) || revision === undefined || Number.isNaN(at) || !isNews) return null;
  return {
    cluster: text(event, 'metadata', 'cluster'),
    preview: isFence ? name.slice(0, -'-fence'.length) : name,
    revision,
    sentAt: at,
    observation: {
      source: 'reconciler',
      at,
      ...(isFailure
        ? { condition: 'not-working', reason: 'not-applied', words: text(event, 'message') }
        : { condition: 'starting', reason: 'applied' }),
    },
  };
}
