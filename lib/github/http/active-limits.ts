/** Scope of a secondary limit: all requests of this process. */
export const ALL_REQUESTS = '';

/** Seconds between the requests that waited for the same limit. */
const APART = 0.2;

interface ActiveLimit {
  /** Unix seconds. */
  until: number;
  /** Seconds from the hit to `until`: if the clock is set back, the wait does not grow. */
  longest: number;
  waiting: number;
}

/**
 * GitHub's rate limits that are in force now, shared by all requests of a process: when one request hits a limit, the
 * others wait instead of hitting it, too. A scope is all requests (a secondary limit), or one owner's requests to one of
 * the APIs (the hourly limit).
 */
export class ActiveLimits {
  readonly #limits = new Map<string, ActiveLimit>();
  #hits = 0;

  /** How many answers reported a limit so far: if it has changed, {@link wait} again before sending. */
  get hits(): number {
    return this.#hits;
  }

  /** @param now unix seconds */
  hit(scope: string, now: number, seconds: number): void {
    this.#hits += 1;
    const limit = this.#limits.get(scope);
    const until = now + seconds;
    const isLater = limit === undefined || Math.min(limit.until - now, limit.longest) < seconds;
    if (isLater) this.#limits.set(scope, { until, longest: seconds, waiting: 0 });
  }

  /** A request succeeded, so the limit is over. */
  clear(scope: string): void {
    this.#limits.delete(scope);
  }

  /** Seconds to wait for all of these scopes; 0 for none. Each caller that has to wait gets a slightly later time. */
  wait(scopes: readonly string[], now: number): number {
    let longest = 0;
    for (const scope of scopes) {
      const limit = this.#limits.get(scope);
      if (limit === undefined || limit.until <= now) continue;
      longest = Math.max(longest, Math.min(limit.until - now, limit.longest) + limit.waiting * APART);
      limit.waiting += 1;
    }
    return longest;
  }
}
