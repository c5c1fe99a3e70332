import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, formatTime, systemClock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { RequestPause } from '../forge/limits.ts';
import type { AppsBranch, PullTrigger, WebhookSource } from '../forge/webhook.ts';
import type { SyncContext } from '../sync/plan/base.ts';
import { Writer } from '../sync/writer.ts';
import { Callers, type CallersOptions } from './callers.ts';
import { Closed } from './closed.ts';
import { Endpoints } from './endpoints.ts';
import { Journal, type LogEntry } from './journal.ts';
import { Metrics } from './metrics.ts';
import { Previews } from './previews.ts';
import { KeyedQueue } from './queue.ts';
import { Repeats } from './repeats.ts';
import { Retries } from './retries.ts';
import type { StatusSecrets } from './status-call.ts';
import { Sweeps } from './sweeps.ts';
import { Syncs } from './syncs.ts';
import { mergeWork, type Work } from './work.ts';

export interface ServiceOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** How the forge signs and describes its webhooks. */
  readonly webhooks: WebhookSource;
  /** Secrets of the webhook, any of which may have signed; at least one, none of them empty. */
  readonly secrets: readonly string[];
  /** The apps repo's branch, if it is on the same server: its pushes and proposals are then handled. @default - none */
  readonly appsRepo?: AppsBranch | null;
  /** Opens the forge and the apps repo for one piece of work, and closes them. */
  readonly withContext: <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;
  readonly log: (entry: LogEntry) => void;
  /** Maximum number of pull requests synced in parallel; their changes can share one commit. @default 50 */
  readonly concurrency?: number;
  /** Maximum number of waiting pull requests; the forge gets an error for further deliveries. @default 1000 */
  readonly capacity?: number;
  /** Seconds between the end of a sweep and the next one; null for no sweeps. @default 600 */
  readonly sweepEvery?: number | null;
  /** Maximum seconds before a temporary failure is retried; doubled each time. @default 5 */
  readonly retryAfter?: number;
  /** Clusters that may report at `/status`. @default - none */
  readonly statusSecrets?: StatusSecrets;
  /** Calls of one cluster: at once, and then in a second. @default - 600 and 5 */
  readonly statusCalls?: Pick<CallersOptions, 'burst' | 'perSecond'>;
  /** Whether contexts of `withContext` probe addresses of previews. @default false */
  readonly looks?: boolean;
  /** Maximum seconds before the address of a new commit is probed; doubled each time. @default 10 */
  readonly lookAfter?: number;
  /** Plan and report only; write nothing. @default false */
  readonly dryRun?: boolean;
  /** @default - the system's */
  readonly clock?: Clock;
  /** A number from 0 up to 1, so that replicas started together do not sweep at the same time. */
  readonly random: () => number;
}

/**
 * Receives webhooks and syncs their pull requests, and sweeps regularly. It has no state that must be kept: several of
 * them may run in parallel, and if one is killed, the next sweep of any of them does the rest.
 */
export class Service {
  readonly #options: ServiceOptions;
  readonly #queue: KeyedQueue<Work>;
  readonly #closed: Closed;
  readonly #metrics: Metrics;
  readonly #journal: Journal;
  readonly #syncs: Syncs;
  readonly #sweeps: Sweeps;
  readonly #endpoints: Endpoints;
  readonly #server: Server;

  constructor(options: ServiceOptions) {
    if (options.secrets.length === 0 || options.secrets.includes('')) throw new Error('a webhook without a secret');
    this.#options = options;
    const { withContext, random, clock = systemClock, concurrency = 50, capacity = 1000 } = options;
    const { webhooks, secrets, appsRepo = null, statusSecrets = new Map(), looks = false, dryRun = false } = options;
    const again = (key: string, work: Work) => void this.#queue.add(key, work);
    const retries = new Retries<Work>({ random, clock, first: options.retryAfter ?? 5, again });
    const lookAgain = new Retries<PullTrigger>({ random, clock, first: options.lookAfter ?? 10, again });
    const previews = new Previews();
    this.#closed = new Closed(clock);
    this.#queue = new KeyedQueue({
      concurrency,
      capacity,
      groups: statusSecrets.size,
      groupOf: ({ cluster }) => cluster,
      merge: mergeWork,
      work: (work, release) => this.#syncs.sync(work, release),
    });
    this.#metrics = new Metrics(this.#queue, retries, previews, () => this.#closed.until);
    this.#journal = new Journal(options.log, this.#metrics);
    const [queue, closed, metrics, journal] = [this.#queue, this.#closed, this.#metrics, this.#journal];
    const shared = { withContext, dryRun, clock, writer: new Writer(), journal, metrics, previews };
    this.#syncs = new Syncs({ ...shared, looks, queue, retries, lookAgain, closed });
    this.#sweeps = new Sweeps({
      ...shared,
      every: options.sweepEvery === undefined ? 600 : options.sweepEvery,
      random,
    });
    const [syncs, sweeps] = [this.#syncs, this.#sweeps];
    const callers = new Callers({
      ...options.statusCalls,
      clock,
      onFlood: (cluster) => journal.write({ level: 'warn', event: 'status', cluster, outcome: 'throttled' }),
    });
    const repeats = new Repeats(clock);
    const incoming = { webhooks, secrets, appsRepo, statusSecrets, callers, repeats };
    this.#endpoints = new Endpoints({ ...incoming, withContext, clock, closed, syncs, sweeps, journal, metrics });
    this.#server = createServer({ requestTimeout: 20_000, headersTimeout: 10_000 }, (request, response) => {
      void this.#endpoints.answer(request, response);
    });
  }

  /** Listens and starts the first sweep; returns the address. @throws GreenroomError `failed` if it cannot listen */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new GreenroomError('failed', `cannot listen at ${host}:${port} (${cause.code ?? cause.message})`, {
        cause,
      });
    });
    // E.g. too many open files: existing connections go on.
    this.#server.on('error', (error) => this.#journal.failed('server', error, {}));
    const { address, port: taken, family } = this.#server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
    this.#options.log({ level: 'info', event: 'listening', url });
    this.#sweeps.now();
    return url;
  }

  /**
   * Accepts nothing more and finishes running work.
   *
   * @param grace seconds
   * @returns whether all running work has ended; waiting work is left to the next sweep
   */
  async stop(grace: number): Promise<boolean> {
    this.#endpoints.stop();
    this.#sweeps.stop();
    this.#syncs.stop();
    this.#options.log({
      level: 'info',
      event: 'stopping',
      running: this.#queue.running,
      waiting: this.#queue.waiting,
      sweeping: this.#sweeps.running !== undefined,
    });
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    let timer: NodeJS.Timeout | undefined;
    const finished = await Promise.race([
      Promise.all([this.#queue.close(), this.#sweeps.running, closed]).then(() => true),
      new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), grace * 1000);
      }),
    ]);
    clearTimeout(timer);
    this.#server.closeAllConnections();
    const { running, waiting } = this.#queue;
    this.#options.log({ level: finished ? 'info' : 'warn', event: 'stopped', running, waiting });
    return finished;
  }

  /** Call when a request to the forge waits for one of its rate limits. */
  waits({ reason, call, seconds, until }: RequestPause): void {
    this.#metrics.waits.inc({ reason });
    this.#metrics.waitSeconds.inc({ reason }, seconds);
    if (reason !== 'throttle') this.#closed.waits({ seconds, until });
    // Throttling is normal.
    const level = reason === 'throttle' ? 'info' : 'warn';
    this.#options.log({ level, event: 'wait', reason, call, seconds, until: formatTime(Math.ceil(until)) });
  }
}
