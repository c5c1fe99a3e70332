import { formatTime } from '../core/clock.ts';
import { GreenroomError, type Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { type Exception, exceptionOf, exceptionSchema } from '../model/exception.ts';
import { loadDocument } from '../model/load.ts';
import type { Rule } from './rule.ts';

const MAX_DAYS = 90;

export interface ExceptionOptions {
  /** Unix seconds. */
  readonly now: number;
  /** The rules that there are. */
  readonly rules: readonly Rule[];
}

export interface LoadedExceptions {
  /** Those that hold now. */
  readonly honoured: readonly Exception[];
  /** Why each of the others does not, one sentence each. */
  readonly refused: readonly Problem[];
  /** What is wrong with files that are no exceptions, such as one without an approver. */
  readonly malformed: readonly Problem[];
}

/**
 * Reads `exceptions/*.yaml` and sorts out those that hold. One that does not is no error of the run: it must not stop
 * every preview, and what it would have excepted is found again.
 *
 * @param files text by path
 */
export function loadExceptions(files: FileSet, { now, rules }: ExceptionOptions): LoadedExceptions {
  const { exceptions, malformed } = parseExceptions(files);
  const known = new Map(rules.map((rule) => [rule.id, rule]));
  const honoured: Exception[] = [];
  const refused: Problem[] = [];
  for (const exception of exceptions) {
    const problem = refusal(exception, now, known);
    if (problem === undefined) honoured.push(exception);
    else refused.push({ file: exception.file, ...problem });
  }
  return { honoured, refused, malformed };
}

function parseExceptions(files: FileSet): { exceptions: Exception[]; malformed: Problem[] } {
  const exceptions: Exception[] = [];
  const malformed: Problem[] = [];
  for (const [path, text] of files) {
    try {
      exceptions.push(exceptionOf(loadDocument(exceptionSchema, text, path).value, path));
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
      malformed.push(...error.problems);
    }
  }
  return { exceptions, malformed };
}

function refusal(exception: Exception, now: number, rules: ReadonlyMap<string, Rule>): Problem | undefined {
  const unknown = exception.rules.find((rule) => !rules.has(rule));
  if (unknown !== undefined) {
    return { field: 'spec.rules', message: `exception ${exception.name}: there is no rule ${unknown}` };
  }
  const fixed = exception.rules.find((rule) => rules.get(rule)?.always === true);
  if (fixed !== undefined) {
    const message = `exception ${exception.name}: there is no exception from ${fixed}, since other controls stand on it`;
    return { field: 'spec.rules', message };
  }
  if (exception.until <= now) {
    return {
      field: 'spec.until',
      message: `exception ${exception.name} ended at ${formatTime(exception.until)}; ask ${exception.approver} for a new one or delete it`,
    };
  }
  if (exception.until > now + MAX_DAYS * 86_400) {
    return {
      field: 'spec.until',
      message: `exception ${exception.name} would hold until ${formatTime(exception.until)}; it may hold ${MAX_DAYS} days at most`,
    };
  }
  return undefined;
}

/** Which preview is checked. */
export interface PreviewIdentity {
  /** `pr-shop-7` */
  readonly name: string;
  /** `owner/name` of the pull request's repository. */
  readonly repository: string;
}

/**
 * The same findings, those that an exception lifts marked with its name.
 *
 * @param honoured exceptions that {@link loadExceptions} let through; the first that fits is named
 */
export function applyExceptions(
  findings: readonly Finding[],
  preview: PreviewIdentity,
  honoured: readonly Exception[],
): Finding[] {
  const fitting = honoured.filter((exception) => covers(exception, preview));
  return findings.map((finding) => {
    const exception = fitting.find(({ rules }) => rules.includes(finding.rule));
    return exception === undefined ? finding : { ...finding, exception: exception.name };
  });
}

function covers({ repository, preview }: Exception, candidate: PreviewIdentity): boolean {
  return preview === undefined
    ? repository?.toLowerCase() === candidate.repository.toLowerCase() // GitHub's names ignore case
    : preview === candidate.name;
}
