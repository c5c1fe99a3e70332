import type { Observation } from '../status/observation.ts';
import { ingressPage } from './ingress.ts';
import type { Answer } from './probe.ts';

/** A name that no preview has: what answers there is the ingress itself. */
export const NO_PREVIEW = 'greenroom-none';

export interface Asked {
  readonly headSha: string;
  /** Unix seconds: when it was asked. */
  readonly at: number;
  /** What the ingress answers for {@link NO_PREVIEW}. @default - nobody asked */
  readonly control?: Answer;
}

/** What an answer says of the preview; null for nothing. */
export function observe(answer: Answer, { headSha, at, control }: Asked): Observation | null {
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
      // Where not even the ingress answers, we may be the ones who do not see it: names and networks of a company's own.
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

/** An ingress knows no difference between an address that is not set up and one that never was. */
function isSame(answer: Extract<Answer, { kind: 'answer' }>, control: Answer | undefined): boolean {
  if (control?.kind !== 'answer' || control.status < 400) return false;
  return answer.status === control.status && answer.server === control.server && answer.body === control.body;
}

function hasAnswered(control: Answer | undefined): boolean {
  return control !== undefined && control.kind !== 'no-answer' && control.kind !== 'not-asked';
}
