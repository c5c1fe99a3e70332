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
import { MAX_AHEAD } from '../status/kept.ts';
import { readBody } from './receiver.ts';

/** Secrets by cluster name; any of a cluster's secrets may sign. */
export type StatusSecrets = ReadonlyMap<string, readonly string[]>;

export type ReceivedCall =
  | { readonly outcome: 'too-large' | 'broken' | 'unsigned' | 'malformed' | 'foreign' | 'ignored' }
  /** Too old, or from a clock that is ahead of ours. `age` in seconds; negative if it is ahead. */
  | { readonly outcome: 'stale' | 'ahead'; readonly cluster: string; readonly age: number }
  | { readonly outcome: 'call'; readonly call: StatusCall | RecordedCall };

/**
 * Reads a call of a cluster. A cluster may report only about itself: the cluster is found by its secret, and the call
 * must name the same one. A replayed call is either too old or contains nothing new.
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
  // Always try all secrets, so that the timing does not show which one matched.
  const signers = [...secrets].filter(([, own]) =>
    own.map((secret) => isFrom(request.headers, body, secret)).includes(true),
  );
  if (signers.length === 0) return { outcome: 'unsigned' };
  const call = callOf(body.toString('utf8'));
  if (call === null || call === undefined) return { outcome: call === null ? 'malformed' : 'ignored' };
  if (!signers.some(([cluster]) => cluster === call.cluster)) return { outcome: 'foreign' };
  const { cluster, sentAt, observation } = call;
  const age = now - Math.max(sentAt, observation.at);
  if (age < -MAX_AHEAD) return { outcome: 'ahead', cluster, age };
  if (now - sentAt > CALL_SECONDS) return { outcome: 'stale', cluster, age: now - sentAt };
  return { outcome: 'call', call };
}

function isFrom(headers: IncomingMessage['headers'], body: Uint8Array, secret: string): boolean {
  const signed = SIGNATURE_HEADERS.map((name) => {
    const value = headers[name];
    return isSignedBy(body, typeof value === 'string' ? value : undefined, secret);
  });
  return [...signed, isBearer(headers.authorization, secret)].includes(true);
}

/** Null if the text is malformed; undefined for a reconciler's event that says nothing about a preview. */
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
 * Parses `main=secret other=secret`, the format of an environment variable. A name may occur twice while a secret is
 * replaced.
 *
 * @returns null if the text is malformed
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
