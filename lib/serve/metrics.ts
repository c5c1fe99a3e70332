import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../core/version.ts';
import type { Previews, Took } from './previews.ts';
import type { KeyedQueue } from './queue.ts';
import type { Retries } from './retries.ts';

/** For syncs and sweeps, in seconds: from one that changes nothing to one that waits for a rate limit. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** From a push until the preview answers, or from the end of a preview until everything is removed; in seconds. */
const LIFE_BUCKETS = [10, 30, 60, 120, 300, 600, 1200, 3600, 14_400];

/**
 * Metrics of the receiver, in the text format of OpenMetrics. No label contains a value that an outsider can choose.
 */
export class Metrics {
  readonly #registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  readonly deliveries: Counter<'event' | 'outcome'>;
  readonly calls: Counter<'outcome'>;
  readonly throttled: Counter<'cluster'>;
  readonly syncs: Counter<'state'>;
  readonly failures: Counter<'code'>;
  readonly syncSeconds: Histogram;
  readonly sweeps: Counter<'outcome'>;
  readonly sweepSeconds: Histogram;
  readonly lastSweep: Gauge;
  readonly held: Gauge;
  readonly alarms: Gauge;
  readonly problems: Gauge;
  readonly readySeconds: Histogram;
  readonly goneSeconds: Histogram;
  readonly retries: Counter;
  readonly waits: Counter<'reason'>;
  readonly waitSeconds: Counter<'reason'>;

  /** @param closedUntil unix seconds until which the forge accepts no requests */
  constructor(
    queue: Pick<KeyedQueue<unknown>, 'waiting' | 'running'>,
    retries: Pick<Retries<unknown>, 'waiting'>,
    previews: Pick<Previews, 'byState' | 'costPerDay'>,
    closedUntil: () => number,
  ) {
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const registers = [this.#registry];
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('greenroom_queue_waiting', 'Pull requests that wait to be synced.', () => queue.waiting);
    gauge('greenroom_syncs_running', 'Pull requests that are being synced.', () => queue.running);
    gauge(
      'greenroom_retries_waiting',
      'Pull requests that are synced again since something gave no answer.',
      () => retries.waiting,
    );
    const byLabel = (name: string, help: string, label: string, values: () => ReadonlyMap<string, number>) =>
      new Gauge({
        name,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset();
          for (const [value, number] of values()) this.set({ [label]: value }, number);
        },
      });
    byLabel('greenroom_previews', 'Pull requests with a preview, or that wait for one, by state.', 'state', () =>
      previews.byState(),
    );
    byLabel(
      'greenroom_cost_per_day',
      'What all previews cost a day by what they ask for, by currency.',
      'currency',
      () => previews.costPerDay(),
    );
    gauge(
      'greenroom_forge_closed_until_timestamp_seconds',
      'Until when a limit of the forge lets nothing through; in the past when it does.',
      closedUntil,
    );
    new Gauge({
      name: 'greenroom_build_info',
      help: 'The version that runs.',
      labelNames: ['version'],
      registers,
    }).set({ version: VERSION }, 1);
    this.deliveries = new Counter({
      name: 'greenroom_deliveries_total',
      help: 'Webhook deliveries by event and by what became of them.',
      labelNames: ['event', 'outcome'],
      registers,
    });
    this.calls = new Counter({
      name: 'greenroom_status_calls_total',
      help: 'Calls of clusters at /status, by what became of them.',
      labelNames: ['outcome'],
      registers,
    });
    this.throttled = new Counter({
      name: 'greenroom_status_throttled_calls_total',
      help: 'Calls at /status that were refused since their cluster makes too many.',
      labelNames: ['cluster'],
      registers,
    });
    this.syncs = new Counter({
      name: 'greenroom_syncs_total',
      help: 'Syncs that came to an end, by the state of the pull request.',
      labelNames: ['state'],
      registers,
    });
    this.failures = new Counter({
      name: 'greenroom_failures_total',
      help: 'Syncs and sweeps that failed, by error code.',
      labelNames: ['code'],
      registers,
    });
    this.syncSeconds = new Histogram({
      name: 'greenroom_sync_duration_seconds',
      help: 'How long a sync took.',
      buckets: BUCKETS,
      registers,
    });
    this.sweeps = new Counter({
      name: 'greenroom_sweeps_total',
      help: 'Sweeps by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.sweepSeconds = new Histogram({
      name: 'greenroom_sweep_duration_seconds',
      help: 'How long a sweep took.',
      buckets: BUCKETS,
      registers,
    });
    this.readySeconds = new Histogram({
      name: 'greenroom_ready_seconds',
      help: 'Time from a reported push until its commit was seen to answer.',
      buckets: LIFE_BUCKETS,
      registers,
    });
    this.goneSeconds = new Histogram({
      name: 'greenroom_gone_seconds',
      help: 'Time from the end of a preview until all of its objects were seen to be deleted.',
      buckets: LIFE_BUCKETS,
      registers,
    });
    this.retries = new Counter({
      name: 'greenroom_retries_total',
      help: 'Syncs that are to be done again since something gave no answer.',
      registers,
    });
    this.waits = new Counter({
      name: 'greenroom_limit_waits_total',
      help: 'Requests to the forge that waited, or were not sent: for a limit that it reported, or for our own throttle.',
      labelNames: ['reason'],
      registers,
    });
    this.waitSeconds = new Counter({
      name: 'greenroom_limit_wait_seconds_total',
      help: 'How long requests to the forge waited for its limits.',
      labelNames: ['reason'],
      registers,
    });
    this.held = new Gauge({
      name: 'greenroom_sweep_held_previews',
      help: 'Previews that the last sweep left as they are until somebody confirms their move or removal.',
      registers,
    });
    this.alarms = new Gauge({
      name: 'greenroom_sweep_alarms',
      help: 'What the last sweep found that was pushed past greenroom, that no pull request stands behind, or that the forge contradicts.',
      registers,
    });
    this.problems = new Gauge({
      name: 'greenroom_sweep_problems',
      help: 'Causes on our side for which the last sweep could not handle a pull request.',
      registers,
    });
    this.lastSweep = new Gauge({
      name: 'greenroom_last_sweep_timestamp_seconds',
      help: 'When the last sweep that did not fail ended.',
      registers,
    });
  }

  /** Counts finished measurements. */
  count(took: readonly Took[]): void {
    for (const { what, seconds } of took) (what === 'ready' ? this.readySeconds : this.goneSeconds).observe(seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
