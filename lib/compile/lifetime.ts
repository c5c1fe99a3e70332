import type { PlatformSpec } from '../model/platform.ts';
import { hasLabel } from '../model/pull-labels.ts';
import type { PreviewRecord } from '../model/record.ts';
import { durationSeconds } from '../model/scalars.ts';

/** A preview whose pull request has this label lives for the platform's `ttl.max`. */
export const KEEP_LABEL = 'greenroom.dev/keep';

/** Times of the pull request, in unix seconds. */
export interface Times {
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Committer time of the head commit; null when unknown. */
  readonly committedAt: number | null;
  /** When someone with write permission asked to restart it at this commit. @default - never */
  readonly restartedAt?: number | null | undefined;
  /** A later end that someone with write permission asked for at this commit. @default - none */
  readonly extension?: Extension | null | undefined;
}

export interface Extension {
  /** Unix seconds of the request. */
  readonly at: number;
  /** Unix seconds. */
  readonly until: number;
}

/**
 * When the preview was last active: the time of the head commit, limited to the time between opening and last change of
 * the pull request, or the time of a restart. Comments and labels do not change it, and a commit with a forged date
 * cannot leave these bounds.
 */
export function activeSince(times: Times): number {
  const latest = Math.max(times.createdAt, times.updatedAt);
  const pushed = Math.min(Math.max(times.committedAt ?? times.createdAt, times.createdAt), latest);
  return Math.max(pushed, times.restartedAt ?? pushed);
}

/** End of an extension in unix seconds: at most what a push at that time would give with the longest ttl. */
export function extendedUntil({ at, until }: Extension, { max }: Pick<PlatformSpec['ttl'], 'max'>): number {
  return Math.min(until, at + durationSeconds(max));
}

/**
 * Unix seconds at which a preview ends. A pure function of the pull request, so that an ended preview stays ended and a
 * rebuilt apps repo has the same expiry times as before.
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

/** When a preview ends, and why it ends early. */
export interface End {
  /** Unix seconds. */
  readonly expires: number;
  /** See {@link PreviewRecord.evidenceLost}; undefined if it does not end early. */
  readonly evidenceLost?: NonNullable<PreviewRecord['evidenceLost']>;
}

/**
 * The end of a preview whose images lack required evidence: after the platform's `evidence.endAfter`.
 *
 * @param regular unix seconds at which it would end otherwise
 * @param since unix seconds at which the missing evidence was first seen; undefined if nothing is missing
 */
export function endWithEvidence(
  regular: number,
  since: number | undefined,
  { endAfter }: PlatformSpec['evidence'],
): End {
  if (since === undefined || endAfter === undefined) return { expires: regular };
  return { expires: Math.min(regular, since + durationSeconds(endAfter)), evidenceLost: { since, expires: regular } };
}

/** Seconds by which the clocks of two machines may differ before a preview ends early. */
export const CLOCK_TOLERANCE = 600;

export function isExpired(expires: number, now: number): boolean {
  return now >= expires + CLOCK_TOLERANCE;
}
