import { type CheckResult, couldNotRead, ok, warn } from '../../cluster/check-result.ts';
import { list, text } from '../../cluster/reader.ts';
import { at } from '../../core/json.ts';
import { PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import type { DoctorContext } from './context.ts';

/** Checks the store of previews' secrets, if External Secrets is installed. */
export async function secretStore({ reader, platform, previews }: DoctorContext): Promise<CheckResult[]> {
  const { mechanism, store } = platform.secrets;
  if (!previews || mechanism !== 'external-secrets') return [];
  const served = await reader.get('/apis/external-secrets.io/v1');
  if (served.kind !== 'found') return [];
  const answer = await reader.get(`/apis/external-secrets.io/v1/clustersecretstores/${store}`);
  if (answer.kind === 'refused') return [couldNotRead('secrets', `ClusterSecretStore ${store}`, answer)];
  const conditions = answer.kind === 'found' ? list(answer.value, 'status', 'conditions') : [];
  const ready = conditions.find((condition) => text(condition, 'type') === 'Ready');
  if (answer.kind === 'found' && !isOpenToPreviews(answer.value)) {
    const message = `ClusterSecretStore ${store} gives nothing to namespaces of previews: its conditions name others.`;
    return [warn('secrets', message, `Add a condition with namespaceRegexes: ['^${PREVIEW_PREFIX}'] to it.`)];
  }
  if (text(ready, 'status') === 'True') return [ok('secrets', `ClusterSecretStore ${store} is ready`)];
  const what =
    answer.kind === 'missing' ? `There is no ClusterSecretStore ${store}` : `ClusterSecretStore ${store} is not ready`;
  const why = text(ready, 'message') === '' ? '' : ` (${text(ready, 'message').replace(/\.$/, '')})`;
  return [
    warn(
      'secrets',
      `${what}${why}: previews with secrets do not start.`,
      `Create it, or set secrets.store to another one.`,
    ),
  ];
}

/**
 * A store without conditions serves every namespace; with some, those that one of them takes. Expressions of labels may
 * mean anything and are believed.
 *
 * @see https://external-secrets.io/latest/api/clustersecretstore/
 */
function isOpenToPreviews(store: unknown): boolean {
  const conditions = list(store, 'spec', 'conditions');
  return conditions.length === 0 || conditions.some(takesPreviews);
}

function takesPreviews(condition: unknown): boolean {
  const regexes = list(condition, 'namespaceRegexes').filter((each) => typeof each === 'string');
  const labels = Object.keys((at(condition, 'namespaceSelector', 'matchLabels') ?? {}) as object);
  const hasSelector = at(condition, 'namespaceSelector') !== undefined;
  return (
    regexes.some((each) => each.includes(PREVIEW_PREFIX) || /^\^?\.\*/.test(each)) ||
    list(condition, 'namespaces').some((each) => String(each).startsWith(PREVIEW_PREFIX)) ||
    (hasSelector && labels.every((key) => key === PREVIEW_LABEL || key.startsWith('greenroom.dev/')))
  );
}
