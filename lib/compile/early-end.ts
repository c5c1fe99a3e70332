import { formatTime } from '../core/clock.ts';
import type { FileSet } from '../core/fileset.ts';
import { EXPIRES_ANNOTATION, EXPIRES_LABEL } from '../model/labels.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { contentsDigest, formatRecord, type PreviewRecord } from '../model/record.ts';
import type { End } from './lifetime.ts';

/** A preview with another end. */
export interface MovedEnd {
  /** The files that say when it ends: `preview.json` and those of the fence. By path from the apps repo's root. */
  readonly files: FileSet;
  readonly record: PreviewRecord;
}

/**
 * The same preview with another end. Nothing else of it is touched: compiled again, it would also get what the platform
 * has changed since, and restart.
 *
 * @param files of its folder, at least, as they are
 */
export function withEnd(
  files: FileSet,
  folder: string,
  { evidenceLost: _, ...before }: PreviewRecord,
  end: End,
): MovedEnd {
  const fence = [...files].filter(([path]) => path.startsWith(`${folder}/fence/`));
  const changed = fence
    .map(([path, text]): [string, string] => [path, movedText(text, before.expires, end.expires)])
    .filter(([path, text]) => files.get(path) !== text);
  const contents = contentsDigest(folder, new Map([...files, ...changed]));
  const { expires, evidenceLost } = end;
  const record: PreviewRecord = { ...before, expires, ...(evidenceLost && { evidenceLost }), contents };
  return { files: new Map([...changed, [`${folder}/${RECORD_FILE}`, formatRecord(record)]]), record };
}

/** Label and annotation are lines of their own, as greenroom writes them. */
function movedText(text: string, from: number, to: number): string {
  return text
    .replaceAll(`${EXPIRES_LABEL}: "${from}"\n`, `${EXPIRES_LABEL}: "${to}"\n`)
    .replaceAll(`${EXPIRES_ANNOTATION}: "${formatTime(from)}"\n`, `${EXPIRES_ANNOTATION}: "${formatTime(to)}"\n`);
}
