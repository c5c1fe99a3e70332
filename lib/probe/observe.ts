import type { Observation } from '../status/observation.ts';
import { ingressPage } from './ingress.ts';
import type { ProbeAnswer } from './probe.ts';

/** A host name that no preview has: only the ingress itself answers there. */
export const NO_PREVIEW = 'greenroom-none';

export interface ProbeContext {
  readonly headSha: string;
  /** Unix seconds: time of the request. */
  readonly at: number;
  /** The ingress's answer for {@link NO_PREVIEW}. @default - not requested */
  readonly control?: ProbeAnswer;
}

/** What an answer says about the preview; null if nothing. */
export function observe(answer: ProbeAnswer, { headSha, at, control }: ProbeContext): Observation | null {
  const base = { source: 'probe', headSha, at } as const;
  const fault = (reason: string, facts: Observation['facts'] = {}): Observation => {
    return { ...base, condition: 'not-working', reason, facts };
  };
  switch (answer.kind) {
    case 'not-asked':
      return null;
    case 'elsewhere':
      return { ...base, condition: 'ready' };
    case 'certificate':
      return fault('certificate');
    case 'no-answer':
      // If even the ingress does not answer, we may be outside of the company's DNS or network.
      return hasAnswered(control) ? fault('no-address') : null;
    case 'answer': {
      const { status, server, body } = answer;
      const page = ingressPage(status, server, body);
      if (page?.means === 'nothing' || isSame(answer, control)) return fault('nothing-shown', { status });
      if (page?.means === 'no-app') return fault('no-backend', { status });
      if (status >= 500) return fault('answers-status', { status });
      return { ...base, condition: 'ready' };
    }
  }
}

/** An ingress answers the same for a route that is not ready and for one that never existed. */
function isSame(answer: Extract<ProbeAnswer, { kind: 'answer' }>, control: ProbeAnswer | undefined): boolean {
  if (control?.kind !== 'answer' || control.status < 400) return false;
  return answer.status === control.status && answer.server === control.server && answer.body === control.body;
}

function hasAnswered(control: ProbeAnswer | undefined): boolean {
  return control !== undefined && control.kind !== 'no-answer' && control.kind !== 'not-asked';
}
