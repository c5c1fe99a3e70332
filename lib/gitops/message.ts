import { GreenroomError } from '../core/errors.ts';
import { type PullRequestRef, parsePullRequest, pullRequestText } from '../core/repository.ts';

/** A preview that a commit is about; a commit of a sweep can be about several. */
export interface PreviewTrailers {
  /** `pr-shop-7` */
  readonly preview: string;
  readonly pullRequest: PullRequestRef;
  /** Full id of the pull request's head commit; null if there was none, e.g. on removal. */
  readonly head: string | null;
  /** Why the commit was made. @default - unknown */
  readonly cause?: CommitCause;
}

/** Why a commit was made. */
export interface CommitCause {
  /** A word or two: `push`, `merged`, `/preview stop`. */
  readonly what: string;
  /** Login name of the person who gave the command. @default - there was no command */
  readonly by?: string;
}

const SUBJECT_LENGTH = 72;
const PREVIEW = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const HEAD = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const CAUSE = /^[a-z/][a-z/ -]{0,39}$/;
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\[bot\])?$/;
// Characters that end the line, or that change how the text looks.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu;

/**
 * A commit message: a subject of at most 72 characters, and the trailers by which `greenroom log` finds a preview. Any
 * text as subject stays on one line and never becomes a trailer.
 *
 * @throws GreenroomError `failed` for invalid trailer values
 */
export function commitMessage(subject: string, previews: readonly PreviewTrailers[]): string {
  return `${oneLine(subject)}\n\n${previews.flatMap(trailers).join('\n')}\n`;
}

function oneLine(text: string): string {
  const line = text.replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim() || 'update previews';
  const characters = [...line];
  return characters.length <= SUBJECT_LENGTH
    ? line
    : `${characters
        .slice(0, SUBJECT_LENGTH - 3)
        .join('')
        .trimEnd()}...`;
}

function trailers({ preview, pullRequest: ref, head, cause }: PreviewTrailers): string[] {
  const pullRequest = pullRequestText(ref);
  const valid =
    PREVIEW.test(preview) &&
    parsePullRequest(pullRequest) !== undefined &&
    (head === null || HEAD.test(head)) &&
    (cause === undefined || CAUSE.test(cause.what));
  if (!valid)
    throw new GreenroomError(
      'failed',
      `invalid values for commit trailers: ${JSON.stringify([preview, pullRequest, head])}`,
    );
  // An account whose name does not fit into a trailer is left out.
  const by = cause?.by !== undefined && LOGIN.test(cause.by) ? [`By: ${cause.by}`] : [];
  return [
    `Preview: ${preview}`,
    `Pull-Request: ${pullRequest}`,
    ...(head === null ? [] : [`Head: ${head}`]),
    ...(cause === undefined ? [] : [`Cause: ${cause.what}`, ...by]),
  ];
}

/** The previews in the trailers of a commit message; empty if greenroom did not write it. */
export function parseTrailers(message: string): PreviewTrailers[] {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split(/\n{2,}/);
  // The subject is never a trailer block.
  if (paragraphs.length < 2) return [];
  const found: PreviewTrailers[] = [];
  let preview: string | undefined;
  for (const line of paragraphs.at(-1)!.split('\n')) {
    const [, key, value = ''] = /^(Preview|Pull-Request|Head|Cause|By): (.*)$/.exec(line) ?? [];
    if (key === 'Preview') preview = PREVIEW.test(value) ? value : undefined;
    else if (key === 'Pull-Request') {
      const pullRequest = parsePullRequest(value);
      if (preview === undefined || pullRequest === undefined) continue;
      found.push({ preview, pullRequest, head: null });
      preview = undefined;
    } else if (key === 'Head' && HEAD.test(value) && found.at(-1)?.head === null) {
      found.push({ ...found.pop()!, head: value });
    } else if (preview === undefined) parseCause(found, key, value);
  }
  return found;
}

/** Adds a line about the cause to the preview found last. */
function parseCause(found: PreviewTrailers[], key: string | undefined, value: string): void {
  const last = found.at(-1);
  if (last === undefined) return;
  if (key === 'Cause' && last.cause === undefined && CAUSE.test(value)) {
    found.splice(-1, 1, { ...last, cause: { what: value } });
  } else if (key === 'By' && last.cause !== undefined && last.cause.by === undefined && LOGIN.test(value)) {
    found.splice(-1, 1, { ...last, cause: { ...last.cause, by: value } });
  }
}
