import { formatTime } from '../core/clock.ts';
import { pullRequestText } from '../core/repository.ts';
import { type PreviewTrailers, parseTrailers } from './message.ts';

/** A commit that changed `previews/`. */
export interface AuditEntry {
  readonly commit: string;
  /** Committer time, ISO 8601 in UTC. */
  readonly time: string;
  /** Author of the commit; the bot for greenroom's own commits. */
  readonly author: string;
  /** E-mail address of that author. */
  readonly email: string;
  readonly subject: string;
  /** The previews named in the commit's trailers, which anybody who may push can write; empty for none. */
  readonly previews: readonly PreviewTrailers[];
}

/** The format for `git log -z` that {@link parseLog} reads. */
export const LOG_FORMAT = '%H%n%ct%n%an%n%ae%n%B';

/** Git keeps any number as the time of a commit; no later time can be written. Unix seconds */
const MAX_TIME = 8.64e12;

/** Parses the output of `git log -z --format=`{@link LOG_FORMAT} and keeps its order. */
export function parseLog(output: string): AuditEntry[] {
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [commit = '', seconds = '', author = '', email = '', subject = '', ...rest] = entry.split('\n');
      return {
        commit,
        time: formatTime(Math.min(Number(seconds), MAX_TIME)),
        author,
        email,
        subject,
        previews: parseTrailers([subject, ...rest].join('\n')),
      };
    });
}

/** Names of the previews that entries call by this name, or by `owner/name#number`; and the text itself. */
export function namesOfPreview(entries: readonly AuditEntry[], preview: string): ReadonlySet<string> {
  const named = entries.flatMap(({ previews }) =>
    previews.filter(({ pullRequest }) => preview === pullRequestText(pullRequest)).map((one) => one.preview),
  );
  return new Set([preview, ...named]);
}
