import type { PreviewRecord } from '../../model/record.ts';
import type { LivePreview } from '../../report/state.ts';

/** What a record says of the preview that runs. */
export function livePreview({ name, url, headSha, created, expires, cost }: PreviewRecord): LivePreview {
  return { name, url, headSha, created, expires, cost };
}
