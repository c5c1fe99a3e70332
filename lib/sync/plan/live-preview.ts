import type { PreviewRecord } from '../../model/record.ts';
import type { LivePreview } from '../../report/state.ts';

/** The running preview, from its record. */
export function livePreview(record: PreviewRecord): LivePreview {
  const { name, url, headSha, cluster, created, expires, cost, unversioned = [], independent = [] } = record;
  return {
    ...{ name, url, headSha, cluster, created, expires, cost },
    ...(unversioned.length > 0 && { unversioned }),
    ...(independent.length > 0 && { independent }),
  };
}
