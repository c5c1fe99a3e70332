import { type CheckResult, couldNotRead, fail, ok } from '../../cluster/check-result.ts';
import { text } from '../../cluster/reader.ts';
import type { DoctorContext } from './context.ts';

/** Since this version ValidatingAdmissionPolicy is v1. */
const OLDEST_KUBERNETES = 30;

export async function kubernetesVersion({ reader }: DoctorContext): Promise<CheckResult[]> {
  const answer = await reader.get('/version');
  if (answer.kind !== 'found') {
    return [couldNotRead('kubernetes', 'the version', answer.kind === 'refused' ? answer : NO_VERSION)];
  }
  const version = text(answer.value, 'gitVersion');
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return [couldNotRead('kubernetes', 'the version', NO_VERSION)];
  return Number(major) > 1 || Number(minor) >= OLDEST_KUBERNETES
    ? [ok('kubernetes', `Kubernetes ${version}`)]
    : [
        fail(
          'kubernetes',
          `Kubernetes ${version} has no ValidatingAdmissionPolicy, which all guards need.`,
          `Upgrade the cluster to 1.${OLDEST_KUBERNETES} or newer.`,
        ),
      ];
}

const NO_VERSION = { kind: 'refused', reason: 'the API server does not tell' } as const;
