import { SERVICE_SECRETS_ANNOTATION } from '../../model/labels.ts';
import { COMMITTED_SECRET } from '../../model/secret-reference.ts';
import type { ContainerLike, ContainerStateLike, EventLike, ObjectFinding, PodLike } from './types.ts';

/** Finds a problem of a container; null if this finder finds none. */
type Finder = (
  container: ContainerLike,
  about: {
    readonly isInit: boolean;
    readonly events: readonly EventLike[];
    /** Secrets that operators write. */
    readonly ofServices: readonly string[];
  },
) => ObjectFinding | null;

const failed = (reason: string, words: string | undefined, facts: ObjectFinding['facts'] = {}): ObjectFinding => ({
  condition: 'not-working',
  reason,
  facts,
  words,
});

const PULL = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
]);
const DENIED = /\b(401|403|unauthorized|forbidden|denied|authentication required|no basic auth)\b/i;
const MISSING = /\b(404|not found|manifest unknown|name unknown|does not exist)\b/i;

/** The most specific finder first; the first result wins. */
const FINDERS: readonly Finder[] = [
  ({ state }) => {
    const { reason = '', message } = state?.waiting ?? {};
    if (!PULL.has(reason)) return null;
    if (reason === 'InvalidImageName') return failed('image-missing', message);
    // For an image we may not see, registries answer "not found" or "denied". Check the more specific message first.
    if (/no match for platform|exec format/i.test(message ?? '')) return failed('image-platform', message);
    if (MISSING.test(message ?? '')) return failed('image-missing', message);
    if (DENIED.test(message ?? '')) return failed('image-denied', message);
    return failed('image-missing', message);
  },
  ({ state }, { ofServices }) => {
    const { reason, message = '' } = state?.waiting ?? {};
    if (reason !== 'CreateContainerConfigError') return null;
    if (/image will run as root/i.test(message)) return failed('image-root', message);
    const user = /non-numeric user \(([^)]{1,60})\)/i.exec(message)?.[1];
    if (user !== undefined) return failed('image-user-name', message, { name: user });
    const secret = /(?:secret|configmap) "([^"]{1,60})" not found|couldn't find key (\S{1,60}) in Secret/i.exec(
      message,
    );
    if (ofServices.includes(secret?.[1] ?? '')) return failed('service-waiting', message);
    if (secret?.[1] === COMMITTED_SECRET) return failed('secret-closed', message);
    if (secret !== null) return failed('secret-missing', message, { name: secret[1] ?? secret[2]! });
    return failed('cannot-start', message);
  },
  ({ state }) => {
    const { reason, message } = state?.waiting ?? {};
    const isStart = reason === 'CreateContainerError' || reason === 'RunContainerError' || reason === 'StartError';
    return isStart ? failed('cannot-start', message) : null;
  },
  (container, { isInit, events }) => {
    const ended = lastEnd(container);
    if (ended === undefined) return null;
    const { exitCode: code = 0, reason, message } = ended;
    // Else the app itself wrote the message, or it is the end of its log, which is shown by other rules.
    const words = reason === 'StartError' || reason === 'ContainerCannotRun' ? message : undefined;
    const facts = { code, count: container.restartCount ?? 0 };
    if (reason === 'OOMKilled') return failed('out-of-memory', words, facts);
    if (isInit && container.name === 'release') return failed('release', words, facts);
    if (/exec format error/i.test(message ?? '')) return failed('image-platform', words);
    if (code === 126 || code === 127 || reason === 'StartError' || reason === 'ContainerCannotRun') {
      return failed('cannot-start', words);
    }
    // If it was killed by a failed health check, it did not stop by itself.
    const unhealthy = code === 137 || code === 143 ? healthFinding(events) : null;
    if (unhealthy !== null) return unhealthy;
    return failed(code === 0 ? 'ends' : 'exits', words, facts);
  },
  ({ state, ready }, { events, isInit }) =>
    state?.running && ready === false && !isInit ? healthFinding(events) : null,
];

/** Its last exit, if that keeps it from running: it has ended now, or it restarts again and again. */
function lastEnd({ state, lastState, restartCount = 0 }: ContainerLike): ContainerStateLike['terminated'] {
  if (state?.terminated !== undefined) return state.terminated;
  const isBackOff = state?.waiting?.reason === 'CrashLoopBackOff';
  return isBackOff || restartCount >= 3 ? lastState?.terminated : undefined;
}

/** Result of the last failed health check. Source: kubelet's events `Unhealthy`, pkg/kubelet/prober. */
function healthFinding(events: readonly EventLike[]): ObjectFinding | null {
  const last = events.filter(({ reason }) => reason === 'Unhealthy').at(-1);
  const message = last?.message ?? '';
  if (last === undefined) return null;
  const [, address = ''] =
    /"?https?:\/\/([^\s"]{1,200})/i.exec(message) ?? /dial tcp ([^\s]{1,100})/i.exec(message) ?? [];
  const [, port, path] = /:(\d{1,5})(\/[^\s"?]{0,60})?/.exec(address) ?? [];
  const facts = { ...(port && { port: Number(port) }), ...(path && { path }) };
  const status = /statuscode: (\d{3})/i.exec(message)?.[1];
  if (status !== undefined) return failed('health-status', message, { ...facts, status: Number(status) });
  if (/connection refused|no route to host|connection reset/i.test(message))
    return failed('no-answer-port', message, facts);
  if (/timeout|deadline exceeded/i.test(message)) return failed('health-slow', message, facts);
  return failed('health-slow', message, facts);
}

/** The problem of a pod that does not work; null if it has none. */
export function podFinding(pod: PodLike, events: readonly EventLike[]): ObjectFinding | null {
  const { status = {} } = pod;
  if (status.reason === 'Evicted') {
    return failed(
      /ephemeral|storage|emptydir|disk/i.test(status.message ?? '') ? 'disk-full' : 'no-room',
      status.message,
    );
  }
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable')
    return failed('no-room', scheduled.message);
  const own = events.filter(({ involvedObject }) => involvedObject?.name === pod.metadata?.name);
  const ofServices = pod.metadata?.annotations?.[SERVICE_SECRETS_ANNOTATION]?.split(',') ?? [];
  const all = [
    ...(status.initContainerStatuses ?? []).map((container) => ({ container, isInit: true })),
    ...(status.containerStatuses ?? []).map((container) => ({ container, isInit: false })),
  ];
  for (const { container, isInit } of all) {
    if (isInit && container.state?.terminated?.exitCode === 0) continue;
    for (const find of FINDERS) {
      const found = find(container, { isInit, events: own, ofServices });
      if (found !== null) return found;
    }
  }
  return null;
}

/** A container that does not keep running, and whether to read the log of its previous run. */
export interface Crashed {
  readonly pod: string;
  readonly container: string;
  readonly isPrevious: boolean;
}

/** The crashed container of the newest pod that has one; null if there is none. */
export function crashedIn(pods: readonly PodLike[]): Crashed | null {
  const created = ({ metadata }: PodLike) => metadata?.creationTimestamp ?? '';
  for (const { metadata, status = {} } of [...pods].sort((a, b) => (created(a) < created(b) ? 1 : -1))) {
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const found = all.find((container) => lastEnd(container) !== undefined && !isDone(container));
    if (found?.name === undefined || metadata?.name === undefined) continue;
    return { pod: metadata.name, container: found.name, isPrevious: found.state?.terminated === undefined };
  }
  return null;
}

/** An init container that has finished successfully. */
const isDone = ({ state, ready }: ContainerLike) => state?.terminated?.exitCode === 0 && ready === true;

/** Current step of a pod that is starting normally. */
export function podStep(pod: PodLike): string {
  const { conditions = [], containerStatuses = [] } = pod.status ?? {};
  if (conditions.find(({ type }) => type === 'PodScheduled')?.status === 'False') return 'placing';
  return containerStatuses.some(({ state }) => state?.running !== undefined) ? 'checking' : 'pulling';
}
