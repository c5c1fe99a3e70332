import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface ExchangeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Limit of the body of a successful answer, as sent and as decoded. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface ExchangeAnswer {
  readonly status: number;
  /** Names in lower case; a header that was sent several times is joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded; empty for HEAD. Of an error or a redirect only the first 64 KiB. */
  readonly bytes: Uint8Array;
}

/**
 * Sends one request and reads its answer. Redirects are not followed.
 *
 * @throws Error with a `code`: of Node's http, tls, dns or zlib, or an `ExchangeCode`
 */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeAnswer>;

export type ExchangeCode = 'BODY_TOO_LONG' | 'TOO_MANY_INTERIM_ANSWERS' | 'BAD_ENCODING' | 'NO_ANSWER';

const MAX_ERROR_BYTES = 64 * 1024;
const MAX_INTERIM_ANSWERS = 10;
/** Some registries refuse clients without a name. Nobody is asked to encode, since bytes are hashed as they are stored. */
const OWN_HEADERS = { 'user-agent': 'greenroom', 'accept-encoding': 'identity' };

/**
 * Uses `node:http`, which needs less than half of the processor time of `fetch` and keeps connections after HEAD and
 * redirects. Node's global agents keep the connections, and know the proxy if Node uses one.
 */
export const nodeExchange: Exchange = async (request) => {
  const open = request.url.startsWith('https:') ? secureRequest : plainRequest;
  const answer = await attempt(open, request);
  const encoding = answer.headers['content-encoding'];
  if (encoding === undefined || answer.bytes.length === 0) return answer;
  return { ...answer, bytes: await decode(answer.bytes, encoding, request.maxBytes) };
};

function attempt(open: typeof plainRequest, request: ExchangeRequest): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const { method, url, headers, body, signal } = request;
    const sent = open(url, { method, headers: { ...OWN_HEADERS, ...headers }, signal });
    let [answer, interim]: [IncomingMessage | undefined, number] = [undefined, 0];
    sent.on('information', () => {
      if (++interim > MAX_INTERIM_ANSWERS) sent.destroy(coded('TOO_MANY_INTERIM_ANSWERS'));
    });
    sent.on('response', (response) => {
      answer = response;
      resolve(read(response, request));
    });
    sent.on('error', (error) => {
      if (answer !== undefined) answer.destroy(error);
      // A server may close an idle connection at this moment. Each one is tried once, then a new one.
      else if (sent.reusedSocket && interim === 0 && isClosed(error)) resolve(attempt(open, request));
      else reject(error);
    });
    // Without an error, as after an answer 101.
    sent.on('close', () => {
      if (answer === undefined) reject(coded('NO_ANSWER'));
    });
    sent.end(body);
  });
}

function isClosed({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function read(response: IncomingMessage, { method, maxBytes }: ExchangeRequest): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    const status = response.statusCode ?? 0;
    // Only set-cookie is a list, which nothing here reads.
    const headers = response.headers as ExchangeAnswer['headers'];
    const isGood = status >= 200 && status < 300;
    const limit = isGood ? maxBytes : MAX_ERROR_BYTES;
    const chunks: Buffer[] = [];
    let length = 0;
    const done = () => resolve({ status, headers, bytes: Buffer.concat(chunks) });
    response.on('error', reject);
    response.on('end', done);
    response.on('close', () => {
      if (!response.complete) reject(coded('NO_ANSWER'));
    });
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      if (!isGood) done();
      response.destroy(coded('BODY_TOO_LONG'));
    });
    // The length in an answer to HEAD is that of GET.
    if (method === 'HEAD') done();
    else if (isGood && Number(headers['content-length']) > limit) response.destroy(coded('BODY_TOO_LONG'));
  });
}

/** Some proxies encode even if they are not asked to. */
async function decode(bytes: Uint8Array, encoding: string, maxOutputLength: number): Promise<Uint8Array> {
  const { gunzip, inflate, brotliDecompress } = await import('node:zlib');
  const decoders = new Map([
    ['gzip', gunzip],
    ['x-gzip', gunzip],
    ['deflate', inflate],
    ['br', brotliDecompress],
  ]);
  const name = encoding.trim().toLowerCase();
  const decoder = decoders.get(name);
  if (name === 'identity') return bytes;
  if (decoder === undefined) throw coded('BAD_ENCODING');
  return new Promise((resolve, reject) => {
    decoder(bytes, { maxOutputLength }, (error, decoded) => {
      if (error === null) resolve(decoded);
      else reject(coded('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? 'BODY_TOO_LONG' : 'BAD_ENCODING'));
    });
  });
}

function coded(code: ExchangeCode): Error {
  return Object.assign(new Error(code), { code });
}
