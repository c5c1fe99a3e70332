import type { Extension, Times } from '../../compile/lifetime.ts';
import type { Override, PullRequest } from '../../forge/forge.ts';

/** Times that decide when the preview of a pull request's head ends: the pull request's own, and those of commands. */
export function timesOf({ createdAt, updatedAt, head, override }: PullRequest): Times {
  return {
    createdAt,
    updatedAt,
    committedAt: head.committedAt,
    restartedAt: override?.action === 'start' ? override.at : null,
    extension: extensionOf(override),
  };
}

/** The extension stored at this head, even if a later command followed; null if there is none. */
export function extensionOf(override: Override | null): Extension | null {
  return override === null || override.until === null ? null : { at: override.at, until: override.until };
}
