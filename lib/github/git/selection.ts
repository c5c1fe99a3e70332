import type { Glob } from '../../gitops/glob.ts';

/** What a query asks of the object at a path; names alone, or with the text of files. */
export interface Need {
  /** From the root, without slashes at the ends; empty for the root itself. */
  readonly path: string;
  /** Fields of a GraphQL GitObject. */
  readonly fields: string;
}

export const BLOB = '... on Blob { oid byteSize text }';
const NAMES = tree(1, () => false);
/** The folders of a preview and one more come with it at once; what lies deeper is asked for next. */
const DEEP_LEVELS = 3;

/** The entries of a tree and of `levels - 1` levels of folders in it; `text` says at which level files bring theirs. */
export function tree(levels: number, text: (level: number) => boolean, level = 1): string {
  const inner = [level < levels ? tree(levels, text, level + 1) : '', text(level) ? BLOB : ''].filter(Boolean);
  const object = inner.length === 0 ? '' : ` object { ${inner.join(' ')} }`;
  return `... on Tree { oid entries { name mode oid${object} } }`;
}

/**
 * What has to be asked to follow a glob from a tree that is not known yet. Literal segments lead straight down, and the
 * names on the way tell files from links. Stars open a level each, but never further than what matches: before more
 * literal segments only the names are taken, and the way goes on from there.
 *
 * @param isFew whether it opens few folders: one question for what may be too much is better there than two
 */
export function* needsOf(
  base: string,
  segments: Glob['segments'],
  deep: boolean,
  texts: boolean,
  isFew = false,
): Generator<Need> {
  let path = base;
  let i = 0;
  for (; segments[i]?.literal !== undefined; i += 1) {
    yield { path, fields: NAMES };
    path = path === '' ? segments[i]!.literal! : `${path}/${segments[i]!.literal}`;
    if (i === segments.length - 1 && !deep && texts) yield { path, fields: BLOB };
  }
  const rest = segments.slice(i);
  if (rest.length === 0 && !deep) return;
  if (!opensAtOnce(rest, deep, isFew)) return yield { path, fields: tree(namedLevels(rest, isFew), () => false) };
  const levels = rest.length + (deep ? DEEP_LEVELS : 0);
  yield { path, fields: tree(levels, (level) => texts && (deep ? level > rest.length : level === rest.length)) };
}

/** Whether all that matches can be asked for in one: at most the name of a file comes after stars that take every name. */
function opensAtOnce(segments: Glob['segments'], deep: boolean, isFew: boolean): boolean {
  const levels = namedLevels(segments, isFew);
  if (levels === segments.length) return true;
  return levels === segments.length - 1 && !deep && (isFew || !isNarrow(segments[levels - 1]));
}

/** Levels of names that can be asked for before most of what lies deeper would be in vain. */
function namedLevels(segments: Glob['segments'], isFew: boolean): number {
  const literal = segments.findIndex((segment) => segment.literal !== undefined);
  const narrow = isFew ? -1 : segments.findIndex(isNarrow);
  return Math.min(literal < 0 ? segments.length : literal, narrow < 0 ? segments.length : narrow + 1);
}

/** Whether it takes some names only. */
function isNarrow(segment: Glob['segments'][number] | undefined): boolean {
  if (segment === undefined || segment.literal !== undefined) return false;
  return segment.prefix.length + segment.suffix.length + segment.middles.length > 0;
}

/** Whether one question at a folder whose names are known leads on from all that it holds. */
export function leadsOn(segments: Glob['segments'], deep: boolean): boolean {
  return opensAtOnce(segments, deep, false) || namedLevels(segments, false) > 1;
}
