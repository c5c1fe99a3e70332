import type { Clock } from '../core/clock.ts';
import { PREVIEW_LABEL, PULL_REQUEST_LABEL, REPOSITORY_ANNOTATION, REPOSITORY_ID_LABEL } from '../model/labels.ts';
import type { StatusCall } from '../status/call.ts';
import { lookAtObjects } from '../status/objects/look.ts';
import type { KubeLike, PreviewObjects } from '../status/objects/types.ts';
import type { Observation } from '../status/observation.ts';
import { ApiError, type ClusterApi } from './api.ts';
import { followCollection } from './follow.ts';
import { pathOf, READ_KINDS } from './kinds.ts';
import { lastLines } from './log.ts';

export interface ReporterOptions {
  readonly api: ClusterApi;
  /** Name of the cluster in greenroom.yaml. */
  readonly cluster: string;
  /** Sends a call to `serve`; rejects if it was not accepted. */
  readonly send: (call: StatusCall) => Promise<void>;
  readonly clock: Clock;
  readonly log: (message: string) => void;
  readonly random: () => number;
  /** Seconds after which an unchanged preview is reported again. @default 600 */
  readonly resync?: number;
  /** Whether the last log lines of an app that ends are sent too. @default false */
  readonly logs?: boolean;
  /** Milliseconds in which changes of a preview are collected. @default 1000 */
  readonly settle?: number;
}

/** One preview that is followed. */
interface Followed {
  namespace: KubeLike;
  readonly stop: AbortController;
  timer: NodeJS.Timeout | undefined;
  /** The last report, and its time. */
  told: { readonly observation: Observation; readonly sentAt: number } | undefined;
  failures: number;
  /** Checks since the last change. */
  unchanged: number;
  /** Only one check at a time, so that reports stay in order. */
  isLooking: boolean;
}

const LONGEST_RETRY = 60_000;
/** Milliseconds until a preview in progress is checked again; doubled while nothing changes. */
const AGAIN = 5000;

/**
 * Follows the previews of a cluster and reports changes. It has no state that must be kept: after a restart it reports
 * everything once, and repeated reports change nothing.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #previews = new Map<string, Followed>();
  /** Kinds that this cluster does not have, and when that was seen, in unix seconds: they may be installed later. */
  readonly #missing = new Map<string, number>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  get followed(): number {
    return this.#previews.size;
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { api, log, random } = this.#options;
    signal.addEventListener('abort', () => {
      for (const name of [...this.#previews.keys()]) this.#drop(name);
    });
    const follower = {
      random,
      onProblem: log,
      onList: (items: readonly KubeLike[]) => {
        const names = new Set(items.map(({ metadata }) => metadata?.name));
        for (const [name, { namespace }] of this.#previews) if (!names.has(name)) this.#gone(name, namespace);
        for (const item of items) this.#see(item);
      },
      onChange: (object: KubeLike, isGone: boolean) => {
        if (isGone) this.#gone(object.metadata?.name ?? '', object);
        else this.#see(object);
      },
    };
    await followCollection(api, '/api/v1/namespaces', { labelSelector: PREVIEW_LABEL }, follower, signal);
  }

  #see(namespace: KubeLike): void {
    const name = namespace.metadata?.name ?? '';
    // Only trust the label if it equals the name of the namespace.
    if (name === '' || namespace.metadata?.labels?.[PREVIEW_LABEL] !== name) return;
    const known = this.#previews.get(name);
    if (known !== undefined) known.namespace = namespace;
    else this.#start(name, namespace);
    this.#touch(name);
  }

  #start(name: string, namespace: KubeLike): void {
    const { api, log, random } = this.#options;
    const stop = new AbortController();
    this.#previews.set(name, {
      namespace,
      stop,
      timer: undefined,
      told: undefined,
      failures: 0,
      unchanged: 0,
      isLooking: false,
    });
    const touch = () => this.#touch(name);
    for (const kind of READ_KINDS.filter(({ isFollowed }) => isFollowed)) {
      const follower = { random, onProblem: log, onList: touch, onChange: touch };
      void followCollection(api, pathOf(kind, name), {}, follower, stop.signal);
    }
  }

  #drop(name: string): void {
    const followed = this.#previews.get(name);
    this.#previews.delete(name);
    clearTimeout(followed?.timer);
    followed?.stop.abort();
  }

  #gone(name: string, namespace: KubeLike): void {
    const followed = this.#previews.get(name);
    if (followed === undefined) return;
    const { told } = followed;
    this.#drop(name);
    const { clock } = this.#options;
    const seen = lookAtObjects({ ...NOTHING, namespace: { ...namespace, status: {} } }, clock());
    if (seen === null) return;
    const at = Math.max(clock(), (told?.observation.at ?? 0) + 1);
    const observation: Observation = { source: 'cluster', headSha: seen.headSha, at, condition: 'gone' };
    void this.#tellGone(namespace, observation, 0);
  }

  async #tellGone(namespace: KubeLike, observation: Observation, failures: number): Promise<void> {
    const call = this.#callOf(namespace, observation);
    if (call === null) return;
    try {
      await this.#options.send(call);
    } catch (error) {
      this.#options.log(messageOf(error));
      if (failures < 6)
        setTimeout(() => void this.#tellGone(namespace, observation, failures + 1), retryIn(failures)).unref();
    }
  }

  /** Schedules a check, after a change or for later. */
  #touch(name: string, milliseconds = this.#options.settle ?? 1000): void {
    const followed = this.#previews.get(name);
    if (followed === undefined) return;
    clearTimeout(followed.timer);
    followed.timer = setTimeout(() => {
      followed.timer = undefined;
      void this.#look(name, followed);
    }, milliseconds);
  }

  async #look(name: string, followed: Followed): Promise<void> {
    if (followed.isLooking) return this.#touch(name);
    followed.isLooking = true;
    const wait = await this.#lookOnce(name, followed);
    followed.isLooking = false;
    // A change in the meantime has already scheduled an earlier check.
    if (followed.timer === undefined && this.#previews.get(name) === followed) this.#touch(name, wait);
  }

  /** Returns the milliseconds until the next check. */
  async #lookOnce(name: string, followed: Followed): Promise<number> {
    const { clock, resync = 600, random } = this.#options;
    try {
      const objects = await this.#read(name, followed.namespace);
      const at = Math.max(clock(), (followed.told?.observation.at ?? 0) + 1);
      const observation = lookAtObjects(objects, at);
      const { told } = followed;
      const isNew = told === undefined || !isSame(told.observation, observation);
      followed.unchanged = isNew ? 0 : followed.unchanged + 1;
      const isDue = isNew || clock() - told.sentAt >= resync;
      if (observation !== null && isDue && this.#previews.get(name) === followed) {
        const lines = this.#options.logs ? await lastLines(this.#options.api, name, objects.pods, observation) : [];
        const seen = lines.length === 0 ? observation : { ...observation, lines };
        const call = this.#callOf(followed.namespace, seen);
        if (call !== null) await this.#options.send(call);
        followed.told = { observation, sentAt: clock() };
      }
      followed.failures = 0;
      // A preview in progress has events and routes that are not followed, so check soon. A settled one is reported again rarely.
      const isSettled = observation?.condition === 'ready' || observation?.condition === 'asleep';
      return isSettled
        ? resync * 1000 * (0.9 + 0.2 * random())
        : Math.min(LONGEST_RETRY, AGAIN * 2 ** followed.unchanged);
    } catch (error) {
      this.#options.log(messageOf(error));
      followed.failures += 1;
      return retryIn(followed.failures - 1);
    }
  }

  async #read(name: string, namespace: KubeLike): Promise<PreviewObjects> {
    const found = { ...NOTHING, namespace } as { -readonly [K in keyof PreviewObjects]: PreviewObjects[K] };
    const isEnding = namespace.metadata?.deletionTimestamp !== undefined;
    const lists = await Promise.all(
      READ_KINDS.map(async (kind) => ({ kind, items: await this.#list(kind, name, isEnding) })),
    );
    for (const { kind, items } of lists) {
      const named = items.map((item) => ({ ...item, kind: kind.kind }));
      found[kind.into] = [...found[kind.into], ...named];
    }
    return found;
  }

  async #list(kind: (typeof READ_KINDS)[number], name: string, isEnding: boolean): Promise<readonly KubeLike[]> {
    const key = `${kind.group}/${kind.resource}`;
    const { api, clock, resync = 600 } = this.#options;
    if (clock() - (this.#missing.get(key) ?? Number.NEGATIVE_INFINITY) < resync) return [];
    try {
      return (await api.list(pathOf(kind, name))).items;
    } catch (error) {
      // While a namespace is deleted, the role binding is deleted early. What blocks the rest is in the namespace
      // itself.
      if (isEnding && error instanceof ApiError && error.status === 403) return [];
      // Kinds of other projects may not be installed. A new namespace may not be readable yet.
      if (!(error instanceof ApiError) || kind.isFollowed || error.status !== 404) throw error;
      this.#missing.set(key, clock());
      return [];
    }
  }

  /** Null if the namespace does not name its pull request. */
  #callOf({ metadata }: KubeLike, observation: Observation): StatusCall | null {
    const { labels = {}, annotations = {}, name = '' } = metadata ?? {};
    const [repositoryId, number] = [Number(labels[REPOSITORY_ID_LABEL]), Number(labels[PULL_REQUEST_LABEL])];
    const repository = annotations[REPOSITORY_ANNOTATION];
    if (repository === undefined || !(repositoryId > 0) || !(number > 0)) return null;
    const { cluster, clock } = this.#options;
    return { cluster, preview: name, repositoryId, repository, number, sentAt: clock(), observation };
  }
}

const NOTHING = { deployments: [], replicaSets: [], pods: [], events: [], routes: [], externalSecrets: [] } as const;

const retryIn = (failures: number) => Math.min(LONGEST_RETRY, 1000 * 2 ** failures);
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Whether two observations are the same for readers. */
function isSame(one: Observation, other: Observation | null): boolean {
  if (other === null) return true;
  const key = ({ headSha, condition, reason, facts, shows }: Observation) => {
    // The count keeps growing; only the first few changes matter.
    const { count = 0, ...rest } = facts ?? {};
    return JSON.stringify([headSha, condition, reason, rest, Math.min(count, 3), shows]);
  };
  return key(one) === key(other);
}
