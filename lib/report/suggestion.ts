import { createHash } from 'node:crypto';
import type { Finding } from '../core/finding.ts';
import { code, sentence, withoutMarkers } from './text.ts';

/** A remark on lines of a file that offers their replacement. */
export interface SuggestionText {
  /** First line of the remark: what it is about, and not where, so that it is made once wherever the lines move. */
  readonly marker: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly body: string;
}

/** The suggested change of a finding that can be mended mechanically; null for others, and for one that is let pass. */
export function renderSuggestion(finding: Finding): SuggestionText | null {
  const { rule, fix, message, exception, object, field } = finding;
  if (fix === undefined || exception !== undefined) return null;
  const about = [rule, fix.file, object.kind, object.name, field, fix.replacement];
  const key = createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32);
  const marker = `<!-- greenroom:fix ${key} -->`;
  // Taken over as it stands, so nothing in it is changed; what cannot be shown as it is, is not offered.
  if (
    withoutMarkers(fix.replacement) !== fix.replacement ||
    /[\p{Cf}\p{Cs}\p{Co}]|(?![\n\t])\p{Cc}/u.test(fix.replacement)
  ) {
    return null;
  }
  const longest = Math.max(2, ...[...fix.replacement.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const lines = fix.replacement === '' ? [] : [fix.replacement];
  return {
    marker,
    path: fix.file,
    startLine: fix.startLine,
    endLine: fix.endLine,
    body: [marker, `${sentence(message)} (${code(rule)})`, '', `${fence}suggestion`, ...lines, fence, ''].join('\n'),
  };
}
