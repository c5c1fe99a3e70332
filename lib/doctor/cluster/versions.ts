import { couldNotLook, fail, type Observation, ok } from '../../cluster/observation.ts';
import { text } from '../../cluster/reader.ts';
import type { Look } from './look.ts';

/** ValidatingAdmissionPolicy is served as v1 from here on. */
const OLDEST_KUBERNETES = 30;

export async function kubernetesVersion({ reader }: Look): Promise<Observation[]> {
  const answer = await reader.get('/version');
  if (answer.kind !== 'found') {
    return [couldNotLook('kubernetes', 'the version', answer.kind === 'refused' ? answer : NO_VERSION)];
  }
  const version = text(answer.value, 'gitVersion');
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return [couldNotLook('kubernetes', 'the version', NO_VERSION)];
  return Number(major) > 1 || Number(minor) >= OLDEST_KUBERNETES
    ? [ok('kubernetes', `Kubernetes ${version}`)]
    : [
        fail(
          'kubernetes',
          `Kubernetes ${version} has no ValidatingAdmissionPolicy, on which every guard rests.`,
          `Upgrade the cluster to 1.${OLDEST_KUBERNETES} or newer.`,
        ),
      ];
}

const NO_VERSION = { kind: 'refused', reason: 'the API server does not say' } as const;
