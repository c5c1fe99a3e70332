import type { Extension, Times } from '../../compile/lifetime.ts';
import type { Override, PullRequest } from '../../forge/forge.ts';

/** What decides when the preview of a pull request's head ends: its own times, and what a command asked for. */
export function timesOf({ createdAt, updatedAt, head, override }: PullRequest): Times {
  return {
    createdAt,
    updatedAt,
    committedAt: head.committedAt,
    restartedAt: override?.action === 'start' ? override.at : null,
    extension: extensionOf(override),
  };
}

/** The later end that somebody asked for at this head, also where another command came after it; null for none. */
export function extensionOf(override: Override | null): Extension | null {
  return override === null || override.until === null ? null : { at: override.at, until: override.until };
}
