import type { Clock } from '../../core/clock.ts';
import { isThisMachine, mayLeadTo } from './address.ts';
import { RegistryFailure } from './failure.ts';

/** Effects that a registry client needs; tests replace them. */
export interface HttpEffects {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Waits for so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Limit of the body; a longer one is a failure. */
  readonly maxBytes: number;
  /** Name of the server in messages: `ghcr.io`. */
  readonly server: string;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty for HEAD. */
  readonly bytes: Uint8Array;
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

/** Follows redirects and returns the final answer with its body. */
async function follow(network: HttpEffects, request: HttpRequest): Promise<HttpAnswer> {
  const { origin } = new URL(request.url);
  let { url } = request;
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const { authorization, ...others } = request.headers;
    const keeps = authorization !== undefined && new URL(url).origin === origin;
    const response = await network.fetch(url, {
      method: request.method,
      headers: keeps ? { ...others, authorization } : others,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: request.signal,
    });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      const bytes = await read(response, request);
      const retryAfter = secondsOf(response.headers.get('retry-after'), network.clock());
      return { status: response.status, headers: response.headers, bytes, retryAfter };
    }
    await response.body?.cancel();
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

async function read(response: Response, { method, maxBytes, server }: HttpRequest): Promise<Uint8Array> {
  const { body } = response;
  // The content length of HEAD is that of GET.
  if (body === null || method === 'HEAD') return new Uint8Array();
  const tooLong = () => new RegistryFailure('unknown', `${server} answered with more than ${maxBytes} bytes`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (Number(response.headers.get('content-length')) > maxBytes) {
    await body.cancel();
    throw tooLong();
  }
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    length += chunk.length;
    // Leaving the loop cancels the stream and closes the connection.
    if (length > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Source: RFC 9110, 10.2.3: seconds, or a date. */
function secondsOf(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil(date / 1000) - now);
}

const BROKEN = /^(ECONNRESET|EPIPE|ETIMEDOUT|UND_ERR_SOCKET|UND_ERR_CONNECT_TIMEOUT|EAI_AGAIN)$/;

function isBrokenConnection(error: unknown): boolean {
  return BROKEN.test(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : undefined;
}

function networkFailure(error: unknown, { server, signal, url }: HttpRequest): RegistryFailure {
  if (signal.aborted) return new RegistryFailure('unknown', `${server} did not answer in time`);
  const code = codeOf(error);
  const isTls = !isThisMachine(new URL(url).hostname) && /CERT|TLS|SSL|SIGNATURE|ISSUER/.test(code ?? '');
  const what = isTls ? 'cannot be reached safely: its certificate or encryption is invalid' : 'cannot be reached';
  return new RegistryFailure('unknown', `${server} ${what} (${code ?? 'no reason given'})`);
}
