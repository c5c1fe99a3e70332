import { createHash } from 'node:crypto';
import type { PullRequest, PullRequestReport } from '../../forge/forge.ts';
import type { Cache } from '../http/cache.ts';

/** After so many seconds what was written is looked at again, even if nothing seems to have changed. */
const TRUSTED_SECONDS = 6 * 3600;

type Reported = Omit<PullRequestReport, 'said'>;

/**
 * Which reports stand on their pull requests as they should, so that an idle sweep need not look at every comment and
 * check. A report is known by its content together with the thread that it was seen in: ids and times of change of all
 * comments. Only pull requests that came with a listing have a thread here; any other is always looked at, unless its
 * report says what it was written for.
 */
export class Reports {
  readonly #cache: Cache;
  readonly #clock: () => number;
  readonly #server: string;
  /** By the very object of the listing: it is as old as the listing, and no older. */
  readonly #threads = new WeakMap<PullRequest, string>();

  constructor(cache: Cache, clock: () => number, server: string) {
    this.#cache = cache;
    this.#clock = clock;
    this.#server = server;
  }

  /** @param thread changes whenever a comment is written, edited or removed */
  listed(pull: PullRequest, thread: string): void {
    this.#threads.set(pull, thread);
  }

  async stands(pull: PullRequest, report: Reported): Promise<boolean> {
    const thread = this.#threads.get(pull) ?? report.occasion;
    if (thread === undefined) return false;
    const text = await this.#cache.get(this.#key(pull));
    const [digest, seenAt] = (text ?? '').split(' ');
    const age = this.#clock() - Number(seenAt);
    return digest === digestOf(thread, report) && age >= 0 && age <= TRUSTED_SECONDS;
  }

  /** The report was written, or found to be there. What was written since the listing shows as another thread next time. */
  async seen(pull: PullRequest, report: Reported): Promise<void> {
    const thread = this.#threads.get(pull) ?? report.occasion;
    if (thread === undefined) return;
    await this.#cache.set(this.#key(pull), `${digestOf(thread, report)} ${this.#clock()}`);
  }

  #key({ repository, number }: PullRequest): string {
    return `report ${this.#server} ${repository.id} ${number}`;
  }
}

function digestOf(thread: string, { sameAs, environment, notice, suggestions }: Reported): string {
  const text = JSON.stringify([sameAs, environment, notice, suggestions]);
  return createHash('sha256').update(`${thread}\n${text}`).digest('hex');
}
