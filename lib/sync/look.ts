import type { Reported } from '../status/call.ts';
import type { Observation } from '../status/observation.ts';
import type { Base, SyncContext } from './plan/base.ts';
import type { PreviewPlan } from './plan/plan-preview.ts';

/** Probes an unchanged preview; one that was just committed needs time to answer. */
export async function lookAt(
  { look }: SyncContext,
  { platform }: Pick<Base, 'platform'>,
  { state, effect }: Pick<PreviewPlan, 'state' | 'effect'>,
): Promise<readonly Observation[]> {
  if (look === undefined || !platform.status.probe || effect !== 'none' || state.state !== 'committed') return [];
  const { url, headSha } = state.preview;
  if (url === null) return [];
  const seen = await look({ url, headSha, domain: platform.domain, allowPrivate: platform.status.private });
  return seen === null ? [] : [seen];
}

/**
 * Reports about exactly this preview: from its own cluster and for this repository, since a name can pass to another
 * repository.
 */
export function reportedOf(
  { pull, name, state, live }: Pick<PreviewPlan, 'pull' | 'name' | 'state' | 'live'>,
  reported: readonly Reported[] = [],
): readonly Observation[] {
  const shown = state.state === 'committed' ? state.preview : live;
  return reported
    .filter(({ preview, repositoryId }) => preview === name && repositoryId === pull.repository.id)
    .filter(({ cluster }) => shown?.cluster === undefined || shown.cluster === cluster)
    .map(({ observation }) => observation);
}
