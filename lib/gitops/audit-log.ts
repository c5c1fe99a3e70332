import { formatTime } from '../core/clock.ts';
import { pullRequestText } from '../core/repository.ts';
import { type PreviewTrailers, parseTrailers } from './message.ts';

/** A commit below `previews/`: who caused what. */
export interface AuditEntry {
  readonly commit: string;
  /** ISO 8601 in UTC, as the committer's clock said. */
  readonly time: string;
  /** Who wrote the commit; the bot, for greenroom's own. */
  readonly author: string;
  readonly subject: string;
  /** The previews that the commit names; none for a commit that greenroom did not write. */
  readonly previews: readonly PreviewTrailers[];
}

/** What `git log -z` has to be asked for, so that {@link parseLog} can read it. */
export const LOG_FORMAT = '%H%n%ct%n%an%n%B';

/** Reads the output of `git log -z --format=`{@link LOG_FORMAT}, in its order. */
export function parseLog(output: string): AuditEntry[] {
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [commit = '', seconds = '', author = '', subject = '', ...rest] = entry.split('\n');
      return {
        commit,
        time: formatTime(Number(seconds)),
        author,
        subject,
        previews: parseTrailers([subject, ...rest].join('\n')),
      };
    });
}

/** Entries about one preview, by its name or as `owner/name#number`. */
export function about(entries: readonly AuditEntry[], preview: string): AuditEntry[] {
  return entries.filter(({ previews }) =>
    previews.some(({ preview: name, pullRequest }) => preview === name || preview === pullRequestText(pullRequest)),
  );
}
