import { couldNotLook, type Observation, ok, warn } from '../../cluster/observation.ts';
import { list, text } from '../../cluster/reader.ts';
import type { Look } from './look.ts';

/** The store that the secrets of previews come from, where External Secrets is there at all. */
export async function secretStore({ reader, platform, previews }: Look): Promise<Observation[]> {
  const { mechanism, store } = platform.secrets;
  if (!previews || mechanism !== 'external-secrets') return [];
  const served = await reader.get('/apis/external-secrets.io/v1');
  if (served.kind !== 'found') return [];
  const answer = await reader.get(`/apis/external-secrets.io/v1/clustersecretstores/${store}`);
  if (answer.kind === 'refused') return [couldNotLook('secrets', `ClusterSecretStore ${store}`, answer)];
  const conditions = answer.kind === 'found' ? list(answer.value, 'status', 'conditions') : [];
  const ready = conditions.find((condition) => text(condition, 'type') === 'Ready');
  if (text(ready, 'status') === 'True') return [ok('secrets', `ClusterSecretStore ${store} is ready`)];
  const what =
    answer.kind === 'missing' ? `There is no ClusterSecretStore ${store}` : `ClusterSecretStore ${store} is not ready`;
  const why = text(ready, 'message') === '' ? '' : ` (${text(ready, 'message').replace(/\.$/, '')})`;
  return [
    warn('secrets', `${what}${why}: previews with secrets do not start.`, `Make it, or name another in secrets.store.`),
  ];
}
