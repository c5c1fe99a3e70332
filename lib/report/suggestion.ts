import { sha256 } from '../core/digest.ts';
import type { Problem } from '../core/errors.ts';
import type { Finding, Fix } from '../core/finding.ts';
import { code, sentence, withoutMarkers } from './text.ts';

/** A review comment with a suggested change. */
export interface SuggestionText {
  /** First line of the comment. It names the content and not the line, so the suggestion is not repeated if lines move. */
  readonly marker: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly body: string;
}

/** The suggested change of a finding with a fix; null for others, and for a finding with an exception. */
export function renderSuggestion(finding: Finding): SuggestionText | null {
  const { rule, fix, message, exception, object, field } = finding;
  if (fix === undefined || exception !== undefined) return null;
  return suggestion(fix, [rule, object.kind, object.name, field], `${sentence(message)} (${code(rule)})`);
}

/** The suggested change of a probable typo; null for others. */
export function renderCorrection({ fix, field = '', message }: Problem): SuggestionText | null {
  return fix === undefined ? null : suggestion(fix, ['', field], sentence(message));
}

function suggestion(fix: Fix, about: readonly string[], words: string): SuggestionText | null {
  const { replacement } = fix;
  // One click applies the text as it is, so it cannot be escaped. Text with invisible characters is not offered.
  const isPlain = !/[\p{Cf}\p{Cs}\p{Co}]|(?![\n\t])\p{Cc}/u.test(replacement);
  if (!isPlain || withoutMarkers(replacement) !== replacement) return null;
  const key = sha256(JSON.stringify([...about, fix.file, replacement])).slice(0, 32);
  const marker = `<!-- greenroom:fix ${key} -->`;
  const longest = Math.max(2, ...[...replacement.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const lines = replacement === '' ? [] : [replacement];
  return {
    marker,
    path: fix.file,
    startLine: fix.startLine,
    endLine: fix.endLine,
    body: [marker, words, '', `${fence}suggestion`, ...lines, fence, ''].join('\n'),
  };
}
