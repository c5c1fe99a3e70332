import type { Fix } from './finding.ts';

/**
 * Why a run stopped. Each code has its own exit code, so that callers can use either.
 *
 * | code | exit | meaning |
 * |---|---|---|
 * | `failed` | 1 | something failed; the message says what to do |
 * | `invalid-input` | 2 | a file or an argument is wrong; nothing was written |
 * | `denied` | 3 | a policy denies it; nothing was written to the apps repo |
 * | `unreachable` | 4 | a server did not answer, or others kept changing the branch; safe to run again |
 */
export type ErrorCode = 'failed' | 'invalid-input' | 'denied' | 'unreachable';

/** The exit code of each {@link ErrorCode}; 0 means success. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  failed: 1,
  'invalid-input': 2,
  denied: 3,
  unreachable: 4,
};

/** A place in a text file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem of an input: where, what was found, what is allowed. */
export interface Problem extends Partial<Position> {
  /** Path of the field as in the file: `spec.port`, `spec.env.LOG_LEVEL`. */
  readonly field?: string;
  /** One sentence without the position, e.g. `must be at most 65535; found 99999`. */
  readonly message: string;
  /** A probable correction. @default - none is known */
  readonly fix?: Fix;
}

/** The only error class: a code, a message for people, and all problems of the run. */
export class GreenroomError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  /** Whether the platform is at fault (its settings, extensions or apps repo), so that a maker cannot fix it. */
  readonly isPlatforms: boolean;
  /** Unix seconds; a retry before that is useless. @default - it may be retried at once */
  readonly until: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      problems?: readonly Problem[];
      cause?: unknown;
      until?: number | undefined;
      isPlatforms?: boolean;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GreenroomError';
    this.code = code;
    this.problems = options.problems ?? [];
    this.isPlatforms = options.isPlatforms ?? false;
    this.until = options.until;
  }
}

/** `file:line:column: field: message`, without the unknown parts. */
export function formatProblem(p: Problem): string {
  const place = [p.file, p.line, p.column].filter((x) => x !== undefined).join(':');
  return [place, p.field, p.message].filter(Boolean).join(': ');
}

/** An `invalid-input` error whose message lists every problem on its own line. */
export function invalidInput(problems: readonly Problem[], cause?: unknown): GreenroomError {
  return new GreenroomError('invalid-input', problems.map(formatProblem).join('\n'), { problems, cause });
}

/** The same for problems that the platform team must fix. */
export function platformAtFault(problems: readonly Problem[], cause?: unknown): GreenroomError {
  const message = problems.map(formatProblem).join('\n');
  return new GreenroomError('invalid-input', message, { problems, cause, isPlatforms: true });
}

/** Any failure as the platform's own, e.g. of what is read before a pull request is looked at. */
export function asPlatforms(error: unknown): unknown {
  if (!(error instanceof GreenroomError) || error.isPlatforms) return error;
  const { code, message, problems, until } = error;
  return new GreenroomError(code, message, { problems, cause: error, until, isPlatforms: true });
}

/** Runs `work` and turns its errors about bad input into errors that the platform team must fix. */
export function blamingPlatform<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    throw platformAtFault(error.problems, error);
  }
}
