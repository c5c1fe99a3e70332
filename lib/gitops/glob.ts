/** One segment of a glob. Its literal parts are bytes, so that a tree can be scanned without decoding names. */
export interface SegmentPattern {
  /** The whole name if there is no `*`. */
  readonly literal: string | undefined;
  readonly prefix: Buffer;
  readonly suffix: Buffer;
  /** Bytes that occur in every tree with a matching name: the end of the name, or all of it if there is no `*`. */
  readonly trace: Buffer;
  /** The texts between stars, in order. */
  readonly middles: readonly string[];
}

export interface Glob {
  readonly segments: readonly SegmentPattern[];
  /** Whether everything below the last segment matches (a final `**`). */
  readonly deep: boolean;
}

/**
 * Parses a glob of literal segments, `*` inside a segment and a final `**`; anything else is a bug in the caller.
 * A backslash before a star or a backslash makes it literal, see {@link literalGlob}.
 */
export function parseGlob(text: string): Glob {
  const parts = text.split('/');
  const deep = parts.at(-1) === '**';
  if (deep) parts.pop();
  const segments = parts.map(textsBetweenStars);
  const isEmpty = ([first, ...rest]: readonly string[]) => rest.length === 0 && ['', '.', '..'].includes(first!);
  if (segments.some((texts) => isEmpty(texts) || texts.slice(1, -1).includes(''))) {
    throw new Error(`not a glob of the apps repo: ${text}`);
  }
  return { segments: segments.map(segmentOf), deep };
}

/** A glob for exactly this path, whatever is in its names: folders of the apps repo may be anybody's. */
export function literalGlob(path: string): string {
  return path.replace(/[*\\]/g, '\\$&');
}

function textsBetweenStars(segment: string): string[] {
  const texts = [''];
  for (const [token] of segment.matchAll(/\\[*\\]|./gsu)) {
    if (token === '*') texts.push('');
    else texts.push(texts.pop() + (/^\\[*\\]$/.test(token) ? token.slice(1) : token));
  }
  return texts;
}

function segmentOf([prefix = '', ...rest]: readonly string[]): SegmentPattern {
  const suffix = rest.pop();
  if (suffix === undefined) return literalSegment(prefix);
  return {
    literal: undefined,
    prefix: Buffer.from(prefix),
    suffix: Buffer.from(suffix),
    trace: Buffer.from(`${suffix}\0`),
    middles: rest.filter((part) => part !== ''),
  };
}

/** A segment that matches exactly this name, with any characters. */
export function literalSegment(name: string): SegmentPattern {
  const trace = Buffer.from(` ${name}\0`);
  return { literal: name, prefix: Buffer.from(name), suffix: Buffer.alloc(0), trace, middles: [] };
}

/** A quick check of the bytes of a name. If it returns true, {@link matches} decides. */
export function mayMatch(pattern: SegmentPattern, tree: Buffer, nameStart: number, nameEnd: number): boolean {
  const { prefix, suffix } = pattern;
  if (nameEnd - nameStart < prefix.length + suffix.length) return false;
  return endsAt(tree, nameEnd, suffix) && endsAt(tree, nameStart + prefix.length, prefix);
}

function endsAt(bytes: Buffer, end: number, part: Buffer): boolean {
  for (let i = 1; i <= part.length; i += 1) if (bytes[end - i] !== part[part.length - i]) return false;
  return true;
}

/** Whether a name that {@link mayMatch} really matches: the middles must follow each other between prefix and suffix. */
export function matches(pattern: SegmentPattern, name: string): boolean {
  if (pattern.literal !== undefined) return name === pattern.literal;
  let at = pattern.prefix.toString().length;
  for (const middle of pattern.middles) {
    const found = name.indexOf(middle, at);
    if (found < 0) return false;
    at = found + middle.length;
  }
  return at <= name.length - pattern.suffix.toString().length;
}
