import type { Glob } from '../../gitops/glob.ts';

/** The fields that a query selects of the object at a path: names only, or with the text of files. */
export interface ObjectQuery {
  /** From the root, without leading or trailing slashes; empty for the root itself. */
  readonly path: string;
  /** Fields of a GraphQL GitObject. */
  readonly fields: string;
}

export const BLOB = '... on Blob { oid byteSize text }';
const NAMES = tree(1, () => false);
/** Levels of folders that one query fetches below a `**`; deeper ones take another query. */
const DEEP_LEVELS = 3;

/** Selects the entries of a tree and of `levels - 1` levels of folders in it; `text` says at which levels to fetch texts. */
export function tree(levels: number, text: (level: number) => boolean, level = 1): string {
  const inner = [level < levels ? tree(levels, text, level + 1) : '', text(level) ? BLOB : ''].filter(Boolean);
  const object = inner.length === 0 ? '' : ` object { ${inner.join(' ')} }`;
  return `... on Tree { oid entries { name mode oid${object} } }`;
}

/**
 * The selections needed to follow a glob from a tree that is not in the cache. Literal segments give one path, and the
 * names on the way tell files from links. Each star opens one level. Before further literal segments only names are
 * fetched, and the next query continues with those that match.
 *
 * @param isFew whether few folders are opened: then one query that may fetch too much is better than two
 */
export function* queriesFor(
  base: string,
  segments: Glob['segments'],
  deep: boolean,
  texts: boolean,
  isFew = false,
): Generator<ObjectQuery> {
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

/** Whether one query can fetch all matches: after stars that match every name, at most a file name may follow. */
function opensAtOnce(segments: Glob['segments'], deep: boolean, isFew: boolean): boolean {
  const levels = namedLevels(segments, isFew);
  if (levels === segments.length) return true;
  return levels === segments.length - 1 && !deep && (isFew || !isNarrow(segments[levels - 1]));
}

/** Levels of names to fetch at once; below them most folders would not match. */
function namedLevels(segments: Glob['segments'], isFew: boolean): number {
  const literal = segments.findIndex((segment) => segment.literal !== undefined);
  const narrow = isFew ? -1 : segments.findIndex(isNarrow);
  return Math.min(literal < 0 ? segments.length : literal, narrow < 0 ? segments.length : narrow + 1);
}

/** Whether the segment matches only some names. */
function isNarrow(segment: Glob['segments'][number] | undefined): boolean {
  if (segment === undefined || segment.literal !== undefined) return false;
  return segment.prefix.length + segment.suffix.length + segment.middles.length > 0;
}

/** Whether one query at a known folder makes progress in all of its subfolders. */
export function leadsOn(segments: Glob['segments'], deep: boolean): boolean {
  return opensAtOnce(segments, deep, false) || namedLevels(segments, false) > 1;
}
