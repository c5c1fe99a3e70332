import { APP_LABEL, COMMIT_ANNOTATION } from '../../model/labels.ts';
import { denialIn } from '../denial.ts';
import { cleanFacts, cleanWords, type Observation } from '../observation.ts';
import { podFinding, podStep } from './pods.ts';
import { secretFinding } from './secrets.ts';
import { conditionOf, type KubeLike, type ObjectFinding, type PodLike, type PreviewObjects } from './types.ts';

const REVISION = 'deployment.kubernetes.io/revision';

/**
 * Observes a preview by the objects of its namespace. Null if they do not name a commit yet.
 *
 * @param at unix seconds: when they were read
 */
export function lookAtObjects(objects: PreviewObjects, at: number): Observation | null {
  const { namespace, deployments } = objects;
  const name = namespace.metadata?.name ?? '';
  const headSha =
    namespace.metadata?.annotations?.[COMMIT_ANNOTATION] ?? deployments[0]?.metadata?.annotations?.[COMMIT_ANNOTATION];
  if (headSha === undefined || !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(headSha)) return null;
  const found = findingOf(objects, headSha, name);
  const words = cleanWords(found.words);
  const facts = cleanFacts({ ...found.facts });
  return {
    source: 'cluster',
    headSha,
    at,
    condition: found.condition,
    ...(found.reason === undefined ? {} : { reason: found.reason }),
    ...(Object.keys(facts).length === 0 ? {} : { facts }),
    ...(words === undefined ? {} : { words }),
    ...(found.shows === undefined ? {} : { shows: found.shows }),
  };
}

type Found = ObjectFinding & { readonly shows?: string };

function findingOf(objects: PreviewObjects, headSha: string, name: string): Found {
  const { namespace, deployments, externalSecrets, routes } = objects;
  if (namespace.metadata?.deletionTimestamp !== undefined) return ending(namespace);
  if (deployments.length === 0) return { condition: 'starting', reason: 'applying' };
  const apps = deployments.map((deployment) => appFinding(deployment, objects, headSha));
  const shows = apps.find((one) => one.shows !== undefined)?.shows;
  const older = shows === undefined ? {} : { shows };
  const worst = apps.findIndex(({ condition }) => condition === 'not-working');
  const waits = apps.find(({ condition }) => condition === 'starting');
  if (worst >= 0) {
    const secret = externalSecrets.find((one) => conditionOf(one, 'Ready')?.status === 'False');
    const found =
      apps[worst]!.reason === 'secret-missing' ? (secretFinding(secret, objects.events) ?? apps[worst]!) : apps[worst]!;
    const app = appName(deployments[worst], name);
    return { ...found, facts: { ...found.facts, ...(app && { app }) }, ...older };
  }
  const secret = externalSecrets.find((one) => conditionOf(one, 'Ready')?.status === 'False');
  if (waits !== undefined) return { ...(secretFinding(secret, objects.events) ?? waits), ...older };
  if (apps.every(({ condition }) => condition === 'asleep')) return { condition: 'asleep' };
  const route = routes.map(routeFinding).find((one) => one !== null);
  return route ?? { condition: 'ready' };
}

/** A deletion is stuck if Kubernetes reports what is left. Source: conditions of a Namespace that is being deleted. */
function ending(namespace: KubeLike): ObjectFinding {
  const left = ['NamespaceFinalizersRemaining', 'NamespaceContentRemaining', 'NamespaceDeletionContentFailure']
    .map((type) => conditionOf(namespace, type))
    .find((one) => one?.status === 'True' && !/has \d+ resource instances$/.test(one.message ?? ''));
  const finalizers = conditionOf(namespace, 'NamespaceFinalizersRemaining');
  if (finalizers?.status !== 'True' && left?.type !== 'NamespaceDeletionContentFailure') return { condition: 'ending' };
  const name = /: ([a-z0-9./-]{1,60}) in \d+ resource/i.exec(finalizers?.message ?? '')?.[1];
  return {
    condition: 'ending',
    reason: 'stuck',
    facts: name === undefined ? {} : { name },
    words: (finalizers ?? left)?.message,
  };
}

/** The app's name in preview.yaml; undefined for the first app, which has the preview's name. */
function appName(deployment: KubeLike | undefined, preview: string): string | undefined {
  const label = deployment?.metadata?.labels?.[APP_LABEL] ?? deployment?.metadata?.name ?? '';
  return label.startsWith(`${preview}-`) ? label.slice(preview.length + 1) : undefined;
}

function appFinding(deployment: KubeLike, objects: PreviewObjects, headSha: string): Found {
  const { metadata, spec, status } = deployment;
  if (metadata?.annotations?.[COMMIT_ANNOTATION] !== undefined && metadata.annotations[COMMIT_ANNOTATION] !== headSha) {
    return { condition: 'starting', reason: 'applying', ...showing(deployment, objects, undefined) };
  }
  if (spec?.['replicas'] === 0) return { condition: 'asleep' };
  const sets = objects.replicaSets
    .filter((set) => isOwned(set, 'Deployment', metadata?.name))
    .sort((a, b) => revisionOf(b) - revisionOf(a));
  const current = sets[0];
  const isSeen = Number(status?.['observedGeneration'] ?? 0) >= (metadata?.generation ?? 0);
  if (current === undefined || !isSeen) return { condition: 'starting', reason: 'applying' };
  const older = showing(deployment, objects, current);
  const pods = podsOf(current, objects);
  if (pods.some(isReady)) return { condition: 'ready' };
  const refused = conditionOf(current, 'ReplicaFailure') ?? conditionOf(deployment, 'ReplicaFailure');
  if (refused?.status === 'True') return { ...refusal(refused.message ?? ''), ...older };
  for (const pod of pods) {
    const found = podFinding(pod, objects.events);
    if (found !== null) return { ...found, ...older };
  }
  const [first] = pods;
  return { condition: 'starting', reason: first === undefined ? 'applying' : podStep(first), ...older };
}

function refusal(message: string): ObjectFinding {
  if (/exceeded quota|failed quota|maximum \S{1,60} usage/i.test(message)) {
    return { condition: 'not-working', reason: 'too-large', words: message };
  }
  return { condition: 'not-working', reason: 'refused', words: denialIn(message) ?? message };
}

/** The commit of an earlier version whose pods are still ready. */
function showing(deployment: KubeLike, objects: PreviewObjects, current: KubeLike | undefined): { shows?: string } {
  const older = objects.replicaSets.find(
    (set) =>
      set !== current && isOwned(set, 'Deployment', deployment.metadata?.name) && podsOf(set, objects).some(isReady),
  );
  const sha = older?.metadata?.annotations?.[COMMIT_ANNOTATION];
  return sha === undefined || !/^[0-9a-f]{40,64}$/.test(sha) ? {} : { shows: sha.slice(0, 12) };
}

/** Why nothing leads to the app yet; null if something does, as far as the route's own status tells. */
function routeFinding({ kind, status }: KubeLike): ObjectFinding | null {
  const missing = (words?: string): ObjectFinding => ({ condition: 'starting', reason: 'route', words });
  if (kind !== 'HTTPRoute') {
    const balancer = status?.['loadBalancer'] as { readonly ingress?: readonly unknown[] } | undefined;
    return (balancer?.ingress ?? []).length > 0 ? null : missing();
  }
  const parents = Array.isArray(status?.['parents']) ? (status['parents'] as NonNullable<KubeLike['status']>[]) : [];
  const problems = parents.map((parent) =>
    ['Accepted', 'ResolvedRefs']
      .map((type) => ({ type, ...conditionOf({ status: parent }, type) }))
      // A Gateway must accept the route; other conditions may be missing.
      .find(({ type, status: is }) => (type === 'Accepted' ? is !== 'True' : is === 'False')),
  );
  if (problems.some((problem) => problem === undefined)) return null;
  const told = problems.find((problem) => problem?.message !== undefined);
  return missing(told && `${told.reason ?? told.type}: ${told.message}`);
}

function isOwned({ metadata }: KubeLike, kind: string, name: string | undefined): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.kind === kind && owner.name === name) ?? false;
}

function podsOf(set: KubeLike, { pods }: PreviewObjects): PodLike[] {
  return pods.filter((pod) => isOwned(pod, 'ReplicaSet', set.metadata?.name));
}

function isReady({ metadata, status }: PodLike): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return ready && metadata?.deletionTimestamp === undefined;
}

function revisionOf({ metadata }: KubeLike): number {
  return Number(metadata?.annotations?.[REVISION] ?? 0);
}
