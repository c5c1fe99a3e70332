import type { Position } from '../../core/errors.ts';

/** Keys and list indexes from the root of a document to a value. */
export type FieldPath = readonly (string | number)[];

/** Start of a node and of its members. Offsets are in UTF-16 code units. */
export interface PlaceTree {
  /** Start of the value; for an empty value, the start of its key. */
  readonly offset: number;
  /** Start of the key; in a list the start of the item, at the root the start of the document. */
  readonly keyOffset: number;
  readonly members: ReadonlyMap<string | number, PlaceTree>;
}

/** Converts offsets to lines and columns. */
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

/**
 * The positions of all values and keys of one document. Lines and columns start at 1; columns are in UTF-16 code units.
 */
export class Positions {
  readonly #root: PlaceTree;
  readonly #lines: LineIndex;

  constructor(root: PlaceTree, lines: LineIndex) {
    this.#root = root;
    this.#lines = lines;
  }

  /**
   * Start of the value at `path`. For a value that is not in the file, such as a default: the key of its nearest
   * parent.
   */
  of(path: FieldPath): Position {
    const { place, complete } = this.#find(path);
    return this.#lines.position(complete ? place.offset : place.keyOffset);
  }

  /** Start of the key at `path`, or of the item in a list. Falls back like {@link of}. */
  ofKey(path: FieldPath): Position {
    return this.#lines.position(this.#find(path).place.keyOffset);
  }

  /** Whether `path` is in the file. */
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
