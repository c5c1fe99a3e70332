import type { IncomingMessage } from 'node:http';
import {
  CALL_SECONDS,
  isSignedBy,
  MAX_CALL_BYTES,
  parseCall,
  SIGNATURE_HEADER,
  type StatusCall,
} from '../status/call.ts';
import { readBody } from './receiver.ts';

/** Secrets of each cluster by its name, any of which may sign. */
export type StatusSecrets = ReadonlyMap<string, readonly string[]>;

export type ReceivedCall =
  | { readonly outcome: 'too-large' | 'broken' | 'unsigned' | 'malformed' | 'foreign' | 'stale' }
  | { readonly outcome: 'call'; readonly call: StatusCall };

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
  const header = request.headers[SIGNATURE_HEADER];
  const signature = typeof header === 'string' ? header : undefined;
  // All are tried, so that the time tells nothing of which one it was.
  const signers = [...secrets].filter(([, own]) =>
    own.map((secret) => isSignedBy(body, signature, secret)).includes(true),
  );
  if (signers.length === 0) return { outcome: 'unsigned' };
  const call = parseCall(body.toString('utf8'));
  if (call === null) return { outcome: 'malformed' };
  if (!signers.some(([cluster]) => cluster === call.cluster)) return { outcome: 'foreign' };
  const isOld = Math.abs(now - call.sentAt) > CALL_SECONDS || call.observation.at > now + CALL_SECONDS;
  return isOld ? { outcome: 'stale' } : { outcome: 'call', call };
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
