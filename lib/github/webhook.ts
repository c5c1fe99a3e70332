import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RepositoryRef } from '../forge/forge.ts';

/** Which pull request a delivery is about. A hint and no more: its state is read anew. */
export interface WebhookHint {
  readonly repository: RepositoryRef;
  readonly number: number;
}

/**
 * Whether a delivery comes from who knows the secret. To be asked before anything of it is parsed.
 *
 * @param body the raw bytes, as they came
 * @param signature the header `x-hub-signature-256`
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function isAuthentic(body: Uint8Array, signature: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/.exec(signature ?? '')?.[1];
  // Anyone can sign with no secret.
  if (given === undefined || secret === '') return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest());
}

/**
 * The pull request of an authentic delivery; null for an event that is about none, and for a body out of shape.
 *
 * @param event the header `x-github-event`
 */
export function webhookHint(event: string, body: Uint8Array): WebhookHint | null {
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
  const { repository, pull_request, issue } = fields(payload);
  const { name, owner } = fields(repository);
  const { login } = fields(owner);
  // An issue's event is about a pull request when it says so.
  const number =
    event === 'pull_request'
      ? fields(pull_request)['number']
      : event === 'issue_comment' && fields(issue)['pull_request'] !== undefined
        ? fields(issue)['number']
        : undefined;
  if (typeof name !== 'string' || typeof login !== 'string') return null;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) return null;
  return { repository: { owner: login, name }, number };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
