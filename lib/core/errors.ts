import type { Fix } from './finding.ts';

/**
 * Why a run stopped. Each code belongs to one exit code, so that callers can branch on either.
 *
 * | code | exit | meaning |
 * |---|---|---|
 * | `failed` | 1 | it went wrong on our side; the message says what to do |
 * | `invalid-input` | 2 | a file or an argument is wrong; nothing was written |
 * | `denied` | 3 | a policy refuses it; nothing was written to the apps repo |
 * | `unreachable` | 4 | the other side did not answer, or kept changing under us; safe to run again |
 */
export type ErrorCode = 'failed' | 'invalid-input' | 'denied' | 'unreachable';

/** The exit code of each {@link ErrorCode}; 0 is for a run that did what it was asked. */
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

/** One thing that is wrong with an input: where, what was found, what is allowed. */
export interface Problem extends Partial<Position> {
  /** Path of the field, in the words of the file: `spec.port`, `spec.env.LOG_LEVEL`. */
  readonly field?: string;
  /** One sentence without the place, e.g. `must be at most 65535; found 99999`. */
  readonly message: string;
  /** The line as it was probably meant. @default - nobody can tell */
  readonly fix?: Fix;
}

/** The one error class: a closed code, a sentence for people, and all problems of the run at once. */
export class GreenroomError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  /** Whether the platform's own side is at fault (its settings, its extensions, its apps repo): no maker can mend it. */
  readonly isPlatforms: boolean;
  /** Unix seconds before which it is in vain to try again. @default - it may be tried at once */
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

/** `file:line:column: field: message`, leaving out what is not known. */
export function formatProblem(p: Problem): string {
  const place = [p.file, p.line, p.column].filter((x) => x !== undefined).join(':');
  return [place, p.field, p.message].filter(Boolean).join(': ');
}

/** An `invalid-input` error whose message lists every problem, one a line. */
export function invalidInput(problems: readonly Problem[], cause?: unknown): GreenroomError {
  return new GreenroomError('invalid-input', problems.map(formatProblem).join('\n'), { problems, cause });
}

/** The same for what the platform team has to mend. */
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

/** What a reader of files or a piece of work throws for bad input, as the platform team's to mend; the rest as it is. */
export function blamingPlatform<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    throw platformAtFault(error.problems, error);
  }
}
