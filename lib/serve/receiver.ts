import type { IncomingMessage } from 'node:http';
import type { AppsBranch, Delivery, Trigger, WebhookSource } from '../forge/webhook.ts';

/** A delivery of more bytes is refused; those about pull requests have some ten thousand. */
export const MAX_BODY_BYTES = 5 * 1024 * 1024;

export type Received =
  | { readonly outcome: 'too-large' | 'unsigned' | 'ignored' | 'broken' | 'form'; readonly delivery: Delivery }
  | { readonly outcome: 'trigger'; readonly delivery: Delivery; readonly trigger: Trigger };

/**
 * Reads a delivery. Nothing of its body is looked at before its signature has been found right.
 *
 * @param secrets any of them may have signed, so that one can be replaced without losing a delivery
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
  // Each is tried, so that the time tells nothing of which one it was.
  if (!secrets.map((secret) => source.isAuthentic(headers, body, secret)).includes(true)) {
    return { outcome: 'unsigned', delivery: unproved };
  }
  const delivery = source.delivery(headers);
  if (/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    return { outcome: 'form', delivery };
  const trigger = source.trigger(body, apps, headers);
  return trigger === null ? { outcome: 'ignored', delivery } : { outcome: 'trigger', delivery, trigger };
}

/** Null for a body that is too large; undefined for one that did not come to its end. */
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
