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

export interface ExceptionReview {
  /** Those that hold now. */
  readonly honoured: readonly Exception[];
  /** Why each of the others does not, one sentence each. */
  readonly refused: readonly Problem[];
}

export interface LoadedExceptions {
  readonly exceptions: readonly Exception[];
  /** What is wrong with files that are no exceptions, such as one without an approver. They lift nothing. */
  readonly problems: readonly Problem[];
}

/**
 * Reads `exceptions/*.yaml`. One file that is wrong must not stop every preview, so that it is left out and told of.
 *
 * @param files text by path
 */
export function loadExceptions(files: FileSet): LoadedExceptions {
  const exceptions: Exception[] = [];
  const problems: Problem[] = [];
  for (const [path, text] of files) {
    try {
      exceptions.push(exceptionOf(loadDocument(exceptionSchema, text, path).value, path));
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
      problems.push(...error.problems);
    }
  }
  return { exceptions, problems };
}

export interface ReviewOptions {
  /** Unix seconds. */
  readonly now: number;
  /** Ids of the rules that there are. */
  readonly rules: ReadonlySet<string>;
  readonly platform: PlatformSpec;
}

/** What `exceptions/*.yaml` lift, and a sentence for each file and exception that lifts nothing. */
export function readExceptions(
  files: FileSet,
  { now, rules, platform }: Omit<ReviewOptions, 'rules'> & { readonly rules: readonly Rule[] },
): ExceptionReview {
  const { exceptions, problems } = loadExceptions(files);
  const review = reviewExceptions(exceptions, { now, platform, rules: new Set(rules.map(({ id }) => id)) });
  return { honoured: review.honoured, refused: [...problems, ...review.refused] };
}

/**
 * Sorts out the exceptions that hold. One that does not is no error of the run: it lifts nothing, and what it would
 * have lifted is found again.
 */
export function reviewExceptions(exceptions: readonly Exception[], options: ReviewOptions): ExceptionReview {
  const honoured: Exception[] = [];
  const refused: Problem[] = [];
  for (const exception of exceptions) {
    const problem = refusal(exception, options);
    if (problem === undefined) honoured.push(exception);
    else refused.push({ file: exception.file, ...problem });
  }
  return { honoured, refused };
}

function refusal(exception: Exception, { now, rules, platform }: ReviewOptions): Problem | undefined {
  const unknown = exception.rules.find((rule) => !rules.has(rule));
  if (unknown !== undefined) {
    return { field: 'spec.rules', message: `exception ${exception.name}: there is no rule ${unknown}` };
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
  for (const rule of exception.rules) {
    const fence = fenceAgainst(rule, platform);
    if (fence !== undefined) {
      return { field: 'spec.rule', message: `exception ${exception.name}: ${rule} cannot be lifted: ${fence}` };
    }
  }
  return isForNobody(exception, platform)
    ? { field: 'spec', message: `exception ${exception.name} is for nobody: no preview of this platform fits` }
    : undefined;
}

/** Whether no pull request of the platform's sources could make a preview that it covers. */
function isForNobody({ repository, preview }: Exception, { sources }: PlatformSpec): boolean {
  if (preview !== undefined) return !/^pr-.+-[1-9]\d*$/.test(preview);
  const [owner, name] = (repository ?? '').toLowerCase().split('/');
  return !sources.some(
    (source) =>
      source.owner.toLowerCase() === owner &&
      (source.repos === undefined || source.repos.some((repo) => repo.toLowerCase() === name)),
  );
}

/** Which preview is judged. */
export interface PreviewIdentity {
  /** `pr-shop-7` */
  readonly name: string;
  /** `owner/name` of the pull request's repository. */
  readonly repository: string;
}

/**
 * The same findings, those that an exception lifts marked with its name.
 *
 * @param honoured exceptions that {@link reviewExceptions} let through; the first that fits is named
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

function covers({ repository, preview }: Exception, judged: PreviewIdentity): boolean {
  return preview === undefined
    ? repository?.toLowerCase() === judged.repository.toLowerCase() // GitHub's names ignore case
    : preview === judged.name;
}
