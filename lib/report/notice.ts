import { canKeep } from './boxes.ts';
import type { LivePreview, ReportOptions } from './state.ts';
import { dayAndTime, nearTime } from './text.ts';

/** `now` in unix seconds, `warn` and `max` in seconds. */
type NoticeOptions = Pick<ReportOptions, 'now' | 'warn' | 'max' | 'can'>;

/** A separate reply, since an edited comment sends no notification. */
export interface Notice {
  /** First line of the reply; a reply of ours that begins with it means that it was sent. */
  readonly marker: string;
  readonly body: string;
}

/** Where a command would win nothing. */
const LONGEST = 'It cannot be kept longer; a push starts its time again.';

/** The reply before the end, within the platform's warning time; null outside of it. */
export function renderNotice({ expires }: LivePreview, options: NoticeOptions): Notice | null {
  const { now, warn, can } = options;
  const isLongest = !canKeep({ expires }, options);
  if (expires <= now || expires - now > warn) return null;
  // The marker contains the end, so that a changed end gives a new notice.
  const marker = `<!-- greenroom:ends ${expires} -->`;
  if (!can.hiddenMarkers) {
    const first = `The preview of this pull request ends ${dayAndTime(expires)}.`;
    return {
      marker: first,
      body: `${first} ${isLongest ? LONGEST : 'To keep it, comment `/preview keep`, or push.'}\n`,
    };
  }
  const text = `The preview of this pull request ends ${nearTime(expires, now)}.`;
  const how = can.checkBoxes ? 'tick the box in the comment above' : 'comment `/preview keep`';
  return { marker, body: `${marker}\n${text} ${isLongest ? LONGEST : `To keep it, ${how}, or push.`}\n` };
}

/** The reply for a preview that ends early; null after its end. */
export function renderEarlyEnd(
  { expires }: LivePreview,
  { now, can }: Pick<NoticeOptions, 'now' | 'can'>,
): Notice | null {
  if (expires <= now) return null;
  const text = `The preview of this pull request ends ${dayAndTime(expires)}: its images no longer show what the platform requires. The comment above says what to change.`;
  if (!can.hiddenMarkers) return { marker: text, body: `${text}\n` };
  const marker = `<!-- greenroom:ends-early ${expires} -->`;
  return { marker, body: `${marker}\n${text}\n` };
}
