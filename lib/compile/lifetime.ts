import type { PlatformSpec } from '../model/platform.ts';
import { hasLabel } from '../model/pull-labels.ts';
import type { PreviewRecord } from '../model/record.ts';
import { durationSeconds } from '../model/scalars.ts';

/** A pull request with this label lives for the platform's `ttl.max`. */
export const KEEP_LABEL = 'greenroom.dev/keep';

/** The pull request's own times, unix seconds. */
export interface Times {
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Committer time of the head commit; null when unknown. */
  readonly committedAt: number | null;
  /** When somebody with write permission asked to start it again at this commit. @default - never */
  readonly restartedAt?: number | null | undefined;
  /** A later end that somebody with write permission asked for at this commit. @default - none */
  readonly extension?: Extension | null | undefined;
}

export interface Extension {
  /** Unix seconds: when it was asked for. */
  readonly at: number;
  /** Unix seconds. */
  readonly until: number;
}

/**
 * When the work shown was last touched: the head commit's time, held between the opening of the pull request and its
 * last change; or when somebody asked to start it again. Comments and labels do not move it, and a commit with a forged
 * date cannot push it out of those bounds.
 */
export function activeSince(times: Times): number {
  const latest = Math.max(times.createdAt, times.updatedAt);
  const pushed = Math.min(Math.max(times.committedAt ?? times.createdAt, times.createdAt), latest);
  return Math.max(pushed, times.restartedAt ?? pushed);
}

/** Unix seconds up to which an extension holds: at most what a push at its time would win with the longest ttl. */
export function extendedUntil({ at, until }: Extension, { max }: Pick<PlatformSpec['ttl'], 'max'>): number {
  return Math.min(until, at + durationSeconds(max));
}

/**
 * Unix seconds at which a preview ends. A pure function of the pull request, so that a preview that ended stays ended
 * and a rebuilt apps repo has the same ends as before.
 *
 * @param ttl the maker's `spec.ttl`. @default - the platform's `ttl.default`
 */
export function expiresAt(
  times: Times,
  labels: readonly string[],
  ttl: string | undefined,
  platform: PlatformSpec['ttl'],
): number {
  const chosen = hasLabel(labels, KEEP_LABEL) ? platform.max : (ttl ?? platform.default);
  const regular = activeSince(times) + Math.min(durationSeconds(chosen), durationSeconds(platform.max));
  const { extension } = times;
  return extension == null ? regular : Math.max(regular, extendedUntil(extension, platform));
}

/** When a preview ends, and why that is early. */
export interface End {
  /** Unix seconds. */
  readonly expires: number;
  /** See {@link PreviewRecord.evidenceLost}; undefined where it ends as it would anyway. */
  readonly evidenceLost?: NonNullable<PreviewRecord['evidenceLost']>;
}

/**
 * The end of a preview whose images no longer show what is required: after the platform's `evidence.endAfter`.
 *
 * @param regular unix seconds at which it ends otherwise
 * @param since unix seconds at which that was first seen; undefined where they show it
 */
export function endOf(regular: number, since: number | undefined, { endAfter }: PlatformSpec['evidence']): End {
  if (since === undefined || endAfter === undefined) return { expires: regular };
  return { expires: Math.min(regular, since + durationSeconds(endAfter)), evidenceLost: { since, expires: regular } };
}

/** Clocks of two machines may differ by this many seconds without a preview ending early. */
export const CLOCK_TOLERANCE = 600;

export function isExpired(expires: number, now: number): boolean {
  return now >= expires + CLOCK_TOLERANCE;
}
