/** What a limit is read from. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/**
 * Seconds to wait before the same request may be sent again, or null for an answer that is not about a limit:
 * `retry-after`, then the reset time, else a minute, twice as long each time. Times are held against the clock of who
 * gave them, which may be another than ours.
 *
 * @param now unix seconds
 * @param limited how often this request ran into a limit before
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 */
export function rateLimitWait(answer: LimitedAnswer, now: number, limited: number): number | null {
  if (!isLimited(answer)) return null;
  const date = Date.parse(String(answer.headers['date'])) / 1000;
  const theirs = Number.isFinite(date) ? date : now;
  const after = retryAfter(answer, theirs);
  if (after !== null) return after;
  const reset = Number(answer.headers['x-ratelimit-reset'] || Number.NaN);
  if (String(answer.headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset))
    return Math.max(1, reset - theirs + 1);
  return 60 * 2 ** limited;
}

/** Seconds, or a time: both are in the standard. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function retryAfter({ headers }: LimitedAnswer, now: number): number | null {
  const text = String(headers['retry-after'] ?? '').trim();
  if (/^\d+$/.test(text)) return Number(text);
  const time = /GMT$/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  return Number.isFinite(time) ? Math.max(1, time - now) : null;
}

function isLimited({ status, headers, data }: LimitedAnswer): boolean {
  const body = (typeof data === 'object' && data !== null ? data : {}) as {
    message?: unknown;
    errors?: { type?: unknown }[];
  };
  if (status === 200)
    return Array.isArray(body.errors) && body.errors.some((error) => /^RATE_LIMIT(ED)?$/.test(String(error?.type)));
  if (status !== 403 && status !== 429) return false;
  return (
    status === 429 ||
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    /rate limit|abuse detection/i.test(String(body.message ?? ''))
  );
}

/** Whether it is the secondary limit, which holds for everything that an account asks, and not an hour's quota. */
export function isSecondaryLimit({ headers, data }: LimitedAnswer): boolean {
  const { message } = (typeof data === 'object' && data !== null ? data : {}) as { message?: unknown };
  if (/secondary|abuse/i.test(String(message ?? ''))) return true;
  return headers['retry-after'] !== undefined && String(headers['x-ratelimit-remaining']) !== '0';
}
