import { formatTime } from '../core/clock.ts';
import { GreenroomError, type Problem } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { type Exception, exceptionOf, exceptionSchema } from '../model/exception.ts';
import { loadDocument } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import { fenceAgainst } from './fenced.ts';
import type { Rule } from './rule.ts';

const MAX_DAYS = 90;

export interface ExceptionOptions {
  /** Unix seconds. */
  readonly now: number;
  /** All rules. */
  readonly rules: readonly Rule[];
  readonly platform: PlatformSpec;
}

export interface LoadedExceptions {
  /** Exceptions that are valid now. */
  readonly honoured: readonly Exception[];
  /** Why the others are not valid, one sentence each. */
  readonly refused: readonly Problem[];
  /** Problems of invalid files, such as an exception without an approver. */
  readonly malformed: readonly Problem[];
}

/**
 * Reads `exceptions/*.yaml` and selects the valid ones. An invalid exception does not fail the run: it must not stop
 * all previews, and the findings that it would have excepted are reported again.
 *
 * @param files text by path
 */
export function loadExceptions(files: FileSet, options: ExceptionOptions): LoadedExceptions {
  const { exceptions, malformed } = parseExceptions(files);
  const known = new Map(options.rules.map((rule) => [rule.id, rule]));
  const honoured: Exception[] = [];
  const refused: Problem[] = [];
  for (const exception of exceptions) {
    const problem = refusal(exception, options, known);
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

function refusal(
  exception: Exception,
  { now, platform }: ExceptionOptions,
  rules: ReadonlyMap<string, Rule>,
): Problem | undefined {
  const unknown = exception.rules.find((rule) => !rules.has(rule));
  if (unknown !== undefined) {
    return { field: 'spec.rules', message: `exception ${exception.name}: there is no rule ${unknown}` };
  }
  const fixed = exception.rules.find((rule) => rules.get(rule)?.always === true);
  if (fixed !== undefined) {
    const message = `exception ${exception.name}: no exception from ${fixed} is possible, since other controls depend on it`;
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
      message: `exception ${exception.name} would be valid until ${formatTime(exception.until)}; at most ${MAX_DAYS} days are allowed`,
    };
  }
  for (const rule of exception.rules) {
    const fence = fenceAgainst(rule, platform);
    if (fence !== undefined) {
      return { field: 'spec.rule', message: `exception ${exception.name}: ${rule} cannot be turned off: ${fence}` };
    }
  }
  return isForNobody(exception, platform)
    ? { field: 'spec', message: `exception ${exception.name} has no effect: it matches no preview of this platform` }
    : undefined;
}

/** Whether no pull request of the platform's sources could have a preview that it covers. */
function isForNobody({ repository, preview }: Exception, { sources }: PlatformSpec): boolean {
  if (preview !== undefined) return !/^pr-.+-[1-9]\d*$/.test(preview);
  const [owner, name] = (repository ?? '').toLowerCase().split('/');
  return !sources.some(
    (source) =>
      source.owner.toLowerCase() === owner &&
      (source.repos === undefined || source.repos.some((repo) => repo.toLowerCase() === name)),
  );
}

/** The preview that is checked. */
export interface PreviewIdentity {
  /** `pr-shop-7` */
  readonly name: string;
  /** `owner/name` of the pull request's repository. */
  readonly repository: string;
}

/**
 * The same findings, with the exception's name on those that are excepted.
 *
 * @param honoured valid exceptions from {@link loadExceptions}; the first match is named
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
