const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPEN: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSE: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Deeper than anything that is written about an image. */
const MAX_DEPTH = 100;

/**
 * The value of JSON that a stranger wrote; undefined for bytes that are none. What is nested deeper than anything of use,
 * or made of more parts, is none either: a few megabytes of brackets would cost gigabytes and minutes.
 *
 * @param maxParts members and items, all levels together
 */
export function parseBoundedJson(bytes: Uint8Array, maxParts: number): unknown {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isBounded(buffer, maxParts)) return undefined;
  try {
    return JSON.parse(buffer.toString());
  } catch {
    return undefined;
  }
}

function isBounded(bytes: Buffer, maxParts: number): boolean {
  let [depth, parts] = [0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at + 1);
      if (at === -1) return false;
    } else if (OPEN.has(byte)) {
      depth++;
      parts++;
    } else if (CLOSE.has(byte)) depth--;
    else if (byte === COMMA) parts++;
    if (depth > MAX_DEPTH || parts > maxParts) return false;
  }
  return true;
}

/** Where the closing quote stands; -1 for a string without end. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}
