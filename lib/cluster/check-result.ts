import type { ClusterAnswer } from './reader.ts';

/** `unknown` means that the check could not read the cluster; it is never treated as `ok`. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown';

/** The result of one check in a cluster. */
export interface CheckResult {
  /** Stable id of the check, such as `impersonation`. */
  readonly check: string;
  readonly status: CheckStatus;
  /** One sentence: what was found. */
  readonly message: string;
  /** One sentence: what to do. @default - nothing to do */
  readonly fix?: string;
}

export const ok = (check: string, message: string): CheckResult => ({ check, status: 'ok', message });
export const warn = (check: string, message: string, fix: string): CheckResult => ({
  check,
  status: 'warn',
  message,
  fix,
});
export const fail = (check: string, message: string, fix: string): CheckResult => ({
  check,
  status: 'fail',
  message,
  fix,
});

/** The result if the API server refused the answer. */
export function couldNotRead(
  check: string,
  what: string,
  answer: Extract<ClusterAnswer, { kind: 'refused' }>,
): CheckResult {
  return {
    check,
    status: 'unknown',
    message: `could not read ${what}: ${answer.reason}`,
    fix: 'Run doctor with an account that may read it.',
  };
}

/** `a, b, c and 4 more`. */
export function names(all: readonly string[], most = 3): string {
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
}
