import type { Look } from './look.ts';
import { couldNotLook, fail, type Observation, ok } from './observation.ts';
import { at, text } from './reader.ts';

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

/** Fields of an Application that the bootstrap writes, and since which version they are understood. */
const APPLICATION_FIELDS = [
  { path: ['spec', 'syncPolicy', 'automated', 'enabled'], since: '3.1', loses: 'expired previews are healed for ever' },
  { path: ['spec', 'syncPolicy', 'retry', 'refresh'], since: '3.2', loses: 'a failed sync keeps its old commit' },
] as const;

/**
 * By the fields that its Applications have, not by the tag of an image: registries of one's own name images freely, and
 * definitions are sometimes left behind at an upgrade.
 */
export async function argoCdVersion({ reader, argocd }: Look): Promise<Observation[]> {
  if (!argocd) return [];
  const answer = await reader.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io');
  if (answer.kind === 'missing') return [];
  if (answer.kind === 'refused') return [couldNotLook('argocd-version', "Argo CD's definitions", answer)];
  const schema = at(answer.value, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');
  const lost = APPLICATION_FIELDS.filter(
    ({ path }) => at(schema, ...path.flatMap((key) => ['properties', key])) === undefined,
  );
  const worst = lost.at(-1);
  if (worst === undefined) return [ok('argocd-version', 'Argo CD knows every field that the bootstrap sets')];
  return [
    fail(
      'argocd-version',
      `Argo CD's Applications have no ${lost.map(({ path }) => path.join('.')).join(' and no ')}: ${lost.map(({ loses }) => loses).join(', and ')}.`,
      `Upgrade Argo CD to ${worst.since} or newer, its custom resource definitions too.`,
    ),
  ];
}
