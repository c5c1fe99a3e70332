const [QUOTE, BACKSLASH, COMMA, COLON, BRACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x7b];
const OPEN: ReadonlySet<number> = new Set([0x5b, BRACE]);
const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const CLOSE: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** No real statement about an image is nested this deep. */
const MAX_DEPTH = 100;

/**
 * Parses untrusted JSON; undefined if it is invalid, nested too deep, or has too many parts. Without these limits a few
 * megabytes of brackets would cost gigabytes of memory and minutes.
 *
 * @param maxParts limit of members and items on all levels together
 * @param options.unique also undefined if an object has a member twice: other readers may use the other one. @default false
 */
export function parseBoundedJson(bytes: Uint8Array, maxParts: number, { unique = false } = {}): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isBounded(buffer, maxParts, unique ? new Members(buffer) : null)) return undefined;
  try {
    return JSON.parse(buffer.toString());
  } catch {
    return undefined;
  }
}

function isBounded(bytes: Buffer, maxParts: number, members: Members | null): boolean {
  let [depth, parts] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1);
      if (end === -1 || members?.repeats(at + 1, end)) return false;
      at = end;
    } else if (OPEN.has(byte)) {
      depth++;
      parts++;
      members?.open(byte === BRACE);
    } else if (CLOSE.has(byte)) {
      depth--;
      members?.close();
    } else if (byte === COMMA) parts++;
    if (depth > MAX_DEPTH || parts > maxParts) return false;
  }
  return true;
}

/** Names of members, by the objects and lists that are open. */
class Members {
  readonly #bytes: Buffer;
  readonly #open: (Set<string> | null)[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  open(isObject: boolean): void {
    this.#open.push(isObject ? new Set() : null);
  }

  close(): void {
    this.#open.pop();
  }

  /** Whether the string between these quotes names a member that its object has already. */
  repeats(from: number, end: number): boolean {
    const names = this.#open.at(-1);
    if (!names || !this.#isName(end)) return false;
    const name = this.#nameAt(from, end);
    if (names.has(name)) return true;
    names.add(name);
    return false;
  }

  #isName(end: number): boolean {
    let next = end + 1;
    while (SPACE.has(this.#bytes[next]!)) next++;
    return this.#bytes[next] === COLON;
  }

  /** The same name may be written with escapes. */
  #nameAt(from: number, end: number): string {
    const raw = this.#bytes.toString('utf8', from, end);
    if (!raw.includes('\\')) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      return raw;
    }
  }
}

/** Index of the closing quote; -1 if there is none. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}
