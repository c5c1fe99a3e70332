import { SIGNATURE_HEADER, type StatusCall, signatureOf } from '../status/call.ts';

/** Sends signed observations to `serve`. @throws Error with a sentence if a call was not accepted */
export function sender(url: string, secret: string): (call: StatusCall) => Promise<void> {
  return async (call) => {
    const body = JSON.stringify(call);
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signatureOf(body, secret) },
      signal: AbortSignal.timeout(15_000),
    }).catch((error: unknown) => {
      throw new Error(`${url} does not answer: ${error instanceof Error ? error.message : String(error)}`);
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  };
}
