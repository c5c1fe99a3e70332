import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { GreenroomError } from '../core/errors.ts';
import type { AppsBranch, Trigger, WebhookSource } from '../forge/webhook.ts';
import type { RecordedCall, StatusCall } from '../status/call.ts';
import type { SyncContext } from '../sync/plan/base.ts';
import { callOfRecorded } from '../sync/recorded-call.ts';
import { type Callers, RETRY_AFTER } from './callers.ts';
import type { Closed } from './closed.ts';
import type { Journal } from './journal.ts';
import type { Metrics } from './metrics.ts';
import { type Received, receive } from './receiver.ts';
import type { Repeats } from './repeats.ts';
import { receiveCall, type StatusSecrets } from './status-call.ts';
import type { Sweeps } from './sweeps.ts';
import type { Syncs } from './syncs.ts';
import { subjectOf } from './work.ts';

export interface EndpointsOptions {
  readonly webhooks: WebhookSource;
  readonly secrets: readonly string[];
  readonly appsRepo: AppsBranch | null;
  readonly statusSecrets: StatusSecrets;
  readonly withContext: <T>(work: (context: SyncContext) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
  readonly callers: Callers;
  readonly repeats: Repeats;
  readonly closed: Closed;
  readonly syncs: Pick<Syncs, 'add' | 'addReported'>;
  readonly sweeps: Pick<Sweeps, 'now'>;
  readonly journal: Journal;
  readonly metrics: Metrics;
}

const METHODS: Readonly<Record<string, 'GET' | 'POST'>> = {
  '/webhook': 'POST',
  '/status': 'POST',
  '/healthz': 'GET',
  '/readyz': 'GET',
  '/metrics': 'GET',
};

const WORDS: Readonly<Record<number, string>> = {
  202: 'queued',
  204: '',
  400: 'the body is not complete, or has the wrong form',
  401: 'the signature is missing or wrong',
  403: 'a cluster may report only for itself',
  409: 'too old, about a commit that is not known, or ahead of the clock of this service',
  404: 'there is POST /webhook and /status, GET /healthz, /readyz and /metrics',
  405: 'not with this method',
  413: 'the body is too large',
  429: 'too many calls of this cluster; the next ones are read later',
  415: 'set the content type of the webhook to application/json',
  500: 'internal error',
  503: 'busy or stopping; the next sweep does it',
};

const REFUSED = {
  'too-large': 413,
  broken: 400,
  unsigned: 401,
  malformed: 400,
  foreign: 403,
  stale: 409,
  ahead: 409,
  ignored: 204,
} as const;

/** The HTTP side: takes deliveries of the forge and reports of clusters, and answers probes. */
export class Endpoints {
  readonly #options: EndpointsOptions;
  #isStopping = false;

  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  /** Is not ready any more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** It never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      this.#options.journal.failed('request', error, {});
      end(response, 500);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, closed } = this.#options;
    const path = (request.url ?? '').split('?')[0]!;
    if (!Object.hasOwn(METHODS, path)) return end(response, 404);
    const method = METHODS[path]!;
    if (request.method !== method) return end(response, 405, { allow: method });
    if (path === '/healthz') return end(response, 200, {}, 'ok\n');
    if (path === '/readyz') return this.#isStopping ? end(response, 503) : end(response, 200, {}, closed.readiness());
    if (path === '/metrics') return end(response, 200, { 'content-type': metrics.contentType }, await metrics.text());
    return path === '/status' ? this.#takeCall(request, response) : this.#takeDelivery(request, response);
  }

  async #takeDelivery(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { webhooks, secrets, appsRepo, journal, metrics } = this.#options;
    const received = await receive(request, webhooks, secrets, appsRepo);
    const [status, outcome] = this.#take(received);
    const { event, id } = received.delivery;
    metrics.deliveries.inc({ event, outcome });
    const about = received.outcome === 'trigger' ? aboutOf(received.trigger) : null;
    const level = status >= 400 ? 'warn' : 'info';
    journal.write({ level, event: 'delivery', name: event, delivery: id, about, outcome });
    end(response, status, status >= 400 ? { connection: 'close' } : {});
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
        const { syncs, sweeps } = this.#options;
        const outcomes = received.trigger.pulls.map((trigger) => syncs.add(trigger));
        const isSwept = received.trigger.sweep && sweeps.now();
        if (outcomes.includes('full')) return [503, 'full'];
        if (outcomes.length === 0) return isSwept ? [202, 'sweep'] : [204, 'ignored'];
        return [202, outcomes.includes('queued') ? 'queued' : 'joined'];
      }
    }
  }

  /** Handles a report of a cluster: syncs the pull request with this report. */
  async #takeCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { statusSecrets, clock, callers, journal, metrics } = this.#options;
    const received = await receiveCall(request, statusSecrets, clock());
    metrics.calls.inc({ outcome: received.outcome });
    if (received.outcome !== 'call') {
      journal.write({ level: 'warn', event: 'status', ...received });
      return end(response, REFUSED[received.outcome], { connection: 'close' });
    }
    const { cluster } = received.call;
    const status = (await callers.run(cluster, () => this.#queueCall(received.call))) ?? 429;
    if (status === 429) metrics.throttled.inc({ cluster });
    const headers: Record<string, string> = status >= 400 ? { connection: 'close' } : {};
    if (status === 429) headers['retry-after'] = String(RETRY_AFTER);
    end(response, status, headers);
  }

  /** Returns an HTTP status. */
  async #queueCall(received: StatusCall | RecordedCall): Promise<number> {
    const { syncs, journal, repeats } = this.#options;
    const call = await this.#identify(received);
    if (typeof call === 'number') return call;
    const { cluster, preview, observation, number } = call;
    const isRepeat = repeats.has(call);
    const work = { repository: { path: call.repository }, number, reported: [call], cluster };
    const outcome = isRepeat ? 'repeated' : syncs.addReported(work);
    if (outcome === 'full') repeats.forget(call);
    const { condition, reason = null } = observation;
    journal.write({ level: 'info', event: 'status', about: preview, cluster, condition, reason, outcome });
    return outcome === 'full' ? 429 : isRepeat ? 204 : 202;
  }

  /** Adds the pull request to a call; returns an HTTP status if it is unknown, or cannot be read now. */
  async #identify(call: StatusCall | RecordedCall): Promise<StatusCall | 409 | 503> {
    if ('number' in call) return call;
    const { withContext, journal } = this.#options;
    const { preview, cluster } = call;
    const log = (outcome: string) =>
      journal.write({ level: 'warn', event: 'status', about: preview, cluster, outcome });
    try {
      const found = await withContext((context) => callOfRecorded(context, call));
      if (found === null) log('unknown');
      return found ?? 409;
    } catch (error) {
      if (!(error instanceof GreenroomError)) throw error;
      log('no-answer');
      return 503;
    }
  }
}

const aboutOf = ({ pulls }: Trigger) => pulls.slice(0, 10).map(subjectOf).join(' ') || null;

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
