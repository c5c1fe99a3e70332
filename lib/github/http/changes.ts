import { GreenroomError } from '../../core/errors.ts';
import type { RequestPause } from '../../forge/limits.ts';
import { CHANGE_INTERVAL, type ChangeKind, ChangeQueue, Outdated, type Still } from './change-queue.ts';
import { needOf } from './permissions.ts';
import { PUSHES, REPORTS, Throttle, type ThrottleLimit } from './throttle.ts';

export interface ChangesOptions {
  /** The server, for messages. */
  readonly server: string;
  /** Unix seconds, with fractions. */
  readonly clock: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Called before a wait. */
  readonly onWait: (reason: RequestPause['reason'], call: string, seconds: number) => void;
  /** In seconds. */
  readonly longestWait: number;
  /** Seconds between two changes. @default 1 */
  readonly interval?: number | undefined;
}

/** In seconds: the changes of one pull request wait for each other, which is normal. */
const WORTH_TELLING = 5;

/** When changes may be sent, in a whole process: not too many of a kind, one at a time, and a second apart. */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #reports: Throttle;
  readonly #pushes: Throttle;
  readonly #queue: ChangeQueue;

  constructor(options: ChangesOptions) {
    const { clock, sleep, interval = CHANGE_INTERVAL } = options;
    const throttle = (limits: readonly ThrottleLimit[]) => new Throttle(limits, clock, sleep);
    this.#options = options;
    this.#reports = throttle(REPORTS);
    this.#pushes = throttle(PUSHES);
    this.#queue = new ChangeQueue(interval, clock, sleep);
  }

  /**
   * Resolves when a commit can be sent without waiting.
   *
   * @throws GreenroomError `unreachable` if the wait is too long
   */
  async readyToPush(): Promise<void> {
    const { wait } = this.#pushes;
    if (wait <= 0) return;
    if (wait > this.#options.longestWait) throw this.#tooMany('a commit', wait);
    this.#options.onWait('throttle', 'a commit', wait);
    await this.#options.sleep(wait * 1000);
  }

  /** Number of commits that no limit delays now. */
  get freePushes(): number {
    return this.#pushes.free;
  }

  /** The last commit was refused. GitHub limits how often a branch is moved, so it does not count. */
  pushRefused(): void {
    this.#pushes.giveBack();
  }

  /**
   * Waits for the limit of a change's kind. Commits wait only for commits, so comments never delay the end of a preview.
   *
   * @param call a REST route, or the name of a GraphQL operation
   * @throws GreenroomError `unreachable` if the wait is too long
   */
  async turn(call: string): Promise<ChangeKind> {
    const { push, part } = needOf(call) ?? {};
    if (part) return 'part';
    const { longestWait, onWait } = this.#options;
    const throttle = push ? this.#pushes : this.#reports;
    const seconds = await throttle.turn(longestWait, (wait) => onWait('throttle', call, wait));
    if (seconds > 0) throw this.#tooMany(call, seconds);
    return push ? 'push' : 'report';
  }

  /**
   * Sends a change when it is its turn in the queue.
   *
   * @param send null if it sent nothing after all
   * @throws Outdated see {@link Still}
   * @throws GreenroomError `unreachable` if the wait is too long
   */
  async send<T>(call: string, kind: ChangeKind, send: () => Promise<T | null>, still?: Still): Promise<T | null> {
    const wait = this.#queue.waitOf(kind);
    if (wait > this.#options.longestWait) throw this.#tooMany(call, wait);
    if (wait >= WORTH_TELLING) this.#options.onWait('throttle', call, wait);
    try {
      return await this.#queue.run(kind, send, still);
    } catch (error) {
      if (error instanceof Outdated && kind === 'push') this.#pushes.giveBack();
      throw error;
    }
  }

  #tooMany(call: string, seconds: number): GreenroomError {
    const reason = `too many changes in a short time; the next one has to wait ${Math.ceil(seconds)} seconds`;
    const until = this.#options.clock() + seconds;
    return new GreenroomError('unreachable', `${this.#options.server}, ${call}: ${reason}`, { until });
  }
}
