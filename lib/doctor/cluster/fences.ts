import { type CheckResult, couldNotRead, fail, names, ok } from '../../cluster/check-result.ts';
import { list, text } from '../../cluster/reader.ts';
import { INGRESS_POLICY } from '../../constructs/preview-namespace/network-policies.ts';
import { SERVICE_POLICY } from '../../constructs/preview-namespace/operated.ts';
import { sampleFence } from '../../constructs/preview-namespace/sample-fence.ts';
import { at } from '../../core/json.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { EXPIRES_LABEL, PREVIEW_LABEL, PREVIEW_PREFIX } from '../../model/labels.ts';
import { durationSeconds } from '../../model/scalars.ts';
import { reconcilerOf } from '../../reconcilers/index.ts';
import { firstDifference } from './compare.ts';
import type { DoctorContext } from './context.ts';

/** A successful removal takes less time. */
const STUCK_SECONDS = 600;

/** Kinds of a fence, and where the API server lists them. */
const LISTS = {
  NetworkPolicy: '/apis/networking.k8s.io/v1/networkpolicies',
  ResourceQuota: '/api/v1/resourcequotas',
  LimitRange: '/api/v1/limitranges',
  ServiceAccount: '/api/v1/serviceaccounts',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/rolebindings',
} as const;

/** Checks the namespaces of previews: fences are complete, ends are respected, deletion works, and none is an imitation. */
export async function liveFences(context: DoctorContext): Promise<CheckResult[]> {
  if (!context.previews) return [];
  const answer = await context.reader.get('/api/v1/namespaces');
  if (answer.kind !== 'found') {
    return [
      couldNotRead('fences', 'namespaces', answer.kind === 'refused' ? answer : { kind: 'refused', reason: 'no list' }),
    ];
  }
  const all = list(answer.value, 'items');
  const previews = all.filter((o) => label(o, PREVIEW_LABEL) !== '');
  const found = [
    ...lookalikes(all),
    ...ghosts(context, previews),
    ...stuck(context, previews),
    ...overdue(context, previews),
    ...(await open(context, previews)),
  ];
  return found.length > 0
    ? found
    : [ok('fences', `${previews.length} namespaces of previews have the fence that greenroom.yaml defines`)];
}

const nameOf = (object: unknown) => text(object, 'metadata', 'name');
const label = (object: unknown, key: string) => text(object, 'metadata', 'labels', key);
const isGoing = (object: unknown) => text(object, 'metadata', 'deletionTimestamp') !== '';

function lookalikes(all: readonly unknown[]): CheckResult[] {
  const found = all
    .filter((o) => nameOf(o).startsWith(PREVIEW_PREFIX) && label(o, PREVIEW_LABEL) !== nameOf(o))
    .map(nameOf);
  if (found.length === 0) return [];
  const message = `${names(found)}: named like a preview but without its label, so no preview of that name can start.`;
  return [fail('fences', message, `Rename it, or run kubectl delete namespace ${found[0]} if nobody needs it.`)];
}

/** Previews without a folder in the apps repo: if their end was changed, nothing would end them. */
function ghosts({ isKnown }: DoctorContext, previews: readonly unknown[]): CheckResult[] {
  const found = previews.filter((o) => !isGoing(o) && !isKnown(nameOf(o))).map(nameOf);
  if (found.length === 0) return [];
  const message = `${names(found)}: this checkout of the apps repo has no folder for it.`;
  return [
    fail('fences', message, `Pull and run doctor again; if it remains, run kubectl delete namespace ${found[0]}.`),
  ];
}

function stuck({ now }: DoctorContext, previews: readonly unknown[]): CheckResult[] {
  return previews
    .filter((o) => isGoing(o) && now - Date.parse(text(o, 'metadata', 'deletionTimestamp')) / 1000 > STUCK_SECONDS)
    .map((o) => {
      const why = list(o, 'status', 'conditions').find(
        (c) => /Remaining|Failure/.test(text(c, 'type')) && text(c, 'status') === 'True',
      );
      const name = nameOf(o);
      return fail(
        'fences',
        `Namespace ${name} has been terminating for over ten minutes${why === undefined ? '' : `: ${text(why, 'message')}`}`.replace(
          /\.?$/,
          '.',
        ),
        `Look at what is left with kubectl get all -n ${name}, and remove its finalizers.`,
      );
    });
}

function overdue({ now, platform }: DoctorContext, previews: readonly unknown[]): CheckResult[] {
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
      : [fail('fences', `${names(late)}: expired, but still there.`, 'See the check expiry.')]),
    ...(endless.length === 0
      ? []
      : [
          fail(
            'fences',
            `${names(endless)}: without an expiry.`,
            `Run kubectl delete namespace ${endless[0]}; a live preview is then created again correctly.`,
          ),
        ]),
  ];
}

/** Objects that are missing in fences or differ from greenroom.yaml. */
async function open(context: DoctorContext, previews: readonly unknown[]): Promise<CheckResult[]> {
  const standing = previews.filter((o) => !isGoing(o) && context.isKnown(nameOf(o)));
  const fences = new Map(standing.map((o) => [nameOf(o), sampleFence(context.platform, nameOf(o))]));
  const results = standing.flatMap((o) => podSecurity(context, fences.get(nameOf(o))!, o));
  for (const [kind, path] of Object.entries(LISTS)) {
    const answer = await context.reader.get(path);
    if (answer.kind !== 'found') {
      results.push(
        couldNotRead(
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
      results.push(...differences(context, preview, wanted, live));
    }
  }
  return results;
}

function podSecurity(context: DoctorContext, sample: readonly KubeObject[], namespace: unknown): CheckResult[] {
  const labels = Object.entries((at(sample[0], 'metadata', 'labels') ?? {}) as Record<string, string>);
  const wrong = labels.find(([key, value]) => key.startsWith('pod-security.') && label(namespace, key) !== value);
  if (wrong === undefined) return [];
  const message = `Namespace ${nameOf(namespace)} does not enforce Pod Security "restricted": ${wrong[0]} is "${label(namespace, wrong[0])}".`;
  return [fail('fences', message, again(context, nameOf(namespace)))];
}

function differences(
  context: DoctorContext,
  preview: string,
  wanted: readonly KubeObject[],
  live: readonly unknown[],
): CheckResult[] {
  const complain = (message: string) => fail('fences', `${message} in ${preview}.`, again(context, preview));
  const missing = wanted.flatMap((object) => {
    const { kind, metadata } = object;
    const found = live.find((o) => nameOf(o) === metadata.name);
    if (found === undefined && metadata.name.startsWith(SERVICE_POLICY)) return [];
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

/** Ports differ between previews, so only the allowed sources are compared. */
function withoutPorts(wanted: KubeObject, live: unknown): object {
  const given = list(wanted, 'spec', 'ingress');
  const rules = list(live, 'spec', 'ingress').map((rule) => ({ from: at(rule, 'from') }));
  const isOurs = rules.every((rule) => firstDifference({ kind: 'Rule', ...(given[0] as object) }, rule) === null);
  return { ...(live as object), spec: { ...(at(live, 'spec') as object), ingress: isOurs ? given : rules } };
}

function again({ platform }: Pick<DoctorContext, 'platform'>, preview: string): string {
  return `Let ${reconcilerOf(platform).title} apply the fence of ${preview} again, or push to its pull request.`;
}
