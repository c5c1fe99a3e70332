import { type ParsedNode, parseAllDocuments } from 'yaml';
import { cutsFor, withCuts } from './cuts.ts';
import { applyEdits, type Edit } from './edit.ts';

/** One document of a text that has content: its own text, and where that begins. */
export interface DocumentText {
  readonly start: number;
  readonly text: string;
}

/** The documents of a text that have content, in its order. */
export function documentTexts(text: string): DocumentText[] {
  return parse(text).map(({ range: [start, , end] }) => ({ start, text: text.slice(start, end) }));
}

/** The text of a document with edits made. */
export interface Spliced {
  /** With all of them; undefined where they cannot be made. */
  readonly whole: string | undefined;
  /** With each group of them alone. */
  readonly parts: readonly (string | undefined)[];
}

/**
 * The text of one document, YAML or JSON, with edits made, and every other character as it was: nobody wants a diff of
 * lines that nothing was wrong with. No text says anything but what it should.
 *
 * @param groups of these edits; each is made alone as well
 */
export function splice(text: string, edits: readonly Edit[], groups: readonly (readonly Edit[])[]): Spliced {
  const [before] = parse(text);
  if (before === undefined) return { whole: undefined, parts: groups.map(() => undefined) };
  const all = made(text, before.root, edits);
  const isRight = all !== undefined && says(all.text, applyEdits(before.data, edits));
  // What is right as a whole, of pieces that do not touch, is right in each of them.
  const isProved = isRight && all.rounds === 1;
  const parts = groups.map((group) => {
    const part = made(text, before.root, group)?.text;
    return part !== undefined && (isProved || says(part, applyEdits(before.data, group))) ? part : undefined;
  });
  return { whole: isRight ? all.text : undefined, parts };
}

/** More rounds than keys that anything here sets in one map. */
const MAX_ROUNDS = 20;

/** The text with edits made, those that touch others in another round. */
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

/** Keys in one order: where in a map a new key stands is of no matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v,
  );
}
