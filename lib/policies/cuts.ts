import { isMap, isScalar, isSeq, type Pair, type ParsedNode, stringify, type YAMLMap, type YAMLSeq } from 'yaml';
import { isRecord } from '../core/json.ts';
import type { Edit } from './edit.ts';

type Map_ = YAMLMap.Parsed;
type Node = ParsedNode | null;

/** A range of a text, and its replacement. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The effect of one edit. Several edits that add to one missing map add one value together. */
interface Step {
  /** What is added to: one map, or one key without a value. Each step that replaces something has its own owner. */
  readonly owner: object;
  readonly key: string;
  readonly value?: unknown;
  readonly make: (value: unknown) => Cut | null;
}

/** Replacements for a text. */
export interface Cuts {
  /** In the order of the text; they do not touch each other. */
  readonly cuts: readonly Cut[];
  /** Edits of ranges that others change too. They are applied to the resulting text. */
  readonly left: readonly Edit[];
}

/** The replacements that apply edits to a text; undefined if one of them cannot be applied. */
export function cutsFor(text: string, root: ParsedNode, edits: readonly Edit[]): Cuts | undefined {
  const left: Edit[] = [];
  const made = joined(
    edits.map((edit) => [stepFor(text, root, edit), edit]),
    left,
  ).map(({ step, own }) => ({ cut: step.make(step.value), own }));
  const cuts: Cut[] = [];
  for (const { cut, own } of made.sort((a, b) => (a.cut?.start ?? 0) - (b.cut?.start ?? 0))) {
    if (cut === null) return undefined;
    const before = cuts.at(-1);
    if (before !== undefined && cut.start <= before.end && !isBeside(before, cut)) left.push(...own);
    else cuts.push(cut);
  }
  return { cuts, left };
}

/** Two insertions at the same position are added one after the other. */
function isBeside(a: Cut, b: Cut): boolean {
  return a.start === a.end && b.start === b.end && a.text.startsWith('\n') && b.text.startsWith('\n');
}

/** Applies cuts to the text. They must be in the order of the text. */
export function withCuts(text: string, cuts: readonly Cut[]): string {
  let from = 0;
  const pieces = cuts.map(({ start, end, text: own }) => {
    const piece = text.slice(from, start) + own;
    from = end;
    return piece;
  });
  return pieces.join('') + text.slice(from);
}

/**
 * Merges steps that add to the same missing map.
 *
 * @param left receives the edits that change what another one has added
 */
function joined(
  steps: readonly (readonly [Step, Edit])[],
  left: Edit[],
): { readonly step: Step; readonly own: readonly Edit[] }[] {
  const byOwner = new Map<object, Map<string, { step: Step; own: Edit[] }>>();
  for (const [step, edit] of steps) {
    if (!byOwner.has(step.owner)) byOwner.set(step.owner, new Map());
    const known = byOwner.get(step.owner)!;
    const before = known.get(step.key);
    if (before === undefined) known.set(step.key, { step, own: [edit] });
    else if (isApart(before.step.value, step.value)) {
      known.set(step.key, {
        step: { ...step, value: merged(before.step.value, step.value) },
        own: [...before.own, edit],
      });
    } else left.push(edit);
  }
  return [...byOwner.values()].flatMap((known) => [...known.values()]);
}

/** Whether two values can be merged without one hiding a part of the other. */
function isApart(a: unknown, b: unknown): boolean {
  if (!isRecord(a) || !isRecord(b)) return false;
  return Object.entries(b).every(([key, value]) => !Object.hasOwn(a, key) || isApart(a[key], value));
}

function merged(a: unknown, b: unknown): unknown {
  if (!isRecord(a) || !isRecord(b)) return b;
  const added = Object.entries(b).map(([key, value]) => [key, Object.hasOwn(a, key) ? merged(a[key], value) : value]);
  return { ...a, ...Object.fromEntries(added) };
}

/** The effect of one edit. */
function stepFor(text: string, root: ParsedNode, { path, value }: Edit): Step {
  let node: Node = root;
  let holder: Pair<ParsedNode, Node> | null = null;
  for (const [i, part] of path.entries()) {
    const isLast = i === path.length - 1;
    if (isSeq(node) && typeof part === 'number') {
      const item: Node = (node as YAMLSeq<Node>).items[part] ?? null;
      if (item === null) return NOWHERE;
      if (isLast) return value === undefined ? NOWHERE : only(replaced(text, item, value));
      [node, holder] = [item, null];
      continue;
    }
    // Missing lists are not created.
    if (path.slice(i).some((key) => typeof key === 'number') && !leadsOn(node, part)) return NOWHERE;
    if (!isMap(node)) {
      if (value === undefined || holder === null) return NOWHERE;
      const pair = holder;
      return { owner: pair, key: '', value: nested(path.slice(i), value), make: (all) => filled(text, pair, all) };
    }
    const map: Map_ = node as Map_;
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === part);
    if (pair === undefined) {
      const key = String(part);
      const own = nested(path.slice(i + 1), value);
      return value === undefined ? NOWHERE : { owner: map, key, value: own, make: (all) => added(text, map, key, all) };
    }
    if (isLast) return only(value === undefined ? removed(text, map, pair, holder) : filled(text, pair, value));
    [node, holder] = [pair.value ?? null, pair];
  }
  return NOWHERE;
}

function leadsOn(node: Node, part: string | number): boolean {
  return typeof part === 'string' && isMap(node) && node.has(part);
}

const NOWHERE = only(null);

function only(cut: Cut | null): Step {
  return { owner: {}, key: '', make: () => cut };
}

function nested(path: Edit['path'], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function replaced(text: string, node: ParsedNode, value: unknown): Cut {
  return { start: node.range[0], end: node.range[1], text: inline(text, value) };
}

/** Sets the value of an existing key. */
function filled(text: string, { key, value: node }: Pair<ParsedNode, Node>, value: unknown): Cut | null {
  const colon = text.indexOf(':', key.range[1]);
  if (colon === -1) return null;
  const end = node === null ? colon + 1 : contentEnd(text, node);
  return { start: colon + 1, end: Math.max(end, colon + 1), text: ` ${inline(text, value)}` };
}

/** Adds a new key at the end of an existing map. */
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
    if (next <= text.length) return { start: lineStart, end: next, text: '' };
    // The last line of a file without a final line end: the end of the line above goes with it.
    const above = text.slice(0, lineStart).replace(/\r?\n$/, '').length;
    return { start: above, end: text.length, text: '' };
  }
  // After the dash of a list item, the next key takes its position.
  const after = map.items[index + 1];
  return after === undefined ? null : { start, end: after.key.range[0], text: '' };
}

/** End of a node's content, without the blanks, line ends and comments after it. */
function contentEnd(text: string, node: ParsedNode): number {
  if (isMap(node) && !node.flow) {
    const last = (node as Map_).items.at(-1);
    return last === undefined ? node.range[1] : contentEnd(text, last.value ?? last.key);
  }
  if (isSeq(node) && !node.flow) {
    const last = (node as YAMLSeq<Node>).items.at(-1) ?? null;
    return last === null ? node.range[1] : contentEnd(text, last);
  }
  // An empty value starts where the next token starts.
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
