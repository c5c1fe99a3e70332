import type { FileSet } from '../core/fileset.ts';
import { compareStrings } from '../core/fileset.ts';
import { ANSWERS_FILE, blobId, renderedThen, type TemplateRecord } from './record.ts';

/** Text of a file in the repository now; null if it is not a text file (a link, bytes), undefined if there is none. */
export type TextNow = (path: string) => Promise<string | null | undefined>;

export interface UpdateSources {
  readonly now: TextNow;
  /** Text by Git's id (SHA-1), if the repository still has it. */
  readonly textOf: (id: string) => Promise<string | null>;
  /** Three-way merge of a text; null if both sides changed the same lines. */
  readonly merge: (base: string, ours: string, theirs: string) => Promise<string | null>;
}

/** A file that stays as it is, although the template has a newer version. */
export interface KeptFile {
  readonly path: string;
  /** Continues a sentence that begins with the path. */
  readonly why: string;
  /** The template's change, before and after; null if it is not known or the file is gone. */
  readonly change: { readonly before: string; readonly after: string } | null;
}

export interface Update {
  /** Text to write, or null to remove. */
  readonly change: ReadonlyMap<string, string | null>;
  /** Paths of {@link change} that were merged from both sides. */
  readonly merged: readonly string[];
  readonly kept: readonly KeptFile[];
}

/**
 * Plans the changes of a newer template version in a repository: only what differs between the versions, and never what
 * somebody changed in the repository since. If both sides changed a file, it is merged; if that fails, it stays.
 *
 * @param made all files of the new version
 * @throws GreenroomError `invalid-input` if the record cannot be rendered
 */
export async function planUpdate(record: TemplateRecord, made: FileSet, sources: UpdateSources): Promise<Update> {
  const rendered = renderedThen(record);
  const before = new Map([...record.plain, ...[...rendered].map(([path, text]) => [path, blobId(text)] as const)]);
  const change = new Map<string, string | null>();
  const merged: string[] = [];
  const kept: KeptFile[] = [];
  for (const path of [...new Set([...before.keys(), ...made.keys()])].sort(compareStrings)) {
    const was = before.get(path);
    const wanted = made.get(path);
    // Only greenroom writes the record, so it is always replaced. This plan was made from its old content.
    const isOwn = path === ANSWERS_FILE;
    if (!isOwn && was !== undefined && wanted !== undefined && was === blobId(wanted)) continue;
    const now = await sources.now(path);
    if (now === wanted) continue;
    if (isOwn && wanted !== undefined) {
      change.set(path, wanted);
      continue;
    }
    const step = stepOf({ was, wanted, now });
    if (step === 'nothing') continue;
    if (step === 'take') change.set(path, wanted ?? null);
    else if (step === 'keep-both' && typeof now === 'string' && wanted !== undefined && was !== undefined) {
      const base = rendered.get(path) ?? (await sources.textOf(was));
      const both = base === null ? null : await sources.merge(base, now, wanted);
      if (both !== null && both !== now) {
        change.set(path, both);
        merged.push(path);
      } else if (both === null) {
        const why =
          base === null ? 'was changed here, and what it was is not known' : 'was changed here in the same lines';
        kept.push({ path, why, change: base === null ? null : { before: base, after: wanted } });
      }
    } else kept.push({ path, why: WHY[step], change: null });
  }
  return { change, merged, kept };
}

type Step = 'nothing' | 'take' | 'keep-both' | 'keep-other' | 'keep-gone' | 'keep-changed';

const WHY: Readonly<Record<Exclude<Step, 'nothing' | 'take'>, string>> = {
  'keep-both': 'is not a text file here',
  'keep-other': 'is new in the template, and another file has its name here',
  'keep-gone': 'was removed here',
  'keep-changed': 'is no longer part of the template, and was changed here',
};

/** @param was Git's id of the file in the old version */
function stepOf({
  was,
  wanted,
  now,
}: {
  readonly was: string | undefined;
  readonly wanted: string | undefined;
  readonly now: string | null | undefined;
}): Step {
  if (was === undefined) return now === undefined ? 'take' : 'keep-other';
  const isUntouched = typeof now === 'string' && blobId(now) === was;
  if (isUntouched) return 'take';
  if (wanted === undefined) return now === undefined ? 'nothing' : 'keep-changed';
  return now === undefined ? 'keep-gone' : 'keep-both';
}
