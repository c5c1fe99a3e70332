import { setTimeout as wait } from 'node:timers/promises';
import { GreenroomError } from '../../core/errors.ts';

/** What is followed: a preview, by its name. */
interface Named {
  readonly name: string;
}

export interface Following<T extends Named> {
  /** Checks once. */
  readonly look: () => Promise<readonly T[]>;
  /** The data whose change is reported. */
  readonly newsOf: (seen: T) => string;
  /** Seconds between two checks. */
  readonly interval: number;
  /** Stops following. */
  readonly stop: AbortSignal;
  /** Called for each preview when it is first seen and when it has changed; with null when it is gone. */
  readonly onChange: (name: string, seen: T | null) => void;
  /** Called once for each new reason why a check failed; checks go on. */
  readonly onFailure: (error: GreenroomError) => void;
  /** Whether to end after this check. @default - it continues until it is stopped */
  readonly isDone?: (seen: readonly T[]) => boolean;
}

/**
 * Checks repeatedly, and reports changes.
 *
 * @returns the result of the last check
 * @throws GreenroomError if the first check fails: then the command itself is probably wrong
 */
export async function followStatus<T extends Named>(following: Following<T>): Promise<readonly T[]> {
  const { look, newsOf, interval, stop, onChange, onFailure, isDone } = following;
  let known = new Map<string, string>();
  let previews: readonly T[] = [];
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
    if (failure === null) known = tell(previews, known, { newsOf, onChange });
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
function tell<T extends Named>(
  previews: readonly T[],
  known: ReadonlyMap<string, string>,
  { newsOf, onChange }: Pick<Following<T>, 'newsOf' | 'onChange'>,
): Map<string, string> {
  const now = new Map(previews.map((preview) => [preview.name, newsOf(preview)]));
  for (const preview of previews)
    if (known.get(preview.name) !== now.get(preview.name)) onChange(preview.name, preview);
  for (const name of known.keys()) if (!now.has(name)) onChange(name, null);
  return now;
}
