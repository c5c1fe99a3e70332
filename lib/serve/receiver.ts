import type { IncomingMessage } from 'node:http';
import { type AppsBranch, isAuthentic, type Trigger, webhookTrigger } from '../github/webhook.ts';

/** A delivery of more bytes is refused; those about pull requests have some ten thousand. */
export const MAX_BODY_BYTES = 5 * 1024 * 1024;

/** Events that are listened to, and the one that GitHub sends to see whether anybody is there. */
const EVENTS = ['pull_request', 'issue_comment', 'push', 'ping'];

export interface Delivery {
  /** Name of the event where it is one of ours, else `other`. */
  readonly event: string;
  /** GitHub's id of the delivery, to find it again; null when there is none in its form. */
  readonly id: string | null;
}

export type Received =
  | { readonly outcome: 'too-large' | 'unsigned' | 'ignored' | 'broken'; readonly delivery: Delivery }
  | { readonly outcome: 'trigger'; readonly delivery: Delivery; readonly trigger: Trigger };

/**
 * Reads a delivery. Nothing of its body is looked at before its signature has been found right.
 *
 * @param secrets any of them may have signed, so that one can be replaced without losing a delivery
 */
export async function receive(
  request: IncomingMessage,
  secrets: readonly string[],
  apps: AppsBranch | null,
): Promise<Received> {
  const header = (name: string) => [request.headers[name]].flat()[0];
  const event = header('x-github-event') ?? '';
  const id = header('x-github-delivery') ?? '';
  const unproved: Delivery = { event: 'other', id: null };
  const body = await readBody(request);
  if (body === null) return { outcome: 'too-large', delivery: unproved };
  if (body === undefined) return { outcome: 'broken', delivery: unproved };
  const signature = header('x-hub-signature-256');
  // Each is tried, so that the time tells nothing of which one it was.
  if (!secrets.map((secret) => isAuthentic(body, signature, secret)).includes(true)) {
    return { outcome: 'unsigned', delivery: unproved };
  }
  const delivery = { event: EVENTS.includes(event) ? event : 'other', id: /^[\w-]{1,64}$/.test(id) ? id : null };
  const trigger = webhookTrigger(event, body, apps);
  return trigger === null ? { outcome: 'ignored', delivery } : { outcome: 'trigger', delivery, trigger };
}

/** Null for a body that is too large; undefined for one that did not come to its end. */
async function readBody(request: IncomingMessage): Promise<Buffer | null | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return null;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length;
      if (size > MAX_BODY_BYTES) return null;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}
