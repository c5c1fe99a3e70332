import { lookup as systemLookup } from 'node:dns';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { kindOfAddress } from './addresses.ts';

/** Result of a request. */
export type ProbeAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly server: string; readonly body: string }
  /** A redirect to another host, which is not followed. */
  | { readonly kind: 'elsewhere'; readonly status: number }
  | { readonly kind: 'no-answer'; readonly why: 'name' | 'refused' | 'slow' | 'broken' }
  | { readonly kind: 'certificate' }
  /** Not requested, or the fault may be ours: says nothing about the preview. */
  | { readonly kind: 'not-asked'; readonly why: string };

export interface ProbeOptions {
  /** Whether private addresses are allowed. @default false */
  readonly allowPrivate?: boolean;
  /** Total milliseconds. @default 5000 */
  readonly timeout?: number;
  /** Name resolution. @default - the system's */
  readonly lookup?: LookupFunction;
  /** Additional trusted certificates, PEM. @default - none */
  readonly ca?: string;
}

export type Prober = (url: string, options?: ProbeOptions) => Promise<ProbeAnswer>;

const MAX_BODY = 16 * 1024;
const MAX_HEADERS = 16 * 1024;
const MAX_HOPS = 3;

/**
 * Requests an address once, as a browser would: bounded in time and bytes, redirects on the same host only, and never
 * to a forbidden address. The checked address is the one that is connected to.
 */
export const probe: Prober = async (url, options = {}) => {
  const until = Date.now() + (options.timeout ?? 5000);
  let target = new URL(url);
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const answer = await ask(target, until, options);
    if (answer.kind !== 'redirect') return answer;
    const next = URL.canParse(answer.location, target.href) ? new URL(answer.location, target) : null;
    const isSameHost = next?.host === target.host && ['http:', 'https:'].includes(next.protocol);
    if (!isSameHost) return { kind: 'elsewhere', status: answer.status };
    target = next;
  }
  return { kind: 'elsewhere', status: 310 };
};

type Hop = ProbeAnswer | { readonly kind: 'redirect'; readonly status: number; readonly location: string };

class Refused extends Error {}

function ask(url: URL, until: number, { allowPrivate = false, lookup = systemLookup, ca }: ProbeOptions): Promise<Hop> {
  const refusal = (address: string) => {
    const kind = kindOfAddress(address);
    if (kind === 'never' || (kind === 'private' && !allowPrivate)) {
      return new Refused(
        `${url.hostname} has a ${kind === 'private' ? 'private' : 'reserved'} address, to which no request is sent`,
      );
    }
    return null;
  };
  const guarded: LookupFunction = (hostname, lookupOptions, done) =>
    lookup(hostname, lookupOptions, (error, found, family) => {
      const all = Array.isArray(found) ? found : [{ address: found, family: family ?? 0 }];
      const refused = error ? null : all.map(({ address }) => refusal(address)).find((one) => one !== null);
      if (error || refused) done(error ?? refused!, '', 0);
      else done(null, found, family);
    });
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(hostname) === 0 ? null : refusal(hostname);
  if (literal !== null) return Promise.resolve({ kind: 'not-asked', why: literal.message });
  return new Promise((resolve) => {
    const send = url.protocol === 'http:' ? plainRequest : secureRequest;
    const request = send(url, {
      lookup: guarded,
      agent: false,
      maxHeaderSize: MAX_HEADERS,
      headers: { 'user-agent': 'greenroom-probe', accept: 'text/html,*/*;q=0.5', connection: 'close' },
      ...(ca === undefined ? {} : { ca }),
    });
    const timer = setTimeout(() => end({ kind: 'no-answer', why: 'slow' }), Math.max(1, until - Date.now()));
    const end = (answer: Hop) => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    request.on('error', (error: NodeJS.ErrnoException) => end(failureOf(error)));
    request.on('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      if (status >= 300 && status < 400 && headers.location !== undefined) {
        return end({ kind: 'redirect', status, location: headers.location });
      }
      readStart(response, (body) => end({ kind: 'answer', status, server: String(headers.server ?? ''), body }));
    });
    request.end();
  });
}

/** The first bytes identify the sender. An endless or interrupted body counts as an answer. */
function readStart(response: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = () => done(Buffer.concat(chunks).toString('utf8').slice(0, MAX_BODY));
  const patience = setTimeout(finish, 1000);
  const settle = () => {
    clearTimeout(patience);
    finish();
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_BODY) settle();
  });
  response.on('end', settle).on('error', settle).on('aborted', settle);
}

const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|ERROR_IN_CERT)/;
/** In the words of OpenSSL: how a server ends a handshake for which it has no certificate. */
const NO_CERTIFICATE = /unrecognized name|alert (handshake failure|internal error|access denied)/;

function failureOf(error: NodeJS.ErrnoException): ProbeAnswer {
  const { code = '' } = error;
  if (error instanceof Refused) return { kind: 'not-asked', why: error.message };
  if (CERTIFICATE.test(code) || NO_CERTIFICATE.test(error.message)) return { kind: 'certificate' };
  if (code === 'ENOTFOUND') return { kind: 'no-answer', why: 'name' };
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH') return { kind: 'no-answer', why: 'refused' };
  if (code === 'ECONNRESET' || code.startsWith('HPE_') || code === 'EPROTO')
    return { kind: 'no-answer', why: 'broken' };
  if (code === 'ETIMEDOUT') return { kind: 'no-answer', why: 'slow' };
  // A problem of our own DNS, network or files says nothing about the preview.
  return { kind: 'not-asked', why: code === '' ? error.message : code };
}
