import { sha256 } from '../core/digest.ts';
import { printable } from '../core/text.ts';
import type { Late } from '../forge/limits.ts';

/** First line of our comment, by which it is found, together with its author. */
export const COMMENT_MARKER = '<!-- greenroom:preview -->';

/** Beginning of every headline. On a forge without hidden markers our comment is found by it. */
export const HEADLINE = '### Preview: ';

/** The headline of our comment as plain text, without a full stop; null if it has none. */
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

/** The text without our markers, for a forge that would show them. */
export function withoutOwnMarkers(text: string): string {
  return text.replace(/^<!-- greenroom:[^\n]*-->\n/gm, '');
}

/** State that is stored in the comment from one report to the next. It only affects texts, never decisions. */
export interface StoredState {
  /** The state that was written, with its reason: `ready`, `none/expired`. */
  readonly state: string;
  /** Start of the preview in unix seconds; null for none. */
  readonly since: number | null;
}

const STORED_STATE = /^<!-- greenroom:memory state=([a-z/-]+) since=(\d{1,12}|-) -->$/m;

export function storedStateLine({ state, since }: StoredState): string {
  return `<!-- greenroom:memory state=${state} since=${since ?? '-'} -->`;
}

/** Null if the comment has none. */
export function storedStateOf(comment: string | null): StoredState | null {
  const found = STORED_STATE.exec(comment ?? '');
  if (found === null) return null;
  return { state: found[1]!, since: found[2] === '-' ? null : Number(found[2]) };
}

const CHANGES = /^<!-- greenroom:changes ([0-9a-f]{32}) -->\n([\s\S]*?)\n<!-- greenroom:changes end -->$/m;

/** The part of the comment about changes, marked so that a later report can keep it. */
export function changesPart(text: string): string {
  return `<!-- greenroom:changes ${digest(text)} -->\n${text}\n<!-- greenroom:changes end -->`;
}

/** That part of an earlier comment; null if it is missing or was edited. */
export function changesOf(comment: string | null): string | null {
  const found = CHANGES.exec(comment ?? '');
  return found !== null && digest(found[2]!) === found[1] ? found[2]! : null;
}

const SEEN = /^<!-- greenroom:seen ([0-9a-f]{40,64}) (\d{1,11}|-)(?: (\[[a-z0-9 /=._:@#A-Z-]{1,140}\]))? -->$/m;

/** What the comment stores about a commit. */
export interface Noted {
  readonly headSha: string;
  /** Time of the commit to the apps repo in unix seconds; null if unknown. */
  readonly committedAt: number | null;
  /** What was seen of it, in the format of `keptLine`; empty for nothing. */
  readonly tag: string;
}

export function seenLine({ headSha, committedAt, tag }: Noted): string {
  return `<!-- greenroom:seen ${headSha} ${committedAt ?? '-'}${tag === '' ? '' : ` ${tag}`} -->`;
}

/** Null if the comment has none. */
export function seenOf(comment: string | null): Noted | null {
  const found = SEEN.exec(comment ?? '');
  if (found === null) return null;
  return { headSha: found[1]!, committedAt: found[2] === '-' ? null : Number(found[2]), tag: found[3] ?? '' };
}

const SYSTEM_MESSAGE =
  /^<!-- greenroom:words ([0-9a-f]{32}) (\d{1,11}) -->\n([\s\S]*?)\n<!-- greenroom:words end -->$/m;

/** The system's own message, marked so that a later report can keep it. @param at time in unix seconds */
export function systemMessagePart(at: number, text: string): string {
  return `<!-- greenroom:words ${digest(text)} ${at} -->\n${text}\n<!-- greenroom:words end -->`;
}

/** That part of an earlier comment; null if it is missing, of another time, or was edited. */
export function systemMessageOf(comment: string | null, at: number): string | null {
  const found = SYSTEM_MESSAGE.exec(comment ?? '');
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

/** The line about what is left of an ended preview, marked so that a later report can replace it. */
export function endPart(text: string): string {
  return `<!-- greenroom:end -->\n${text}`;
}

/** Replaces that line of a comment, and the stored line about what was seen. @param seen from {@link seenLine} */
export function withEndText(comment: string, text: string, seen: string | null): string {
  const ended = comment.replace(END, () => endPart(text));
  return seen === null ? ended : ended.replace(SEEN, () => seen);
}

const LATE = /^<!-- greenroom:late ([0-9a-f]{40,64}) (\d{1,7}) (\d{1,11}) -->$/m;

/** Stores the rate limit that delayed the report of a commit. */
export function lateLine(headSha: string, { seconds, until }: Late): string {
  return `<!-- greenroom:late ${headSha} ${Math.round(seconds)} ${Math.ceil(until)} -->`;
}

/** Null if there was no delay, or for another commit. */
export function lateOf(comment: string | null, headSha: string): Late | null {
  const found = LATE.exec(comment ?? '');
  return found?.[1] === headSha ? { seconds: Number(found[2]), until: Number(found[3]) } : null;
}

/** The headline of our comment and its commit (first 7 digits); null if one is missing. */
export function saidOf(comment: string | null): { readonly headline: string; readonly commit: string } | null {
  const headline = headlineOf(comment ?? '')?.replace(/^Preview: /, '') ?? null;
  const commit = /^<sub>`([0-9a-f]{7})` · /m.exec(comment ?? '')?.[1];
  return headline === null || commit === undefined ? null : { headline, commit };
}

/** The action of a check box. */
export type BoxAction = 'keep' | 'start';

/** A check box. */
export function box(action: BoxAction, words: string): string {
  return `- [ ] ${words} <!-- greenroom:${action} -->`;
}

/** Actions of the ticked boxes, each once. */
export function tickedBoxes(comment: string): BoxAction[] {
  const found = [...comment.matchAll(/^- \[[xX]\] [^\n]*<!-- greenroom:(keep|start) -->\r?$/gm)];
  return [...new Set(found.map((match) => match[1] as BoxAction))];
}

/** The comment with all boxes unticked. */
export function withoutTicks(comment: string): string {
  return comment.replace(/^- \[[xX]\] (?=[^\n]*<!-- greenroom:(?:keep|start) -->)/gm, '- [ ] ');
}

function digest(text: string): string {
  return sha256(text).slice(0, 32);
}
