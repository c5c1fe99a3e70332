import { couldNotLook, fail, names, type Observation, ok } from '../../cluster/observation.ts';
import { at, list, text } from '../../cluster/reader.ts';
import { INGRESS_POLICY } from '../../constructs/preview-namespace/network-policies.ts';
import { sampleFence } from '../../constructs/preview-namespace/sample-fence.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { EXPIRES_LABEL, PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { firstDifference } from './compare.ts';
import type { Look } from './look.ts';

/** Longer than any removal takes that goes well. */
const STUCK_SECONDS = 600;

/** Kinds of a fence that are the same for all previews, and where the API server lists them. */
const LISTS = {
  NetworkPolicy: '/apis/networking.k8s.io/v1/networkpolicies',
  ResourceQuota: '/api/v1/resourcequotas',
  LimitRange: '/api/v1/limitranges',
  ServiceAccount: '/api/v1/serviceaccounts',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/rolebindings',
} as const;

/** Namespaces of previews as they are: fenced whole, ended in time, gone when they go, and none that only looks like one. */
export async function liveFences(look: Look): Promise<Observation[]> {
  if (!look.previews) return [];
  const answer = await look.reader.get('/api/v1/namespaces');
  if (answer.kind !== 'found') {
    return [
      couldNotLook('fences', 'namespaces', answer.kind === 'refused' ? answer : { kind: 'refused', reason: 'no list' }),
    ];
  }
  const all = list(answer.value, 'items');
  const previews = all.filter((o) => label(o, PREVIEW_LABEL) !== '');
  const found = [
    ...lookalikes(all),
    ...ghosts(look, previews),
    ...stuck(look, previews),
    ...overdue(look, previews),
    ...(await open(look, previews)),
  ];
  return found.length > 0
    ? found
    : [ok('fences', `${previews.length} namespaces of previews are fenced as greenroom.yaml says`)];
}

const nameOf = (object: unknown) => text(object, 'metadata', 'name');
const label = (object: unknown, key: string) => text(object, 'metadata', 'labels', key);
const isGoing = (object: unknown) => text(object, 'metadata', 'deletionTimestamp') !== '';

function lookalikes(all: readonly unknown[]): Observation[] {
  const found = all
    .filter((o) => nameOf(o).startsWith(PREVIEW_PREFIX) && label(o, PREVIEW_LABEL) !== nameOf(o))
    .map(nameOf);
  if (found.length === 0) return [];
  const message = `${names(found)}: named like a preview and without its label, so that no preview of that name can start.`;
  return [fail('fences', message, `Rename it, or run kubectl delete namespace ${found[0]} if nobody needs it.`)];
}

/** Nothing ends what no folder stands behind, once its own end was changed. */
function ghosts({ isKnown }: Look, previews: readonly unknown[]): Observation[] {
  const found = previews.filter((o) => !isGoing(o) && !isKnown(nameOf(o))).map(nameOf);
  if (found.length === 0) return [];
  const message = `${names(found)}: nothing in this checkout of the apps repo stands behind it.`;
  return [fail('fences', message, `Pull and look again; if it is still so, run kubectl delete namespace ${found[0]}.`)];
}

function stuck({ now }: Look, previews: readonly unknown[]): Observation[] {
  return previews
    .filter((o) => isGoing(o) && now - Date.parse(text(o, 'metadata', 'deletionTimestamp')) / 1000 > STUCK_SECONDS)
    .map((o) => {
      const why = list(o, 'status', 'conditions').find(
        (c) => /Remaining|Failure/.test(text(c, 'type')) && text(c, 'status') === 'True',
      );
      const name = nameOf(o);
      return fail(
        'fences',
        `Namespace ${name} has been going for over ten minutes${why === undefined ? '' : `: ${text(why, 'message')}`}`.replace(
          /\.?$/,
          '.',
        ),
        `Look at what is left with kubectl get all -n ${name}, and take its finalizers off.`,
      );
    });
}

function overdue({ now, platform }: Look, previews: readonly unknown[]): Observation[] {
  const end = (o: unknown) => (/^\d+$/.test(label(o, EXPIRES_LABEL)) ? Number(label(o, EXPIRES_LABEL)) : null);
  const endless = previews.filter((o) => end(o) === null).map(nameOf);
  const late = previews.filter((o) => !isGoing(o) && now - (end(o) ?? now) > 2 * STUCK_SECONDS).map(nameOf);
  const last = now + durationSeconds(platform.ttl.max) + 2 * STUCK_SECONDS;
  const far = previews.filter((o) => (end(o) ?? 0) > last).map(nameOf);
  return [
    ...(far.length === 0
      ? []
      : [
          fail(
            'fences',
            `${names(far)}: ends later than ttl.max (${platform.ttl.max}) from now, so that the cluster keeps it.`,
            again({ platform }, far[0]!),
          ),
        ]),
    ...(late.length === 0
      ? []
      : [
          fail(
            'fences',
            `${names(late)}: past their end, and still there.`,
            'Look at what ends previews: the check expiry says more.',
          ),
        ]),
    ...(endless.length === 0
      ? []
      : [
          fail(
            'fences',
            `${names(endless)}: without an end.`,
            `Run kubectl delete namespace ${endless[0]}; a live preview comes back as it should be.`,
          ),
        ]),
  ];
}

/** What is missing from fences, or wider than greenroom.yaml says. */
async function open(look: Look, previews: readonly unknown[]): Promise<Observation[]> {
  const standing = previews.filter((o) => !isGoing(o) && look.isKnown(nameOf(o)));
  const fences = new Map(standing.map((o) => [nameOf(o), sampleFence(look.platform, nameOf(o))]));
  const observations = standing.flatMap((o) => podSecurity(look, fences.get(nameOf(o))!, o));
  for (const [kind, path] of Object.entries(LISTS)) {
    const answer = await look.reader.get(path);
    if (answer.kind !== 'found') {
      observations.push(
        couldNotLook(
          'fences',
          `every ${kind}`,
          answer.kind === 'refused' ? answer : { kind: 'refused', reason: 'no list' },
        ),
      );
      continue;
    }
    const items = list(answer.value, 'items');
    for (const [preview, fence] of fences) {
      const live = items.filter((o) => text(o, 'metadata', 'namespace') === preview);
      const wanted = fence.filter((o) => o.kind === kind && o.metadata.namespace === preview);
      observations.push(...differences(look, preview, wanted, live));
    }
  }
  return observations;
}

function podSecurity(look: Look, sample: readonly KubeObject[], namespace: unknown): Observation[] {
  const labels = Object.entries((at(sample[0], 'metadata', 'labels') ?? {}) as Record<string, string>);
  const wrong = labels.find(([key, value]) => key.startsWith('pod-security.') && label(namespace, key) !== value);
  if (wrong === undefined) return [];
  const message = `Namespace ${nameOf(namespace)} is not held to Pod Security restricted: ${wrong[0]} is "${label(namespace, wrong[0])}".`;
  return [fail('fences', message, again(look, nameOf(namespace)))];
}

function differences(
  look: Look,
  preview: string,
  wanted: readonly KubeObject[],
  live: readonly unknown[],
): Observation[] {
  const complain = (message: string) => fail('fences', `${message} in ${preview}.`, again(look, preview));
  const missing = wanted.flatMap((object) => {
    const { kind, metadata } = object;
    const found = live.find((o) => nameOf(o) === metadata.name);
    if (found === undefined) return [complain(`There is no ${kind} ${metadata.name}`)];
    const where = firstDifference(object, metadata.name === INGRESS_POLICY ? withoutPorts(object, found) : found);
    return where === null ? [] : [complain(`${kind} ${metadata.name} is not what greenroom.yaml gives (${where})`)];
  });
  const known = new Set(wanted.map(({ metadata }) => metadata.name));
  const more = wanted[0]?.kind === 'NetworkPolicy' ? live.map(nameOf).filter((name) => !known.has(name)) : [];
  return [
    ...missing,
    ...more.map((name) => complain(`NetworkPolicy ${name} is not one of greenroom's, and policies add up`)),
  ];
}

/** A preview opens the ports of its own apps, or none: who may come in is what has to be the platform's. */
function withoutPorts(wanted: KubeObject, live: unknown): object {
  const given = list(wanted, 'spec', 'ingress');
  const rules = list(live, 'spec', 'ingress').map((rule) => ({ from: at(rule, 'from') }));
  const isOurs = rules.every((rule) => firstDifference({ kind: 'Rule', ...(given[0] as object) }, rule) === null);
  return { ...(live as object), spec: { ...(at(live, 'spec') as object), ingress: isOurs ? given : rules } };
}

function again({ platform }: Pick<Look, 'platform'>, preview: string): string {
  return `Let ${reconcilerOf(platform).title} apply the fence of ${preview} again; the next push to its pull request does too.`;
}
