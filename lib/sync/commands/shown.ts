/** Elements whose text is quoted, struck out, folded away or not shown. */
const HIDING =
  'pre|details|blockquote|textarea|script|style|template|code|samp|kbd|xmp|q|s|del|strike|noscript|iframe|title|select|svg|math';
const NAME = new RegExp(`</?(${HIDING})(?=[\\s>/]|$)`, 'iy');

/** What is not shown and has an end of its own. Source: CommonMark 0.31, HTML blocks */
const MARKS: readonly (readonly [begin: string, end: string])[] = [
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<![cdata[', ']]>'],
];

/** A tag within a line of text. Source: CommonMark 0.31, raw HTML */
const INLINE_TAG =
  /<(?:[a-z][a-z0-9-]*(?:\s+[a-z_:][a-z0-9:._-]*(?:\s*=\s*(?:[^"'=<>`\s]+|'[^']*'|"[^"]*"))?)*\s*\/?|\/[a-z][a-z0-9-]*\s*)>/iy;
/** Where a link leads, with its title; what stands in an image's place. */
const LINK_END =
  /\]\([ \t\n]*(?:<[^<>\n]*>|[^\s<]{0,2000})[ \t\n]+(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))[ \t\n]*\)/sy;
/** What stands before a block in lists and quotes. */
const FRONT = String.raw`^[ \t>*+-]*(?:\d{1,9}[.)][ \t>*+-]*)*`;
const DEFINITION = new RegExp(String.raw`${FRONT}\[[^\]]{0,999}\]:`);
const HTML = new RegExp(`${FRONT}<[a-z/!?]`, 'i');
/** Elements whose text is HTML up to their end, blank lines or not. Source: CommonMark 0.31, HTML blocks */
const RAW = ['pre', 'script', 'style', 'textarea'];
const FENCE = /^( {0,3})(?:(`{3,})[^`]*|(~{3,}).*)$/;
/** Lines that may begin a block of their own, so that code before them does not go on. */
const MAYBE_BLOCK = /^[ \t]*(?:[#>+*=_<|-]|\d{1,9}[.)])/m;

/**
 * The lines of a comment that people read as text of the comment itself. Left out are lines within code, comments,
 * tags, titles of links, and elements that quote, fold or hide. In doubt a line is left out: forges read Markdown and
 * then HTML, and what one of them hides is not shown.
 */
export function shownLines(comment: string): string[] {
  const text = comment.replace(/\r\n?/g, '\n');
  const reader = new Reader(text);
  const shown: string[] = [];
  for (let from = 0; from <= text.length && !reader.isDone; ) {
    const end = endOfLine(text, from);
    const line = text.slice(from, end);
    if (reader.begins(line, from)) shown.push(line);
    reader.read(from, end);
    from = end + 1;
  }
  return shown;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

interface Fence {
  readonly mark: string;
  readonly indent: number;
}

/** Reads a comment line by line, and remembers what goes on into the next one. */
class Reader {
  private fence: Fence | null = null;
  /** How often each element is open that hides the text. */
  private readonly elements = new Map<string, number>();
  /** Up to here, the text is within a tag, a comment, code, or a title. */
  private covered = 0;
  /** Up to here, that is certain, and nothing in it means anything. */
  private certain = 0;
  private paragraph: Paragraph = paragraphAt('', 0);
  /** Whether the line can be in a block of HTML, where Markdown means nothing. */
  private isRaw = false;
  /** Where that block begins. */
  private rawFrom: number | null = null;
  private lineFrom = 0;
  /** Characters that may still be read for the end of something: things in things are read again and again. */
  private budget = 4_000_000;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether nothing of the rest is shown. */
  get isDone(): boolean {
    return this.covered > this.text.length;
  }

  /** Whether a line is shown; called once for each line, in their order. */
  begins(line: string, from: number): boolean {
    if (this.fence !== null) {
      this.fenced(line, this.fence);
      return false;
    }
    if (line.trim() === '' && from >= this.covered && !RAW.some((name) => this.elements.has(name))) this.isRaw = false;
    if (from >= this.paragraph.end) this.paragraph = paragraphAt(this.text, from);
    const [, indent = '', ticks, waves] = FENCE.exec(line) ?? [];
    const mark = ticks ?? waves;
    if (mark !== undefined && from >= this.certain) {
      // Within HTML it may be no fence: nobody knows what the rest is.
      if (this.isRaw || from < this.covered) this.coverAll();
      this.fence = { mark, indent: indent.length };
      return false;
    }
    if (from < this.certain) return false;
    if (!this.isRaw && HTML.test(line)) {
      this.isRaw = true;
      this.rawFrom = from;
    }
    // A definition of a link, its title included, is not shown.
    if (
      this.paragraph.mayDefine &&
      this.covered < this.paragraph.end &&
      DEFINITION.test(this.text.slice(from, this.paragraph.end))
    ) {
      this.isRaw = true;
      this.cover(this.paragraph.end);
    }
    return this.elements.size === 0 && from >= this.covered;
  }

  private fenced(line: string, { mark, indent }: Fence): void {
    const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
    // It may be in a list, which a line with less in front ends.
    if (line.trim() !== '' && line.search(/\S/) < indent) this.coverAll();
    if (closing?.startsWith(mark) === true) this.fence = null;
  }

  private cover(to: number): void {
    this.covered = Math.max(this.covered, to);
  }

  private spend(characters: number): void {
    this.budget -= characters;
    if (this.budget < 0) this.coverAll();
  }

  private coverAll(): void {
    this.cover(this.text.length + 1);
  }

  /** Reads what is in a line. */
  read(from: number, end: number): void {
    this.lineFrom = from;
    for (let i = Math.max(from, this.certain); i < end && !this.isDone; ) i = Math.max(i + 1, this.step(i));
  }

  /** Reads what begins at a place. @returns where to go on */
  private step(i: number): number {
    const { text } = this;
    if (this.fence !== null) return i;
    if (text[i] === '<') return this.angle(i);
    switch (text[i]) {
      case '\\':
        return this.isRaw || !/[!-/:-@[-`{-~]/.test(text[i + 1] ?? '') ? i : i + 2;
      case '`':
        return this.code(i, '`');
      case '$':
        return text[i + 1] === '$' ? this.code(i, '$') : i;
      case '!':
        return text[i + 1] === '[' ? this.upTo(this.paragraph.last[']'], i) : i;
      case ']':
        return text[i + 1] === '(' ? this.link(i) : i;
      default:
        return i;
    }
  }

  /** Code or a formula, between two runs of the same length; in doubt up to the last sign. */
  private code(i: number, sign: '`' | '$'): number {
    const { text } = this;
    const { end, isClear, last } = this.paragraph;
    const length = runLength(text, i, sign);
    if (!isClear || this.isRaw || i < this.covered) return this.upTo(last[sign] + 1, i + length);
    for (let at = text.indexOf(sign, i + length); at !== -1 && at < end; at = text.indexOf(sign, at)) {
      const other = runLength(text, at, sign);
      at += other;
      if (other !== length) continue;
      this.cover(at);
      this.certain = at;
      return at;
    }
    this.spend(end - i);
    return i + length;
  }

  private link(i: number): number {
    LINK_END.lastIndex = i;
    const [found] = LINK_END.exec(this.text) ?? [];
    this.spend(found?.length ?? 100);
    return this.upTo(i + (found?.length ?? 0), i);
  }

  /** Covers text that may not be shown, up to a place in the same paragraph. @returns where to go on */
  private upTo(end: number, next: number): number {
    if (end > next && end <= this.paragraph.end) this.cover(end);
    return next;
  }

  private angle(i: number): number {
    const { text } = this;
    const isPlain = i >= this.covered;
    const mark = MARKS.find(([begin]) => text.slice(i, i + begin.length).toLowerCase() === begin);
    if (mark !== undefined) return this.comment(i, mark);
    const end = this.tagEnd(i);
    if (end === -1) return i;
    NAME.lastIndex = i;
    const [found, name] = NAME.exec(text) ?? [];
    if (name !== undefined) {
      this.meets(name.toLowerCase(), found!.startsWith('</'), isPlain && !this.isIndented());
    }
    if (this.isRaw) {
      // The block can end with its line: then Markdown writes the sign that would end the tag as text.
      if (end > endOfLine(text, i)) this.coverAll();
    } else if (isPlain && this.paragraph.isClear) this.certain = end;
    this.cover(end);
    return Math.max(i, this.certain);
  }

  /** A comment goes over blank lines only if it begins a block; of others nobody knows where they end. */
  private comment(i: number, [begin, close]: (typeof MARKS)[number]): number {
    const at = this.text.indexOf(close, i + begin.length);
    const end = at === -1 ? this.text.length + 1 : at + close.length;
    const isWithin = end <= this.paragraph.end;
    this.spend(end - i);
    // For a browser, some end earlier.
    const odd = this.text.indexOf('--!>', i);
    const isEarlier = /^<!---?>/.test(this.text.slice(i, i + 6)) || (odd !== -1 && odd < end);
    const isCommon = begin === '<!--' && !isEarlier;
    if (i >= this.covered && isCommon && ((isWithin && this.paragraph.isClear) || this.beginsBlock(i))) {
      this.cover(end);
      this.certain = end;
      return end;
    }
    this.isRaw = true;
    if (end <= endOfLine(this.text, i)) this.cover(end);
    else this.coverAll();
    return i + begin.length;
  }

  private beginsBlock(i: number): boolean {
    return this.rawFrom !== null && /^ {0,3}$/.test(this.text.slice(this.rawFrom, i));
  }

  /** Where the tag ends that begins at a place; -1 if none does. */
  private tagEnd(i: number): number {
    const sign = this.text[i + 1] ?? '';
    if (!/[a-z/!]/i.test(sign)) return -1;
    if (this.isRaw) {
      const end = htmlTagEnd(this.text, i);
      this.spend(end - i);
      return end;
    }
    if (sign !== '!') return inlineTagEnd(this.text, i, this.paragraph.end);
    const end = this.text.indexOf('>', i) + 1;
    return end > this.paragraph.end ? -1 : end || -1;
  }

  /** Whether the line can be in a list or a quote, and so in code there. */
  private isIndented(): boolean {
    const wasRaw = this.isRaw && this.rawFrom !== null && this.rawFrom < this.lineFrom;
    return (wasRaw ? /^\s*(?:[>*+-]|\d{1,9}[.)])/ : /^(?:[\s>*+-]|\d{1,9}[.)])/).test(
      this.text.slice(this.lineFrom, this.lineFrom + 200),
    );
  }

  private meets(name: string, closes: boolean, isPlain: boolean): void {
    const open = this.elements.get(name) ?? 0;
    if (!closes) this.elements.set(name, open + 1);
    // What closes counts only where nothing else can be meant.
    else if (isPlain && open > 1) this.elements.set(name, open - 1);
    else if (isPlain) this.elements.delete(name);
  }
}

/** Up to a blank line or a fence: no code and no title goes further. */
interface Paragraph {
  readonly end: number;
  /** Whether it is a single block. */
  readonly isClear: boolean;
  /** Whether it can have a definition of a link. */
  readonly mayDefine: boolean;
  /** Where a sign stands for the last time; -1 if it does not. */
  readonly last: Readonly<Record<'`' | '$' | ']', number>>;
}

function paragraphAt(text: string, from: number): Paragraph {
  let end = endOfLine(text, from);
  while (end < text.length) {
    const next = text.slice(end + 1, endOfLine(text, end + 1));
    if (next.trim() === '' || FENCE.test(next)) break;
    end += 1 + next.length;
  }
  const own = text.slice(from, end);
  const last = (sign: string) => {
    const at = own.lastIndexOf(sign);
    return at === -1 ? -1 : from + at;
  };
  return {
    end,
    isClear: !MAYBE_BLOCK.test(own),
    mayDefine: own.includes(']:'),
    last: { '`': last('`'), $: last('$'), ']': last(']') },
  };
}

function runLength(text: string, from: number, sign: string): number {
  let length = 1;
  while (text[from + length] === sign) length += 1;
  return length;
}

function inlineTagEnd(text: string, i: number, limit: number): number {
  INLINE_TAG.lastIndex = i;
  const [tag] = INLINE_TAG.exec(text) ?? [];
  return tag === undefined || i + tag.length > limit ? -1 : i + tag.length;
}

/** Where a tag ends for a browser; behind the text if it never does. Source: HTML, tokenization */
function htmlTagEnd(text: string, i: number): number {
  for (let at = i + 1; at < text.length; at += 1) {
    if (text[at] === '>') return at + 1;
    const [found, quote] = text[at] === '=' ? (/^=\s*(["'])/.exec(text.slice(at, at + 200)) ?? []) : [];
    if (found === undefined || quote === undefined) continue;
    const close = text.indexOf(quote, at + found.length);
    if (close === -1) break;
    at = close;
  }
  return text.length + 1;
}
