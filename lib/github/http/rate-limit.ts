/** The parts of an answer that tell about a rate limit. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/**
 * Seconds to wait before the same request may be sent again, or null if the answer is not about a rate limit. The value
 * comes from `retry-after`, else from the reset time, else it is a minute, doubled each time. Times are compared with
 * the server's own clock.
 *
 * @param now unix seconds
 * @param limited how often this request hit a limit before
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

/** The standard allows seconds or a time. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
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

/** Whether it is the secondary limit, which applies to all requests of an account, and not the hourly quota. */
export function isSecondaryLimit({ headers, data }: LimitedAnswer): boolean {
  const { message } = (typeof data === 'object' && data !== null ? data : {}) as { message?: unknown };
  if (/secondary|abuse/i.test(String(message ?? ''))) return true;
  return headers['retry-after'] !== undefined && String(headers['x-ratelimit-remaining']) !== '0';
}
