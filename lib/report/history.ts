import { valueAt } from '../core/json.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { parseSafeYaml } from '../model/load/yaml.ts';
import { type PreviewRecord, parseRecord } from '../model/record.ts';
import { dayAndTime, printable, roughDuration } from './text.ts';

/** A file of a preview before and after a commit: its path below the preview's folder, and its texts. */
export interface ChangedText {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** One thing that a commit changed about a preview. */
export interface HistoryChange {
  /** `image`, `size`, `end`, `cluster`, `address`; `size of <app>` in a preview with several apps. */
  readonly what: string;
  /** Null if there was none. */
  readonly before: string | null;
  /** Null if it was removed. */
  readonly after: string | null;
}

/** The effect of a commit on a preview. */
export interface PreviewHistory {
  readonly effect: 'added' | 'updated' | 'removed';
  /** Login name of the author of the pull request; null if the record cannot be read. */
  readonly author: string | null;
  readonly changes: readonly HistoryChange[];
  /** Seconds by which its end moved; 0 if it did not. */
  readonly extended: number;
}

/** Compares a preview's folder before and after a commit; for a preview that moved, both folders. */
export function previewHistory(changed: readonly ChangedText[]): PreviewHistory {
  const files = byPath(changed);
  const record = files.find(({ path }) => path === RECORD_FILE);
  const [before, after] = [parseRecord(record?.before ?? ''), parseRecord(record?.after ?? '')];
  const effect =
    record === undefined || (before !== null && after !== null) ? 'updated' : before === null ? 'added' : 'removed';
  const changes =
    effect === 'removed' ? [] : [...recordChanges(before, after), ...sizeChanges(files, after?.name ?? '')];
  return {
    effect,
    author: (after ?? before)?.author ?? null,
    changes: changes.filter((change) => change.before !== change.after),
    extended: before === null || after === null ? 0 : after.expires - before.expires,
  };
}

/** A move to another cluster removes a file in one folder and adds it in the other. */
function byPath(changed: readonly ChangedText[]): ChangedText[] {
  const files = new Map<string, ChangedText>();
  for (const { path, before, after } of changed) {
    const known = files.get(path);
    files.set(path, { path, before: known?.before ?? before, after: known?.after ?? after });
  }
  return [...files.values()];
}

function recordChanges(before: PreviewRecord | null, after: PreviewRecord | null): HistoryChange[] {
  const change = (what: string, of: (record: PreviewRecord) => string | null) => ({
    what,
    before: before === null ? null : of(before),
    after: after === null ? null : of(after),
  });
  const end = change('end', ({ expires }) => dayAndTime(expires));
  const isNew = before === null;
  return [
    change('image', ({ image }) => image),
    ...(after === null ? [] : [end]),
    ...(isNew ? [] : [change('cluster', ({ cluster }) => cluster), change('address', ({ url }) => url)]),
  ];
}

/** Sizes of the apps, from their Deployments: the apps repo does not contain the name of a size. */
function sizeChanges(files: readonly ChangedText[], preview: string): HistoryChange[] {
  return files.flatMap(({ path, before, after }) => {
    const name = /^app\/deployment\.(.+)\.yaml$/.exec(path)?.[1];
    if (name === undefined) return [];
    const app = name.startsWith(`${preview}-`) ? name.slice(preview.length + 1) : null;
    return [{ what: app === null ? 'size' : `size of ${app}`, before: sizeOf(before), after: sizeOf(after) }];
  });
}

/** `cpu 100m to 500m, memory 128Mi to 256Mi`: requests and limits of the first container. */
function sizeOf(text: string | null): string | null {
  if (text === null) return null;
  const [document] = parseSafeYaml(text, { file: 'deployment.yaml', maxBytes: 256 * 1024 }).documents;
  const container = valueAt(document?.value, ['spec', 'template', 'spec', 'containers', 0, 'resources']);
  const parts = ['cpu', 'memory'].flatMap((unit) => {
    const amounts = ['requests', 'limits'].flatMap((kind) => {
      const amount = valueAt(container, [kind, unit]);
      return typeof amount === 'string' || typeof amount === 'number' ? [String(amount)] : [];
    });
    return amounts.length === 0 ? [] : [`${unit} ${[...new Set(amounts)].join(' to ')}`];
  });
  return parts.length === 0 ? null : parts.join(', ');
}

/** Why a commit was made, for people. @param cause from its trailers */
export function causeWords(
  { effect, author }: Pick<PreviewHistory, 'effect' | 'author'>,
  cause: { readonly what: string; readonly by?: string },
): string {
  const owner = author === null ? '' : `, pull request of ${printable(author, 60)}`;
  const by = cause.by === undefined ? '' : ` by ${cause.by}`;
  const why = Object.hasOwn(WHY, cause.what) ? WHY[cause.what]! : cause.what;
  return `${effect}: ${why}${by}${owner}`;
}

const WHY: Readonly<Record<string, string>> = {
  push: 'a push',
  settings: "the platform's settings, or labels of the pull request",
  evidence: 'what its images show',
  'no file': 'no preview.yaml at the head',
  'no pull request': 'no pull request stands behind it',
};

/** What changed, for people; empty if none of the known fields changed. */
export function changeWords({ effect, changes, extended }: PreviewHistory): string {
  return changes
    .map(({ what, before, after }) => {
      const now = printable(after ?? 'none', 200);
      if (before === null) return `${what} ${now}`;
      const moved =
        what !== 'end' || extended === 0
          ? ''
          : `, ${roughDuration(Math.abs(extended))} ${extended > 0 ? 'later' : 'earlier'}`;
      return effect === 'added' ? `${what} ${now}` : `${what} ${printable(before, 200)} -> ${now}${moved}`;
    })
    .join('; ');
}
