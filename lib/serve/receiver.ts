import type { IncomingMessage } from 'node:http';
import type { AppsBranch, Delivery, Trigger, WebhookSource } from '../forge/webhook.ts';

/** A larger delivery is refused, in bytes; deliveries about pull requests have about ten thousand. */
export const MAX_BODY_BYTES = 5 * 1024 * 1024;

export type Received =
  | { readonly outcome: 'too-large' | 'unsigned' | 'ignored' | 'broken' | 'form'; readonly delivery: Delivery }
  | { readonly outcome: 'trigger'; readonly delivery: Delivery; readonly trigger: Trigger };

/**
 * Reads a delivery. Its body is not parsed before the signature is verified.
 *
 * @param secrets any of them may have signed, so that a secret can be replaced without losing a delivery
 */
export async function receive(
  request: IncomingMessage,
  source: WebhookSource,
  secrets: readonly string[],
  apps: AppsBranch | null,
): Promise<Received> {
  const { headers } = request;
  const unproved: Delivery = { event: 'other', id: null };
  const body = await readBody(request);
  if (body === null) return { outcome: 'too-large', delivery: unproved };
  if (body === undefined) return { outcome: 'broken', delivery: unproved };
  // Always try all secrets, so that the timing does not show which one matched.
  if (!secrets.map((secret) => source.isAuthentic(headers, body, secret)).includes(true)) {
    return { outcome: 'unsigned', delivery: unproved };
  }
  const delivery = source.delivery(headers);
  if (/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    return { outcome: 'form', delivery };
  const trigger = source.trigger(body, apps, headers);
  return trigger === null ? { outcome: 'ignored', delivery } : { outcome: 'trigger', delivery, trigger };
}

/** Null if the body is too large; undefined if it was interrupted. */
export async function readBody(request: IncomingMessage, max = MAX_BODY_BYTES): Promise<Buffer | null | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > max) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size > max) return null;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
