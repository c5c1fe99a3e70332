import type { IncomingMessage } from 'node:http';
import { ALL_RECONCILERS } from '../reconcilers/index.ts';
import {
  CALL_SECONDS,
  isBearer,
  isSignedBy,
  MAX_CALL_BYTES,
  parseCall,
  type RecordedCall,
  SIGNATURE_HEADERS,
  type StatusCall,
} from '../status/call.ts';
import { readBody } from './receiver.ts';

/** Secrets of each cluster by its name, any of which may sign. */
export type StatusSecrets = ReadonlyMap<string, readonly string[]>;

export type ReceivedCall =
  | { readonly outcome: 'too-large' | 'broken' | 'unsigned' | 'malformed' | 'foreign' | 'stale' | 'ignored' }
  | { readonly outcome: 'call'; readonly call: StatusCall | RecordedCall };

/**
 * Reads a call of a cluster. A cluster speaks for itself alone: its secret is looked for first, and what it says must
 * name the same cluster. A call that is repeated later is too old, or says nothing new.
 *
 * @param now unix seconds
 */
export async function receiveCall(
  request: IncomingMessage,
  secrets: StatusSecrets,
  now: number,
): Promise<ReceivedCall> {
  const body = await readBody(request, MAX_CALL_BYTES);
  if (body === null) return { outcome: 'too-large' };
  if (body === undefined) return { outcome: 'broken' };
  // All are tried, so that the time tells nothing of which one it was.
  const signers = [...secrets].filter(([, own]) =>
    own.map((secret) => isFrom(request.headers, body, secret)).includes(true),
  );
  if (signers.length === 0) return { outcome: 'unsigned' };
  const call = callOf(body.toString('utf8'));
  if (call === null || call === undefined) return { outcome: call === null ? 'malformed' : 'ignored' };
  if (!signers.some(([cluster]) => cluster === call.cluster)) return { outcome: 'foreign' };
  const isOld = Math.abs(now - call.sentAt) > CALL_SECONDS || call.observation.at > now + CALL_SECONDS;
  return isOld ? { outcome: 'stale' } : { outcome: 'call', call };
}

function isFrom(headers: IncomingMessage['headers'], body: Uint8Array, secret: string): boolean {
  const signed = SIGNATURE_HEADERS.map((name) => {
    const value = headers[name];
    return isSignedBy(body, typeof value === 'string' ? value : undefined, secret);
  });
  return [...signed, isBearer(headers.authorization, secret)].includes(true);
}

/** Null for text out of shape; undefined for an event of a reconciler that says nothing of a preview. */
function callOf(text: string): StatusCall | RecordedCall | null | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  for (const { toldBy } of ALL_RECONCILERS) {
    const told = toldBy?.(data);
    if (told !== undefined) return told === null ? undefined : parseCall(told);
  }
  return parseCall(data);
}

/**
 * `main=secret other=secret`, as an environment variable holds it; a name may stand there twice while a secret is replaced.
 *
 * @returns null for text out of shape
 */
export function parseSecrets(text: string): StatusSecrets | null {
  const found = new Map<string, string[]>();
  for (const pair of text.split(/[\s,]+/).filter(Boolean)) {
    const [, cluster, secret] = /^([a-z0-9-]{1,63})=(\S{16,})$/.exec(pair) ?? [];
    if (cluster === undefined || secret === undefined) return null;
    found.set(cluster, [...(found.get(cluster) ?? []), secret]);
  }
  return found;
}
