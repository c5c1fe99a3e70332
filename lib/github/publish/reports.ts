import { createHash } from 'node:crypto';
import type { PullRequest, PullRequestReport } from '../../forge/forge.ts';
import type { Cache } from '../http/cache.ts';

/** After so many seconds a report is checked again, even if nothing seems to have changed. */
const TRUSTED_SECONDS = 6 * 3600;

type Reported = Omit<PullRequestReport, 'said'>;

/**
 * Remembers which reports are up to date on their pull requests, so that an idle sweep need not read every comment and
 * check. The key is a digest of the report and of its thread: ids and change times of all comments. Only pull requests
 * from a listing have a thread here. Any other is always checked, unless its report has an `occasion`.
 */
export class Reports {
  readonly #cache: Cache;
  readonly #clock: () => number;
  readonly #server: string;
  /** By the object that the listing returned, so that a thread is never used for a later reading. */
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

  async isCurrent(pull: PullRequest, report: Reported): Promise<boolean> {
    const thread = this.#threads.get(pull) ?? report.occasion;
    if (thread === undefined) return false;
    const text = await this.#cache.get(this.#key(pull));
    const [digest, seenAt] = (text ?? '').split(' ');
    const age = this.#clock() - Number(seenAt);
    return digest === digestOf(thread, report) && age >= 0 && age <= TRUSTED_SECONDS;
  }

  /** The report was written or is unchanged. Comments written since the listing change the thread, so the next run checks again. */
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
