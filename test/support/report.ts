import type { PullRequestReport, Said } from '../../lib/forge/forge.ts';
import { COMMENT_MARKER } from '../../lib/report/markers.ts';

/** A report of these parts alone, whatever stands there. */
export function reportOf(parts: Partial<Omit<PullRequestReport, 'said'> & Said>): PullRequestReport {
  const { comment = null, check = null, deployment = null, ...rest } = parts;
  const nothing = { environment: 'preview/pr-shop-7', marker: COMMENT_MARKER, notice: null, suggestions: [] };
  const said = { comment, check, deployment };
  return { ...nothing, said: () => said, sameAs: JSON.stringify(said), ...rest };
}
