import type { Times } from '../../compile/lifetime.ts';
import type { PullRequest } from '../../forge/forge.ts';

/** What decides when the preview of a pull request's head ends: its own times, and what a command asked for. */
export function timesOf({ createdAt, updatedAt, head, override }: PullRequest): Times {
  return {
    createdAt,
    updatedAt,
    committedAt: head.committedAt,
    extension: override?.action === 'run' ? override : null,
  };
}
