import { printable } from '../core/text.ts';
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
    const why = await startOf(response);
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}${why === '' ? '' : `: ${why}`}`);
  };
}

const MAX_ANSWER = 2000;

/** The first characters of an answer; the rest is not read. @throws Error if it breaks off */
async function startOf({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader !== undefined && text.length < MAX_ANSWER) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return printable(text.slice(0, MAX_ANSWER), 200);
}
