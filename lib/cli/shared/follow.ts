import { setTimeout as wait } from 'node:timers/promises';
import { GreenroomError } from '../../core/errors.ts';
import type { PreviewStatus } from '../../sync/statuses.ts';

export interface Following {
  /** Checks once. */
  readonly look: () => Promise<readonly PreviewStatus[]>;
  /** Seconds between two checks. */
  readonly interval: number;
  /** Stops following. */
  readonly stop: AbortSignal;
  /** Called for each preview when it is first seen and when it has changed; with null when it is gone. */
  readonly onChange: (name: string, preview: PreviewStatus | null) => void;
  /** Called once for each new reason why a check failed; checks go on. */
  readonly onFailure: (error: GreenroomError) => void;
  /** Whether to end after this check. @default - it continues until it is stopped */
  readonly isDone?: (previews: readonly PreviewStatus[]) => boolean;
}

/**
 * Checks repeatedly, and reports changes.
 *
 * @returns the result of the last check
 * @throws GreenroomError if the first check fails: then the command itself is probably wrong
 */
export async function followStatus(following: Following): Promise<readonly PreviewStatus[]> {
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

/** @returns the reported data of each preview */
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

/** The data whose change is reported. */
function newsOf({ status, newer, headSha, expires, url }: PreviewStatus): string {
  const seen = status === null ? null : [status.state, status.headline, status.reason, status.shows, status.todo];
  return JSON.stringify([seen, newer, headSha, expires, url]);
}
