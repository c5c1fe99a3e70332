import { isMap, isScalar, isSeq, type ParsedNode, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { FieldPath, PlaceTree } from './positions.ts';
import { resolvePlain } from './scalar.ts';
import { hiddenCharacter, inTypographicQuotes, typographicQuote, withoutTypographicQuotes } from './text.ts';

/** A problem of one field, at an offset in the text. */
export interface FieldProblem {
  readonly offset: number;
  readonly path: FieldPath;
  readonly message: string;
}

export interface Tree {
  readonly value: unknown;
  readonly places: PlaceTree;
  readonly problems: readonly FieldProblem[];
}

type Node = ParsedNode | null;
interface Read {
  readonly value: unknown;
  readonly place: PlaceTree;
}

const NONE: ReadonlyMap<string | number, PlaceTree> = new Map();

/**
 * A syntax tree as plain data (objects with own properties, arrays, strings, finite numbers, booleans and null) with
 * the positions of all values. An ambiguous member is a problem, and its value is the text as written.
 */
export function readTree(root: Node, textStart: number): Tree {
  const reader = new TreeReader();
  const { value, place } = reader.read(root, isWritten(root) ? root.range[0] : textStart);
  return { value, places: place, problems: reader.problems };
}

class TreeReader {
  readonly problems: FieldProblem[] = [];
  /** Path of the node that is being read. It is copied only to report a problem. */
  readonly #path: (string | number)[] = [];

  read(node: Node, keyOffset: number): Read {
    if (isMap(node)) return this.#map(node as YAMLMap<ParsedNode, Node>, keyOffset);
    if (isSeq(node)) return this.#sequence(node as YAMLSeq<Node>, keyOffset);
    const offset = isWritten(node) ? node.range[0] : keyOffset;
    return { value: this.#scalar(node, offset), place: { offset, keyOffset, members: NONE } };
  }

  #map(node: YAMLMap<ParsedNode, Node>, keyOffset: number): Read {
    const value: Record<string, unknown> = {};
    const members = new Map<string | number, PlaceTree>();
    // Helm's and others' templates: for a YAML reader, a map whose key is a map.
    if (node.flow === true && isMap(node.items[0]?.key)) {
      const offset = node.range?.[0] ?? keyOffset;
      this.#report(offset, 'holds {{ }}, which nothing replaces in this file; write the value itself');
      return { value, place: { offset, keyOffset, members } };
    }
    for (const { key: keyNode, value: valueNode } of node.items) {
      const at = keyNode?.range[0] ?? keyOffset;
      const key = this.#key(keyNode, at);
      if (key === undefined) continue;
      this.#path.push(key);
      if (members.has(key)) {
        this.#report(at, 'is set twice; keep one');
      } else {
        const member = this.read(valueNode, at);
        value[key] = member.value;
        members.set(key, member.place);
      }
      this.#path.pop();
    }
    return { value, place: { offset: node.range?.[0] ?? keyOffset, keyOffset, members } };
  }

  #sequence(node: YAMLSeq<Node>, keyOffset: number): Read {
    const members = new Map<string | number, PlaceTree>();
    const value = node.items.map((item, i) => {
      this.#path.push(i);
      const member = this.read(item, isWritten(item) ? item.range[0] : keyOffset);
      this.#path.pop();
      members.set(i, member.place);
      return member.value;
    });
    return { value, place: { offset: node.range?.[0] ?? keyOffset, keyOffset, members } };
  }

  /** A valid key, or undefined after a problem was reported. */
  #key(node: Node, offset: number): string | undefined {
    if (!isScalar(node) || typeof node.value !== 'string') return this.#report(offset, 'has a key that is not text');
    const key = node.value;
    if (hiddenCharacter(key) || /[\t\n]/.test(key)) return this.#report(offset, 'has a key with a hidden character');
    // Assigning it would set the prototype instead of a member.
    if (key === '__proto__') return this.#report(offset, 'must not have the key "__proto__"');
    if (node.type !== Scalar.PLAIN) return key;
    if (key === '') return this.#report(offset, 'has a value without a key');
    if (key === '<<') return this.#report(offset, 'has a merge key (<<); write the values out');
    const quote = typographicQuote(key[0]!);
    if (quote !== undefined) {
      this.#report(offset, `has a key in typographic quotes (${quote}); use straight ones ("), or none`);
      // The name that was meant: so its setting is not reported as missing.
      const bare = withoutTypographicQuotes(key);
      return bare === '__proto__' ? undefined : bare;
    }
    const plain = resolvePlain(key);
    if ('value' in plain && plain.value === key) return key;
    return this.#report(offset, `has the key ${key}, which not every YAML reader reads as text; put it in quotes`);
  }

  #scalar(node: Node, offset: number): unknown {
    if (!isScalar(node)) return null;
    const text = String(node.value ?? '');
    const hidden = hiddenCharacter(text);
    if (hidden) this.#report(offset, `is an escape for the hidden character ${hidden}`);
    if (node.type !== Scalar.PLAIN) return text;
    const quote = typographicQuote(text.slice(0, 1));
    if (quote !== undefined) {
      this.#report(offset, inTypographicQuotes(quote));
      return text;
    }
    const plain = resolvePlain(text);
    if ('value' in plain) return plain.value;
    this.#report(offset, plain.problem);
    return text;
  }

  #report(offset: number, message: string): undefined {
    this.problems.push({ offset, path: [...this.#path], message });
  }
}

function isWritten(node: Node): node is ParsedNode {
  return node !== null && node.range[1] > node.range[0];
}
