import { sha256 } from '../core/digest.ts';

/** First line of the one comment; the forge finds it by this and by its author. */
export const COMMENT_MARKER = '<!-- greenroom:preview -->';

/** What every headline begins with: our comment is known by it where a forge hides no marker. */
export const HEADLINE = '### Preview: ';

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
