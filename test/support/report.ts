import type { PullRequestReport } from '../../lib/forge/forge.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';

/** A report of these parts alone; the comment as a text, whatever stands there. */
export function reportOf(parts: Partial<Omit<PullRequestReport, 'comment'>> & { readonly comment?: string | null }) {
  const { comment = null, ...rest } = parts;
  const nothing = { marker: COMMENT_MARKER, notice: null, check: null, deployment: null, suggestions: [] };
  return { ...nothing, comment: () => comment, fresh: comment, ...rest } satisfies PullRequestReport;
}
