import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Clock, formatTime, systemClock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { Late, Wait } from '../forge/limits.ts';
import type { AppsBranch, PullTrigger, Trigger, WebhookSource } from '../forge/webhook.ts';
import type { RecordedCall, Reported, StatusCall } from '../status/call.ts';
import type { SyncContext } from '../sync/plan/base.ts';
import type { Tell } from '../sync/publish.ts';
import { callOfRecorded } from '../sync/recorded-call.ts';
import { causeOf } from '../sync/sweep/silence.ts';
import { sweep } from '../sync/sweep/sweep.ts';
import type { SyncResult } from '../sync/sync.ts';
import { Teller } from '../sync/teller.ts';
import { handleTrigger, mergeTriggers } from '../sync/trigger.ts';
import { Writer } from '../sync/writer.ts';
import { Metrics } from './metrics.ts';
import { Previews, type Took } from './previews.ts';
import { KeyedQueue } from './queue.ts';
import { type Received, receive } from './receiver.ts';
import { Retries } from './retries.ts';
import { receiveCall, type StatusSecrets } from './status-call.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** What happened: `listening`, `delivery`, `sync`, `retry`, `sweep`, `wait`, `stopping`, `stopped`. */
  readonly event: string;
  readonly [field: string]: string | number | boolean | null;
}

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

const WORDS: Readonly<Record<number, string>> = {
  202: 'queued',
  204: '',
  400: 'the body did not come to its end, or is out of shape',
  401: 'the signature is missing or wrong',
  403: 'a cluster speaks for itself alone',
  409: 'too old, of a commit that is not known, or a clock is wrong',
  404: 'there is POST /webhook and /status, GET /healthz, /readyz and /metrics',
  405: 'not with this method',
  413: 'the body is too large',
  415: 'set the content type of the webhook to application/json',
  500: 'internal error',
  503: 'busy or stopping; the next sweep makes up for it',
};

/**
 * Receives webhooks and syncs their pull requests, and sweeps regularly. It has no state that must be kept: several of
 * them may run in parallel, and if one is killed, the next sweep of any of them does the rest.
 */
export class Service {
  readonly #options: ServiceOptions;
  readonly #clock: Clock;
  readonly #queue: KeyedQueue<Work>;
  readonly #metrics: Metrics;
  readonly #server: Server;
  readonly #writer = new Writer();
  readonly #teller = new Teller();
  readonly #previews = new Previews();
  readonly #retries: Retries<Work>;
  /** Unix seconds: the last or present time range in which the forge accepts no requests from us. */
  #closed = { from: 0, until: 0 };
  /** First report of each pull request that is not handled yet, in unix seconds. */
  readonly #toldAt = new Map<string, number>();
  readonly #looks: Retries<PullTrigger>;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;
  /** Whether something changed during the running sweep. */
  #sweepsAgain = false;

  constructor(options: ServiceOptions) {
    if (options.secrets.length === 0 || options.secrets.includes('')) throw new Error('a webhook without a secret');
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { concurrency = 50, capacity = 1000 } = options;
    this.#queue = new KeyedQueue({
      concurrency,
      capacity,
      merge: mergeWork,
      work: (trigger, release) => this.#sync(trigger, release),
    });
    this.#retries = new Retries({
      random: options.random,
      clock: this.#clock,
      first: options.retryAfter ?? 5,
      again: (key, trigger) => void this.#queue.add(key, trigger),
    });
    this.#looks = new Retries({
      random: options.random,
      clock: this.#clock,
      first: options.lookAfter ?? 10,
      again: (key, trigger) => void this.#queue.add(key, trigger),
    });
    this.#metrics = new Metrics(this.#queue, this.#retries, this.#previews, () => this.#closed.until);
    this.#server = createServer({ requestTimeout: 20_000, headersTimeout: 10_000 }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#failed('request', error, {});
        end(response, 500);
      });
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
    this.#server.on('error', (error) => this.#failed('server', error, {}));
    const { address, port: taken, family } = this.#server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
    this.#options.log({ level: 'info', event: 'listening', url });
    this.#sweepNow();
    return url;
  }

  /**
   * Accepts nothing more and finishes running work.
   *
   * @param grace seconds
   * @returns whether all running work has ended; waiting work is left to the next sweep
   */
  async stop(grace: number): Promise<boolean> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#retries.stop();
    this.#looks.stop();
    this.#options.log({
      level: 'info',
      event: 'stopping',
      running: this.#queue.running,
      waiting: this.#queue.waiting,
      sweeping: this.#sweeping !== undefined,
    });
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    let timer: NodeJS.Timeout | undefined;
    const finished = await Promise.race([
      Promise.all([this.#queue.close(), this.#sweeping, closed]).then(() => true),
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
  waits({ reason, call, seconds, until }: Wait): void {
    this.#metrics.waits.inc({ reason });
    this.#metrics.waitSeconds.inc({ reason }, seconds);
    if (reason !== 'throttle') {
      const from = this.#closed.until > this.#clock() ? this.#closed.from : until - seconds;
      this.#closed = { from, until: Math.max(this.#closed.until, until) };
    }
    // Throttling is normal.
    const level = reason === 'throttle' ? 'info' : 'warn';
    this.#options.log({ level, event: 'wait', reason, call, seconds, until: formatTime(Math.ceil(until)) });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    const wanted =
      path === '/webhook' || path === '/status'
        ? 'POST'
        : ['/healthz', '/readyz', '/metrics'].includes(path!)
          ? 'GET'
          : null;
    if (wanted === null) return end(response, 404);
    if (request.method !== wanted) return end(response, 405, { allow: wanted });
    if (path === '/healthz') return end(response, 200, {}, 'ok\n');
    if (path === '/readyz') return this.#isStopping ? end(response, 503) : end(response, 200, {}, this.#readiness());
    if (path === '/metrics') {
      return end(response, 200, { 'content-type': this.#metrics.contentType }, await this.#metrics.text());
    }
    if (path === '/status') return this.#takeCall(request, response);
    const { webhooks, secrets, appsRepo = null } = this.#options;
    const received = await receive(request, webhooks, secrets, appsRepo);
    const [status, outcome] = this.#take(received);
    const { event, id } = received.delivery;
    this.#metrics.deliveries.inc({ event, outcome });
    const about = received.outcome === 'trigger' ? aboutOf(received.trigger) : null;
    const level = status >= 400 ? 'warn' : 'info';
    this.#options.log({ level, event: 'delivery', name: event, delivery: id, about, outcome });
    end(response, status, status >= 400 ? { connection: 'close' } : {});
  }

  /** Handles a report of a cluster: syncs the pull request with this report. */
  async #takeCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { statusSecrets = new Map(), log } = this.#options;
    const received = await receiveCall(request, statusSecrets, this.#clock());
    this.#metrics.calls.inc({ outcome: received.outcome });
    if (received.outcome !== 'call') {
      log({ level: 'warn', event: 'status', outcome: received.outcome });
      return end(response, REFUSED[received.outcome], { connection: 'close' });
    }
    const call = await this.#identify(received.call);
    if (typeof call === 'number') return end(response, call, { connection: 'close' });
    const { cluster, preview, observation } = call;
    const trigger: Work = { repository: { path: call.repository }, number: call.number, reported: [call] };
    const outcome = this.#queue.add(keyOf(trigger), trigger);
    const { condition, reason = null } = observation;
    log({ level: 'info', event: 'status', about: preview, cluster, condition, reason, outcome });
    end(response, outcome === 'full' ? 503 : 202);
  }

  /** Adds the pull request to a call; returns an HTTP status if it is unknown, or cannot be read now. */
  async #identify(call: StatusCall | RecordedCall): Promise<StatusCall | 409 | 503> {
    if ('number' in call) return call;
    const { preview, cluster } = call;
    const log = (outcome: string) =>
      this.#options.log({ level: 'warn', event: 'status', about: preview, cluster, outcome });
    try {
      const found = await this.#options.withContext((context) => callOfRecorded(context, call));
      if (found === null) log('unknown');
      return found ?? 409;
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      log('no-answer');
      return 503;
    }
  }

  /** The service is ready even while the forge accepts no requests: deliveries wait until it does. */
  #readiness(): string {
    if (this.#closed.until <= this.#clock()) return 'ok\n';
    return `ok\nthe forge takes no requests until ${formatTime(Math.ceil(this.#closed.until))}\n`;
  }

  #take(received: Received): readonly [status: number, outcome: string] {
    switch (received.outcome) {
      case 'broken':
        return [400, 'broken'];
      case 'unsigned':
        return [401, 'unsigned'];
      case 'too-large':
        return [413, 'too-large'];
      case 'form':
        return [415, 'form'];
      case 'ignored':
        return [204, 'ignored'];
      case 'trigger': {
        const { pulls, sweep } = received.trigger;
        const outcomes = pulls.map((trigger) => this.#add(trigger));
        const sweeps = sweep && this.#sweepNow();
        if (outcomes.includes('full')) return [503, 'full'];
        if (outcomes.length === 0) return sweeps ? [202, 'sweep'] : [204, 'ignored'];
        return [202, outcomes.includes('queued') ? 'queued' : 'joined'];
      }
    }
  }

  #add(trigger: PullTrigger): 'queued' | 'joined' | 'full' {
    const key = keyOf(trigger);
    const outcome = this.#queue.add(key, trigger);
    if (outcome !== 'full' && !this.#toldAt.has(key)) this.#toldAt.set(key, this.#clock());
    return outcome;
  }

  /** What delayed a pull request that was reported at this time; null if the delay is too short to matter. */
  #late(toldAt: number): Late | null {
    const { from, until } = this.#closed;
    const seconds = until - Math.max(from, toldAt);
    return until <= this.#clock() && seconds >= NOTICED_SECONDS ? { seconds, until } : null;
  }

  /** False if sweeps are done elsewhere. */
  #sweepNow(): boolean {
    if (this.#options.sweepEvery === null) return false;
    if (this.#sweeping !== undefined) this.#sweepsAgain = true;
    else if (!this.#isStopping) this.#startSweep();
    return true;
  }

  async #sync(trigger: Work, release: () => void): Promise<void> {
    const about = subjectOf(trigger);
    const started = performance.now();
    const { withContext, dryRun, log } = this.#options;
    try {
      // A report that waits to be written must not delay other syncs.
      const tell: Tell = (pull, work) => {
        release();
        return this.#teller.tell(subjectOf(pull), work);
      };
      const toldAt = this.#toldAt.get(keyOf(trigger)) ?? this.#clock();
      const late = () => this.#late(toldAt);
      const options = { dryRun: dryRun === true, writer: this.#writer, tell, late, look: true, ...reportedOf(trigger) };
      const result = await withContext((context) => handleTrigger(context, trigger, options));
      const state = result?.state.state ?? 'nothing-asked';
      const { effect, commit, notes } = result ?? { effect: 'none', commit: null, notes: [] };
      this.#metrics.syncs.inc({ state });
      log({ level: 'info', event: 'sync', about, state, effect, commit, ms: since(started) });
      this.#tellOfProblem(about, result);
      if (result !== null) this.#count([this.#previews.note(keyOf(trigger), result, toldAt, this.#clock())]);
      for (const note of notes) log({ level: 'warn', event: 'sync', about, note });
      if (result?.isPassing) this.#retryPassing(trigger);
      else this.#done(trigger);
      if (result !== null) this.#lookAgain(trigger, result);
    } catch (error) {
      this.#failed('sync', error, { about, ms: since(started) });
      if (error instanceof GreenroomError && error.code === 'unreachable') this.#retryLater(trigger, error.until);
      else this.#toldAt.delete(keyOf(trigger));
    }
    this.#metrics.syncSeconds.observe((performance.now() - started) / 1000);
  }

  #count(took: readonly (Took | null)[]): void {
    for (const one of took) {
      if (one !== null) this.#metrics[one.what === 'ready' ? 'readySeconds' : 'goneSeconds'].observe(one.seconds);
    }
  }

  /** Logs the cause of a problem on our side for the operator; makers see only a short sentence. */
  #tellOfProblem(about: string, result: SyncResult | null): void {
    const message = result === null ? null : causeOf(result.state);
    if (message === null) return;
    const code = result?.state.state === 'problem' ? (result.state.cause?.code ?? 'failed') : 'unreachable';
    this.#metrics.failures.inc({ code });
    this.#options.log({ level: 'error', event: 'sync', about, code, message });
  }

  #done(trigger: PullTrigger): void {
    this.#retries.done(keyOf(trigger));
    this.#toldAt.delete(keyOf(trigger));
  }

  /** Probes the address of a new commit again, a limited number of times, since it needs time to answer. */
  #lookAgain(trigger: PullTrigger, { state, status }: SyncResult): void {
    const key = keyOf(trigger);
    const isYoung = status !== null && ['committed', 'starting', 'ready-older'].includes(status.state);
    const isAsked = this.#options.looks === true && !this.#isStopping && isYoung;
    const hasAddress = state.state === 'committed' && state.preview.url !== null;
    if (isAsked && hasAddress) this.#looks.later(key, { repository: trigger.repository, number: trigger.number });
    else this.#looks.done(key);
  }

  /** Retries what was done in part. A command was carried out by then, so the retry is a plain sync. */
  #retryPassing({ commentId: _, ...trigger }: Work): void {
    const { until } = this.#closed;
    this.#retryLater(trigger, until > this.#clock() ? until : undefined);
  }

  /** Retries a temporary failure before the next sweep. */
  #retryLater(trigger: Work, until?: number): void {
    if (this.#isStopping) return;
    const seconds = this.#retries.later(keyOf(trigger), trigger, until);
    const about = subjectOf(trigger);
    if (seconds === null) {
      this.#toldAt.delete(keyOf(trigger));
      this.#options.log({ level: 'warn', event: 'retry', about, note: 'left to the next sweep' });
    } else {
      this.#metrics.retries.inc();
      this.#options.log({ level: 'info', event: 'retry', about, seconds: Math.round(seconds) });
    }
  }

  #startSweep(): void {
    clearTimeout(this.#timer);
    this.#sweepsAgain = false;
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = undefined;
      if (this.#isStopping) return;
      if (this.#sweepsAgain) return this.#startSweep();
      const { sweepEvery, random } = this.#options;
      this.#timer = setTimeout(() => this.#startSweep(), (sweepEvery ?? 600) * 1000 * (0.9 + 0.2 * random()));
    });
  }

  async #sweep(): Promise<void> {
    const started = performance.now();
    const { withContext, dryRun, log } = this.#options;
    try {
      const { results, failures, unknown, held, heldBack, alarms, problems } = await withContext((context) =>
        sweep(context, { dryRun: dryRun === true, writer: this.#writer }),
      );
      const byKey = results.map((result) => [keyOfResult(result), result] as const);
      this.#count(this.#previews.replace(byKey, this.#clock()));
      const changed = results.filter(({ effect }) => effect !== 'none').length;
      const isWhole = failures.length + unknown.length + held.length + alarms.length + problems.length === 0;
      this.#metrics.sweeps.inc({ outcome: isWhole ? 'done' : 'in-part' });
      this.#metrics.lastSweep.setToCurrentTime();
      for (const { subject, error } of failures) this.#failed('sweep', error, { about: subject });
      for (const what of unknown) log({ level: 'warn', event: 'sweep', unknown: what });
      this.#metrics.held.set(held.length);
      this.#metrics.alarms.set(alarms.length);
      this.#metrics.problems.set(problems.length);
      for (const message of problems) log({ level: 'error', event: 'sweep', message });
      for (const message of alarms) log({ level: 'error', event: 'sweep', message });
      if (heldBack !== null) log({ level: 'error', event: 'sweep', message: heldBack });
      for (const { name, sentence } of held) log({ level: 'warn', event: 'sweep', held: `${name} ${sentence}` });
      log({ level: 'info', event: 'sweep', previews: results.length, changed, ms: since(started) });
    } catch (error) {
      this.#metrics.sweeps.inc({ outcome: 'failed' });
      this.#metrics.problems.set(1);
      this.#failed('sweep', error, { ms: since(started) });
    }
    this.#metrics.sweepSeconds.observe((performance.now() - started) / 1000);
  }

  /** Logs a failure. It ends one piece of work, never the service. */
  #failed(event: string, error: unknown, fields: Readonly<Record<string, string | number>>): void {
    const code = error instanceof GreenroomError ? error.code : 'fault';
    const message = error instanceof Error ? error.message : String(error);
    this.#metrics.failures.inc({ code });
    const isOurs = code === 'fault' || (error instanceof GreenroomError && error.isPlatforms);
    this.#options.log({ level: isOurs ? 'error' : 'warn', event, ...fields, code, message });
  }
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = WORDS[status] ? `${WORDS[status]}\n` : '',
): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers });
  response.end(body);
}

/** A shorter delay, in seconds, is not mentioned. */
const NOTICED_SECONDS = 60;

/** A pull request to sync, with new reports about its preview. */
type Work = PullTrigger & { readonly reported?: readonly Reported[] };

/** Only the latest reports are kept: there are fewer sources than this. */
const MAX_REPORTED = 20;

function mergeWork(one: Work, other: Work): Work {
  const reported = [...(one.reported ?? []), ...(other.reported ?? [])].slice(-MAX_REPORTED);
  return { ...mergeTriggers(one, other), ...(reported.length > 0 ? { reported } : {}) };
}

const reportedOf = ({ reported }: Work) => (reported === undefined ? {} : { reported });

const REFUSED = {
  'too-large': 413,
  broken: 400,
  unsigned: 401,
  malformed: 400,
  foreign: 403,
  stale: 409,
  ignored: 204,
} as const;

const aboutOf = ({ pulls }: Trigger) => pulls.slice(0, 10).map(subjectOf).join(' ') || null;
/** Names are compared without case. */
const keyOf = (trigger: PullTrigger) => subjectOf(trigger).toLowerCase();
const subjectOf = ({ repository, number }: Pick<PullTrigger, 'repository' | 'number'>) =>
  `${repository.path}#${number}`;
const keyOfResult = ({ repository, number }: SyncResult) => keyOf({ repository: { path: repository }, number });
const since = (started: number) => Math.round(performance.now() - started);
