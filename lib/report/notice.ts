import type { LivePreview } from './state.ts';
import { nearTime } from './text.ts';

/** A reply of its own: an edited comment tells nobody. */
export interface Notice {
  /** First line of the reply; one of ours that begins with it says that it was sent. */
  readonly marker: string;
  readonly body: string;
}

/**
 * The one reply before the end, within the platform's time for it; null outside of it.
 *
 * @param now unix seconds
 * @param warn seconds
 */
export function renderNotice({ expires }: LivePreview, { now, warn }: { now: number; warn: number }): Notice | null {
  if (expires <= now || expires - now > warn) return null;
  // Another end is another notice: the marker names it.
  const marker = `<!-- greenroom:ends ${expires} -->`;
  const text = `The preview of this pull request ends ${nearTime(expires, now)}.`;
  return { marker, body: `${marker}\n${text} To keep it, tick the box in the comment above, or push.\n` };
}
