/** The parts of an answer that tell about a rate limit. */
export interface LimitedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

/** In seconds. GitHub's own limits end within an hour; anything longer is a mistake, e.g. of a proxy. */
const LONGEST_LIMIT = 2 * 3600;

/** GitHub's words for a limit. It refuses changes one after the other as "submitted too quickly". */
const LIMIT = /rate limit|abuse detection|submitted too quickly/i;

/**
 * Seconds to wait before the same request may be sent again, or null if the answer is not about a rate limit. The value
 * comes from `retry-after`, else from the reset time, else it is a minute, doubled each time. Times are compared with
 * the server's own clock.
 *
 * @param now unix seconds
 * @param limited how often this request hit a limit before
 * @see https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
 * @see https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
export function rateLimitWait(answer: LimitedAnswer, now: number, limited: number): number | null {
  if (!isLimited(answer)) return null;
  return Math.min(Math.max(1, askedWait(answer, now) ?? 60 * 2 ** limited), LONGEST_LIMIT);
}

/** Seconds that the answer asks to wait; null if it does not say. */
function askedWait(answer: LimitedAnswer, now: number): number | null {
  const date = Date.parse(String(answer.headers['date'])) / 1000;
  const theirs = Number.isFinite(date) ? date : now;
  const after = retryAfter(answer, theirs);
  if (after !== null) return after;
  const reset = Number(answer.headers['x-ratelimit-reset'] || Number.NaN);
  return isUsedUp(answer) && Number.isFinite(reset) ? reset - theirs + 1 : null;
}

/** The standard allows seconds or a time. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function retryAfter({ headers }: LimitedAnswer, now: number): number | null {
  const text = String(headers['retry-after'] ?? '').trim();
  if (/^\d+$/.test(text)) return Number(text);
  const time = /GMT$/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  return Number.isFinite(time) ? time - now : null;
}

const isUsedUp = ({ headers }: LimitedAnswer) => String(headers['x-ratelimit-remaining']) === '0';

function isLimited(answer: LimitedAnswer): boolean {
  const { status, headers } = answer;
  const { errors, words } = refusalOf(answer);
  const isTold = LIMIT.test(words);
  // GraphQL reports both kinds of limit with status 200 as well, the secondary one without a type.
  if (status === 200) {
    const isTyped = errors.some((error) => /^RATE_LIMIT(ED)?$/.test(String(error?.type)));
    return isTyped || (errors.length > 0 && (isTold || headers['retry-after'] !== undefined));
  }
  if (status === 422) return /submitted too quickly/i.test(words);
  if (status !== 403 && status !== 429) return false;
  // The last request before a limit may be refused for another reason, which the answer names.
  const isSilent = words.trim() === '';
  return status === 429 || headers['retry-after'] !== undefined || isTold || (isUsedUp(answer) && isSilent);
}

/** Whether it is the secondary limit, which applies to all requests of an account, and not the hourly quota. */
export function isSecondaryLimit(answer: LimitedAnswer): boolean {
  if (/secondary|abuse|too quickly/i.test(refusalOf(answer).words)) return true;
  return answer.headers['retry-after'] !== undefined && !isUsedUp(answer);
}

type FoundError = { readonly type?: unknown; readonly message?: unknown } | null;

/** GitHub's messages: one in a REST answer, one for each error in a GraphQL answer. */
function refusalOf({ data }: LimitedAnswer): { readonly errors: readonly FoundError[]; readonly words: string } {
  const body = (typeof data === 'object' && data !== null ? data : {}) as { message?: unknown; errors?: unknown };
  const errors = (Array.isArray(body.errors) ? body.errors : []) as readonly FoundError[];
  const words = [body, ...errors].map((one) => (typeof one?.message === 'string' ? one.message : ''));
  return { errors, words: words.join('\n') };
}
