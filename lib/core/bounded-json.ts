const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPEN: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSE: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** No real statement about an image is nested this deep. */
const MAX_DEPTH = 100;

/**
 * Parses untrusted JSON; undefined if it is invalid, nested too deep, or has too many parts. Without these limits a few
 * megabytes of brackets would cost gigabytes of memory and minutes.
 *
 * @param maxParts limit of members and items on all levels together
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

/** Index of the closing quote; -1 if there is none. */
function endOfString(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}
