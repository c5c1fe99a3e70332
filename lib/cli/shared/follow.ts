import { setTimeout as wait } from 'node:timers/promises';
import { GreenroomError } from '../../core/errors.ts';
import type { PreviewStatus } from '../../sync/statuses.ts';

export interface Following {
  /** Looks once. */
  readonly look: () => Promise<readonly PreviewStatus[]>;
  /** Seconds between one look and the next. */
  readonly interval: number;
  /** Ends it. */
  readonly stop: AbortSignal;
  /** Told of each preview when it is first seen and when something about it has changed; null for one that went away. */
  readonly onChange: (name: string, preview: PreviewStatus | null) => void;
  /** Told once of each reason why a look failed; the next one is tried all the same. */
  readonly onFailure: (error: GreenroomError) => void;
  /** Whether it ends after this look. @default - it goes on until it is stopped */
  readonly isDone?: (previews: readonly PreviewStatus[]) => boolean;
}

/**
 * Looks again and again, and tells what changed.
 *
 * @returns what was seen last
 * @throws GreenroomError where the first look fails: then something is wrong with the command, not with a moment
 */
export async function follow(following: Following): Promise<readonly PreviewStatus[]> {
  const { look, interval, stop, onChange, onFailure, isDone } = following;
  let known = new Map<string, string>();
  let previews: readonly PreviewStatus[] = [];
  let failure: string | null = null;
  for (let isFirst = true; !stop.aborted; isFirst = false) {
    try {
      const seen = await unlessStopped(look(), stop);
      if (seen === null) break;
      previews = seen;
      failure = null;
    } catch (error) {
      if (!(error instanceof GreenroomError) || isFirst) throw error;
      if (error.message !== failure) onFailure(error);
      failure = error.message;
    }
    if (failure === null) known = tell(previews, known, onChange);
    if (failure === null && isDone?.(previews) === true) return previews;
    await wait(interval * 1000, undefined, { signal: stop }).catch(() => undefined);
  }
  return previews;
}

/** The result of the work; null if it was stopped first, since a request can wait long for a forge's limits. */
async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  let onAbort = () => {};
  const stopped = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    stop.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}

/** @returns what was told of each */
function tell(
  previews: readonly PreviewStatus[],
  known: ReadonlyMap<string, string>,
  onChange: Following['onChange'],
): Map<string, string> {
  const now = new Map(previews.map((preview) => [preview.name, newsOf(preview)]));
  for (const preview of previews)
    if (known.get(preview.name) !== now.get(preview.name)) onChange(preview.name, preview);
  for (const name of known.keys()) if (!now.has(name)) onChange(name, null);
  return now;
}

/** What is news: a look that saw the same is none. */
function newsOf({ status, newer, headSha, expires, url }: PreviewStatus): string {
  const seen = status === null ? null : [status.state, status.headline, status.reason, status.shows, status.todo];
  return JSON.stringify([seen, newer, headSha, expires, url]);
}
