import type { Clock } from '../../core/clock.ts';
import { isThisMachine, mayLeadTo } from './address.ts';
import type { Exchange, ExchangeAnswer, ExchangeCode, ExchangeRequest } from './exchange.ts';
import { RegistryFailure } from './failure.ts';

/** Effects that a registry client needs; tests replace them. */
export interface HttpEffects {
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** Waits for so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface HttpRequest extends ExchangeRequest {
  /** Name of the server in messages: `ghcr.io`. */
  readonly server: string;
}

export interface HttpAnswer extends ExchangeAnswer {
  /** Whether another server answered, to which the first one redirected. */
  readonly isElsewhere: boolean;
  /** Seconds of `retry-after`; null if missing. */
  readonly retryAfter: number | null;
}

const ATTEMPTS = 3;
const REDIRECTS = 5;
/** Longest wait before a retry, in seconds. If the server asks for more, this run does not retry. */
const LONGEST_WAIT = 10;
const TRY_AGAIN = new Set([429, 500, 502, 503, 504]);

/**
 * Sends a read request, with retries if the server is busy or the connection breaks. Redirects are followed only to https,
 * and credentials are sent only to the original server.
 *
 * @throws RegistryFailure `unknown` without an answer, or if it is too long
 */
export async function send(network: HttpEffects, request: HttpRequest): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === ATTEMPTS;
    let wait = 2 ** (attempt - 2);
    try {
      const answer = await follow(network, request);
      wait = answer.retryAfter ?? wait;
      if (isLast || !TRY_AGAIN.has(answer.status) || wait > LONGEST_WAIT) return answer;
    } catch (error) {
      if (error instanceof RegistryFailure) throw error;
      if (isLast || request.signal.aborted || !isBrokenConnection(error)) throw networkFailure(error, request);
    }
    await network.sleep(wait * 1000);
  }
}

/** Follows redirects and returns the final answer. */
async function follow(network: HttpEffects, request: HttpRequest): Promise<HttpAnswer> {
  const { origin } = new URL(request.url);
  const { authorization, ...others } = request.headers;
  let { url } = request;
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const keeps = authorization !== undefined && new URL(url).origin === origin;
    const headers = keeps ? { ...others, authorization } : others;
    const answer = await network.exchange({ ...request, url, headers });
    const { location, 'retry-after': retryAfter } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) {
      const isElsewhere = new URL(url).origin !== origin;
      return { ...answer, isElsewhere, retryAfter: secondsOf(retryAfter, network.clock()) };
    }
    if (!URL.canParse(location, url)) throw misled(request, 'an invalid address');
    const next = new URL(location, url).href;
    if (request.method === 'POST' || !mayLeadTo(origin, next)) throw misled(request, 'an address that is not allowed');
    url = next;
  }
  throw misled(request, 'too many addresses in a row');
}

function misled({ server }: HttpRequest, where: string): RegistryFailure {
  return new RegistryFailure('unknown', `${server} redirects to ${where}`);
}

/** Source: RFC 9110, 10.2.3: seconds, or a date. */
function secondsOf(retryAfter: string | undefined, now: number): number | null {
  if (retryAfter === undefined) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil(date / 1000) - now);
}

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/** Codes of Node's parser for HTTP begin with HPE. */
const UNREADABLE = /^(HPE_.*|TOO_MANY_INTERIM_ANSWERS|BAD_ENCODING)$/;
const TLS = /CERT|TLS|SSL|EPROTO|SIGNATURE|ISSUER/;

function isBrokenConnection(error: unknown): boolean {
  return BROKEN.has(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function networkFailure(error: unknown, request: HttpRequest): RegistryFailure {
  const { server, signal } = request;
  if (signal.aborted) return new RegistryFailure('unknown', `${server} did not answer in time`);
  const code = codeOf(error) ?? 'no reason given';
  return new RegistryFailure('unknown', `${server} ${wordsOf(code, request)}`);
}

function wordsOf(code: ExchangeCode | (string & {}), { url, maxBytes }: HttpRequest): string {
  if (code === 'BODY_TOO_LONG') return `answered with more than ${maxBytes} bytes`;
  if (code === 'ERR_INVALID_CHAR') return 'was not asked: the stored login contains characters that are not allowed';
  if (UNREADABLE.test(code)) return `sent an answer that cannot be read (${code})`;
  const isTls = !isThisMachine(new URL(url).hostname) && TLS.test(code);
  const what = isTls ? 'cannot be reached safely: its certificate or encryption is invalid' : 'cannot be reached';
  return `${what} (${code})`;
}
