import type { Position } from '../../core/errors.ts';

/** Keys and list indices from the root of a document down to a value. */
export type FieldPath = readonly (string | number)[];

/** Where a node begins, and where its members do; offsets are UTF-16 code units. */
export interface PlaceTree {
  /** Start of the value; for a value that is left empty, the start of its key. */
  readonly offset: number;
  /** Start of the key; that of the item itself in a list, of the document at the root. */
  readonly keyOffset: number;
  readonly members: ReadonlyMap<string | number, PlaceTree>;
}

/** Turns offsets into lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];
  readonly #file: string;

  constructor(file: string, text: string) {
    this.#file = file;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, line: low + 1, column: offset - this.#starts[low]! + 1 };
  }
}

/** The place of every value and key of one document. Lines and columns count from 1, columns in UTF-16 code units. */
export class Positions {
  readonly #root: PlaceTree;
  readonly #lines: LineIndex;

  constructor(root: PlaceTree, lines: LineIndex) {
    this.#root = root;
    this.#lines = lines;
  }

  /** Start of the value at `path`. What is not in the file, a default say, is at the key of its nearest parent. */
  of(path: FieldPath): Position {
    const { place, complete } = this.#find(path);
    return this.#lines.position(complete ? place.offset : place.keyOffset);
  }

  /** Start of the key at `path`, of the item itself in a list; falls back as {@link of} does. */
  ofKey(path: FieldPath): Position {
    return this.#lines.position(this.#find(path).place.keyOffset);
  }

  /** Whether the file itself holds `path`. */
  has(path: FieldPath): boolean {
    return this.#find(path).complete;
  }

  #find(path: FieldPath): { place: PlaceTree; complete: boolean } {
    let place = this.#root;
    for (const segment of path) {
      const member = place.members.get(segment);
      if (member === undefined) return { place, complete: false };
      place = member;
    }
    return { place, complete: true };
  }
}
