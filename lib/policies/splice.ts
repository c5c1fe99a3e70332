import { type ParsedNode, parseAllDocuments } from 'yaml';
import { cutsFor, withCuts } from './cuts.ts';
import { applyEdits, type Edit } from './edit.ts';

/** One document of a text that is not empty: its text, and where it starts. */
export interface DocumentText {
  readonly start: number;
  readonly text: string;
}

/** The documents of a text that are not empty, in order. */
export function documentTexts(text: string): DocumentText[] {
  return parse(text).map(({ range: [start, , end] }) => ({ start, text: text.slice(start, end) }));
}

/** The text of a document with edits applied. */
export interface Spliced {
  /** With all edits; undefined if they cannot be applied. */
  readonly whole: string | undefined;
  /** With each group of edits alone. */
  readonly parts: readonly (string | undefined)[];
}

/**
 * Applies edits to one document, YAML or JSON. Every other character is unchanged, so that a diff shows only lines that
 * were wrong. The result is checked: a text that does not have the wanted content is not returned.
 *
 * @param groups groups of these edits; each is also applied alone
 */
export function splice(text: string, edits: readonly Edit[], groups: readonly (readonly Edit[])[]): Spliced {
  const [before] = parse(text);
  if (before === undefined) return { whole: undefined, parts: groups.map(() => undefined) };
  const all = made(text, before.root, edits);
  const isRight = all !== undefined && says(all.text, applyEdits(before.data, edits));
  // If the whole is correct and its parts do not touch, each part is correct too.
  const isProved = isRight && all.rounds === 1;
  const parts = groups.map((group) => {
    const part = made(text, before.root, group)?.text;
    return part !== undefined && (isProved || says(part, applyEdits(before.data, group))) ? part : undefined;
  });
  return { whole: isRight ? all.text : undefined, parts };
}

/** More rounds than the number of keys that any fix sets in one map. */
const MAX_ROUNDS = 20;

/** The text with edits applied. Edits that touch others are applied in another round. */
function made(
  text: string,
  root: ParsedNode,
  edits: readonly Edit[],
): { readonly text: string; readonly rounds: number } | undefined {
  let [result, at, rest] = [text, root, edits];
  for (let rounds = 1; rounds <= MAX_ROUNDS; rounds++) {
    const found = cutsFor(result, at, rest);
    if (found === undefined) return undefined;
    result = withCuts(result, found.cuts);
    if (found.left.length === 0) return { text: result, rounds };
    const next = parse(result)[0];
    if (next === undefined) return undefined;
    [at, rest] = [next.root, found.left];
  }
  return undefined;
}

function says(text: string, wanted: unknown): boolean {
  const found = parse(text);
  return found.length === 1 && canonical(found[0]!.data) === canonical(wanted);
}

interface Parsed {
  readonly root: ParsedNode;
  readonly data: unknown;
  readonly range: readonly [number, number, number];
}

function parse(text: string): Parsed[] {
  const documents = parseAllDocuments<ParsedNode>(text, { uniqueKeys: false });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const { errors, contents: root, range } = document;
    const data: unknown = errors.length > 0 ? null : document.toJS();
    return root === null || data === null ? [] : [{ root, data, range }];
  });
}

/** Sorts keys: the position of a new key in a map does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v,
  );
}
