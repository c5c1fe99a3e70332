import type { Answer } from './reader.ts';

/** `unknown`: could not look, which is never the same as nothing wrong. */
export type Status = 'ok' | 'warn' | 'fail' | 'unknown';

/** What one check saw in a cluster. */
export interface Observation {
  /** Stable id of the check, such as `impersonation`. */
  readonly check: string;
  readonly status: Status;
  /** One sentence: what is so. */
  readonly message: string;
  /** One sentence: what to do about it. @default - nothing to do */
  readonly fix?: string;
}

export const ok = (check: string, message: string): Observation => ({ check, status: 'ok', message });
export const warn = (check: string, message: string, fix: string): Observation => ({
  check,
  status: 'warn',
  message,
  fix,
});
export const fail = (check: string, message: string, fix: string): Observation => ({
  check,
  status: 'fail',
  message,
  fix,
});

/** For an answer that says why nothing could be seen. */
export function couldNotLook(check: string, what: string, answer: Extract<Answer, { kind: 'refused' }>): Observation {
  return {
    check,
    status: 'unknown',
    message: `could not look at ${what}: ${answer.reason}`,
    fix: 'Run doctor as somebody who may read it.',
  };
}

/** `a, b, c and 4 more`. */
export function names(all: readonly string[], most = 3): string {
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}
