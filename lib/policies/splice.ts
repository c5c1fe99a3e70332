import {
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { applyEdits, type Edit } from './edit.ts';

type Map_ = YAMLMap.Parsed;
type Node = ParsedNode | null;

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One document of a text that has content: its own text, and where that begins. */
export interface DocumentText {
  readonly start: number;
  readonly text: string;
}

/** The documents of a text that have content, in its order. */
export function documentTexts(text: string): DocumentText[] {
  return parse(text).map(({ range: [start, , end] }) => ({ start, text: text.slice(start, end) }));
}

/**
 * The text of one document, YAML or JSON, with edits made, and every other character as it was: nobody wants a diff of
 * lines that nothing was wrong with.
 *
 * @returns undefined where an edit cannot be made so that the text then says what it should, and nothing else
 */
export function splice(text: string, edits: readonly Edit[]): string | undefined {
  const wanted = applyEdits(parse(text)[0]?.data, edits);
  let result = text;
  for (const edit of edits) {
    const root = parse(result)[0]?.root;
    const cut = root && cutFor(result, root, edit);
    if (!cut) return undefined;
    result = result.slice(0, cut.start) + cut.text + result.slice(cut.end);
  }
  const found = parse(result);
  return found.length === 1 && canonical(found[0]!.data) === canonical(wanted) ? result : undefined;
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

/** What to replace for one edit; null where it leads nowhere. */
function cutFor(text: string, root: ParsedNode, { path, value }: Edit): Cut | null {
  let node: Node = root;
  let holder: Pair<ParsedNode, Node> | null = null;
  for (const [i, part] of path.entries()) {
    const isLast = i === path.length - 1;
    if (isSeq(node) && typeof part === 'number') {
      const item: Node = (node as YAMLSeq<Node>).items[part] ?? null;
      if (item === null) return null;
      if (isLast) return value === undefined ? null : replaced(text, item, value);
      [node, holder] = [item, null];
      continue;
    }
    if (!isMap(node)) {
      return value === undefined || holder === null ? null : filled(text, holder, nested(path.slice(i), value));
    }
    const map: Map_ = node as Map_;
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === part);
    if (pair === undefined) {
      return value === undefined ? null : added(text, map, String(part), nested(path.slice(i + 1), value));
    }
    if (isLast) return value === undefined ? removed(text, map, pair, holder) : filled(text, pair, value);
    [node, holder] = [pair.value ?? null, pair];
  }
  return null;
}

function nested(path: Edit['path'], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function replaced(text: string, node: ParsedNode, value: unknown): Cut {
  return { start: node.range[0], end: node.range[1], text: inline(text, value) };
}

/** Sets the value of a key that is there. */
function filled(text: string, { key, value: node }: Pair<ParsedNode, Node>, value: unknown): Cut | null {
  const colon = text.indexOf(':', key.range[1]);
  if (colon === -1) return null;
  const end = node === null ? colon + 1 : contentEnd(text, node);
  return { start: colon + 1, end: Math.max(end, colon + 1), text: ` ${inline(text, value)}` };
}

/** A new key at the end of a map that is there. */
function added(text: string, map: Map_, key: string, value: unknown): Cut | null {
  const last = map.items.at(-1);
  if (map.flow) {
    const end = map.range[1] - 1;
    const start = last === undefined ? map.range[0] + 1 : contentEnd(text, last.value ?? last.key);
    const entry = isJson(text) ? JSON.stringify({ [key]: value }).slice(1, -1) : flow({ [key]: value }).slice(2, -2);
    return { start, end, text: `${last === undefined ? ' ' : ', '}${entry} ` };
  }
  if (last === undefined) return null;
  const at = contentEnd(text, last.value ?? last.key);
  const lineEnd = endOfLine(text, at);
  const indent = ' '.repeat(column(text, map.items[0]!.key.range[0]));
  const block = stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .replace(/^/gm, indent);
  return { start: lineEnd, end: lineEnd, text: `\n${block}` };
}

function removed(
  text: string,
  map: Map_,
  pair: Map_['items'][number],
  holder: Pair<ParsedNode, Node> | null,
): Cut | null {
  const index = map.items.indexOf(pair);
  const [start, end] = [pair.key.range[0], contentEnd(text, pair.value ?? pair.key)];
  if (map.items.length === 1) {
    if (map.flow) return { start: map.range[0], end: map.range[1], text: '{}' };
    return holder === null ? null : filled(text, holder, {});
  }
  if (map.flow) {
    const [before, after] = [map.items[index - 1], map.items[index + 1]];
    if (after !== undefined) return { start, end: after.key.range[0], text: '' };
    return { start: contentEnd(text, before!.value ?? before!.key), end, text: '' };
  }
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (/^ *$/.test(text.slice(lineStart, start))) {
    const next = endOfLine(text, end) + 1;
    return { start: lineStart, end: Math.min(next, text.length), text: '' };
  }
  // Behind the dash of a list: the next key takes its place.
  const after = map.items[index + 1];
  return after === undefined ? null : { start, end: after.key.range[0], text: '' };
}

/** Where what is written of a node ends, without the blanks, line ends and comments behind it. */
function contentEnd(text: string, node: ParsedNode): number {
  if (isMap(node) && !node.flow) {
    const last = (node as Map_).items.at(-1);
    return last === undefined ? node.range[1] : contentEnd(text, last.value ?? last.key);
  }
  if (isSeq(node) && !node.flow) {
    const last = (node as YAMLSeq<Node>).items.at(-1) ?? null;
    return last === null ? node.range[1] : contentEnd(text, last);
  }
  // An empty value begins where the next thing does.
  if (node.range[1] === node.range[0]) return node.range[0];
  let end = node.range[1];
  while (end > node.range[0] && /\s/.test(text[end - 1]!)) end--;
  return end;
}

function endOfLine(text: string, from: number): number {
  const next = text.indexOf('\n', from);
  return next === -1 ? text.length : next;
}

function column(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function isJson(text: string): boolean {
  return /^\s*[{[]\s*"/.test(text);
}

function inline(text: string, value: unknown): string {
  return isJson(text) ? JSON.stringify(value) : flow(value);
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}
