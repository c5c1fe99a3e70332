import { formatTime } from '../core/clock.ts';
import type { FileSet } from '../core/fileset.ts';
import { EXPIRES_ANNOTATION, EXPIRES_LABEL } from '../model/labels.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { contentsDigest, formatRecord, type PreviewRecord } from '../model/record.ts';
import type { End } from './lifetime.ts';

/** A preview with a changed expiry. */
export interface MovedEnd {
  /**
   * The files that contain the expiry: `preview.json` and those of the fence. By path relative to the root of the apps
   * repo.
   */
  readonly files: FileSet;
  readonly record: PreviewRecord;
}

/**
 * The same preview with a changed expiry. Nothing else changes: a full compile would also apply newer platform settings
 * and restart the preview.
 *
 * @param files at least the current files of its folder
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

/** Greenroom writes the label and the annotation on lines of their own. */
function movedText(text: string, from: number, to: number): string {
  return text
    .replaceAll(`${EXPIRES_LABEL}: "${from}"\n`, `${EXPIRES_LABEL}: "${to}"\n`)
    .replaceAll(`${EXPIRES_ANNOTATION}: "${formatTime(from)}"\n`, `${EXPIRES_ANNOTATION}: "${formatTime(to)}"\n`);
}
