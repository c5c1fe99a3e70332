import { sha256 } from '../core/digest.ts';
import { printable } from '../core/text.ts';
import type { Late } from '../forge/limits.ts';

/** First line of the one comment; the forge finds it by this and by its author. */
export const COMMENT_MARKER = '<!-- greenroom:preview -->';

/** What every headline begins with: our comment is known by it where a forge hides no marker. */
export const HEADLINE = '### Preview: ';

/** The headline of our comment as plain text, without a full stop; null where it has none. */
export function headlineOf(comment: string): string | null {
  const line = comment.split(/\r?\n/).find((each) => each.startsWith(HEADLINE));
  if (line === undefined) return null;
  const words = line
    .slice('### '.length)
    .replace(/ - \[[^\]]*\]\([^)]*\)$/, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\\(?=[^\w\s])/g, '')
    .replace(/`/g, '');
  return printable(words.replaceAll('&amp;', '&').replaceAll('&#36;', '$'));
}

/** The same without marks, for a forge that would show them. */
export function withoutMarks(text: string): string {
  return text.replace(/^<!-- greenroom:[^\n]*-->\n/gm, '');
}

/** What the one comment remembers from one writing to the next; nothing is decided by it. */
export interface Memory {
  /** The state that was written, with its reason: `ready`, `none/expired`. */
  readonly state: string;
  /** Unix seconds since when the preview runs; null for none. */
  readonly since: number | null;
}

const MEMORY = /^<!-- greenroom:memory state=([a-z/-]+) since=(\d{1,12}|-) -->$/m;

export function memoryLine({ state, since }: Memory): string {
  return `<!-- greenroom:memory state=${state} since=${since ?? '-'} -->`;
}

/** Null where the comment does not say. */
export function memoryOf(comment: string | null): Memory | null {
  const found = MEMORY.exec(comment ?? '');
  if (found === null) return null;
  return { state: found[1]!, since: found[2] === '-' ? null : Number(found[2]) };
}

const CHANGES = /^<!-- greenroom:changes ([0-9a-f]{32}) -->\n([\s\S]*?)\n<!-- greenroom:changes end -->$/m;

/** The part of the comment that shows what changed, so that a later writing can keep it. */
export function changesPart(text: string): string {
  return `<!-- greenroom:changes ${digest(text)} -->\n${text}\n<!-- greenroom:changes end -->`;
}

/** That part of an earlier writing, as it was written; null where it is not there or was edited by hand. */
export function changesOf(comment: string | null): string | null {
  const found = CHANGES.exec(comment ?? '');
  return found !== null && digest(found[2]!) === found[1] ? found[2]! : null;
}

const SEEN = /^<!-- greenroom:seen ([0-9a-f]{40,64}) (\d{1,11}|-)(?: (\[[a-z0-9 /=._:@#A-Z-]{1,140}\]))? -->$/m;

/** What the comment remembers of a commit. */
export interface Noted {
  readonly headSha: string;
  /** Unix seconds: when it was committed to the apps repo; null where nobody knows. */
  readonly committedAt: number | null;
  /** What was seen of it, as `keptLine` writes it; empty for nothing. */
  readonly tag: string;
}

export function seenLine({ headSha, committedAt, tag }: Noted): string {
  return `<!-- greenroom:seen ${headSha} ${committedAt ?? '-'}${tag === '' ? '' : ` ${tag}`} -->`;
}

/** Null where the comment does not say. */
export function seenOf(comment: string | null): Noted | null {
  const found = SEEN.exec(comment ?? '');
  if (found === null) return null;
  return { headSha: found[1]!, committedAt: found[2] === '-' ? null : Number(found[2]), tag: found[3] ?? '' };
}

const WORDS = /^<!-- greenroom:words ([0-9a-f]{32}) (\d{1,11}) -->\n([\s\S]*?)\n<!-- greenroom:words end -->$/m;

/** What the system itself said at a time, so that a later writing can keep it. @param at unix seconds */
export function wordsPart(at: number, text: string): string {
  return `<!-- greenroom:words ${digest(text)} ${at} -->\n${text}\n<!-- greenroom:words end -->`;
}

/** That part of an earlier writing; null where it is not there, is about another time, or was edited by hand. */
export function wordsOf(comment: string | null, at: number): string | null {
  const found = WORDS.exec(comment ?? '');
  return found !== null && Number(found[2]) === at && digest(found[3]!) === found[1] ? found[3]! : null;
}

const REPLIES =
  /^<!-- greenroom:replies ([0-9a-f]{40,64}) ([0-9a-f]{32}) -->\n([\s\S]*?)\n<!-- greenroom:replies end -->$/m;

/** What is said to those who gave commands, so that a later writing about the same commit can keep it. */
export function repliesPart(headSha: string, text: string): string {
  return `<!-- greenroom:replies ${headSha} ${digest(text)} -->\n${text}\n<!-- greenroom:replies end -->`;
}

/** That part of an earlier writing; null where it is not there, is about another commit, or was edited by hand. */
export function repliesOf(comment: string | null, headSha: string): string | null {
  const found = REPLIES.exec(comment ?? '');
  return found?.[1] === headSha && digest(found[3]!) === found[2] ? found[3]! : null;
}

/** The comment with such a part above its last line, in the place of the one that it has; empty lines around it. */
export function withRepliesPart(comment: string, part: string | null): string {
  const without = comment.replace(new RegExp(`${REPLIES.source}\\n*`, 'm'), '');
  const end = without.lastIndexOf('\n<sub>') + 1;
  return part === null || end === 0 ? without : `${without.slice(0, end)}${part}\n\n${without.slice(end)}`;
}

const END = /^<!-- greenroom:end -->\n[^\n]*$/m;

/** The line that says what is left of a preview that ended: what is seen later takes its place. */
export function endPart(text: string): string {
  return `<!-- greenroom:end -->\n${text}`;
}

/** The comment with another such line, and what it remembers with it. @param seen as of {@link seenLine} */
export function withEnd(comment: string, text: string, seen: string | null): string {
  const ended = comment.replace(END, () => endPart(text));
  return seen === null ? ended : ended.replace(SEEN, () => seen);
}

const LATE = /^<!-- greenroom:late ([0-9a-f]{40,64}) (\d{1,7}) (\d{1,11}) -->$/m;

/** Remembers what held back what is told of a commit. */
export function lateLine(headSha: string, { seconds, until }: Late): string {
  return `<!-- greenroom:late ${headSha} ${Math.round(seconds)} ${Math.ceil(until)} -->`;
}

/** Null where nothing did, or another commit. */
export function lateOf(comment: string | null, headSha: string): Late | null {
  const found = LATE.exec(comment ?? '');
  return found?.[1] === headSha ? { seconds: Number(found[2]), until: Number(found[3]) } : null;
}

/** What our comment says, and about which commit (its first 7 digits); null where it does not say. */
export function saidOf(comment: string | null): { readonly headline: string; readonly commit: string } | null {
  const headline = headlineOf(comment ?? '')?.replace(/^Preview: /, '') ?? null;
  const commit = /^<sub>`([0-9a-f]{7})` · /m.exec(comment ?? '')?.[1];
  return headline === null || commit === undefined ? null : { headline, commit };
}

/** What a box asks for when it is ticked. */
export type BoxAction = 'keep' | 'start';

/** A box that a person can tick. */
export function box(action: BoxAction, words: string): string {
  return `- [ ] ${words} <!-- greenroom:${action} -->`;
}

/** Boxes that were ticked, each once. */
export function tickedBoxes(comment: string): BoxAction[] {
  const found = [...comment.matchAll(/^- \[[xX]\] [^\n]*<!-- greenroom:(keep|start) -->\r?$/gm)];
  return [...new Set(found.map((match) => match[1] as BoxAction))];
}

/** The comment with no box ticked. */
export function withoutTicks(comment: string): string {
  return comment.replace(/^- \[[xX]\] (?=[^\n]*<!-- greenroom:(?:keep|start) -->)/gm, '- [ ] ');
}

function digest(text: string): string {
  return sha256(text).slice(0, 32);
}
