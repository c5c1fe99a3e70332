import type { ChangedFile, ChangedPath } from '../../gitops/history.ts';
import type { PreviewTrailers } from '../../gitops/message.ts';
import { placeOfPreviewFile } from '../../model/layout.ts';
import { parseRecord } from '../../model/record.ts';

/** What a commit changed below `previews/`. */
export interface LoggedChange {
  readonly paths: readonly ChangedPath[];
  /** Records of the named previews. */
  readonly records: readonly ChangedFile[];
}

/**
 * Why the trailers of a commit do not fit what it changed; null if they fit. Anybody who may push can write trailers, so
 * only what the commit itself shows counts.
 */
export function misfitOf(trailers: readonly PreviewTrailers[], { paths, records }: LoggedChange): string | null {
  const named = new Set(trailers.map(({ preview }) => preview));
  const changed = new Set(paths.map(({ path }) => placeOfPreviewFile(path).name));
  const idle = [...named].find((name) => !changed.has(name));
  if (idle !== undefined) return `names ${idle} and changes none of its files`;
  // A folder without a readable record can only be removed, and then nothing is known to name.
  const other = paths.find(({ path, isRemoved }) => !isRemoved && !named.has(placeOfPreviewFile(path).name));
  if (other !== undefined) return `changes ${other.path} and does not name it`;
  for (const one of trailers) {
    const own = records.filter(({ path }) => placeOfPreviewFile(path).name === one.preview);
    const misfit = own.map((record) => misfitOfRecord(one, record)).find((reason) => reason !== null);
    if (misfit !== undefined) return misfit;
  }
  return null;
}

function misfitOfRecord(
  { preview, pullRequest, head }: PreviewTrailers,
  { before, after }: ChangedFile,
): string | null {
  const [old, now] = [parseRecord(before ?? ''), parseRecord(after ?? '')];
  const { number = pullRequest.number } = (now ?? old)?.identity ?? {};
  if (number !== pullRequest.number)
    return `names pull request ${pullRequest.number} for ${preview}, which is of ${number}`;
  if (now === null) return null;
  const { repository } = now.identity;
  // A removed record may have the earlier name of a renamed repository.
  if (repository.toLowerCase() !== pullRequest.path.toLowerCase()) {
    return `names ${pullRequest.path} for ${preview}, which is of ${repository}`;
  }
  const isOtherHead = now.headSha !== old?.headSha && now.headSha !== head;
  return isOtherHead ? `names another commit than ${preview} shows` : null;
}
