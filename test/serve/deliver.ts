import { createHmac } from 'node:crypto';

export const SECRET = 'the-secret-of-the-webhook';

export function sign(body: string, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Delivers as GitHub does: signed with {@link SECRET}, unless a header says otherwise. */
export function deliver(
  url: string,
  event: string,
  payload: string | object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const github = { 'x-github-event': event, 'x-github-delivery': 'd-1', 'x-hub-signature-256': sign(body) };
  return fetch(`${url}/webhook`, { method: 'POST', body, headers: { ...github, ...headers } });
}
