import { invalidInput } from '../core/errors.ts';
import { MAX_FILE_BYTES } from './forge.ts';

// The same messages for a maker's file, whether it is read from a commit, from GitHub or from a folder.

/** @throws GreenroomError `invalid-input` for bytes that are not UTF-8 */
export function fileText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalidInput([{ file: path, message: notUtf8(bytes) }], cause);
  }
}

/** Why bytes are not UTF-8: editors of Windows save UTF-16 as "Unicode". */
const notUtf8 = (bytes: Uint8Array): string => {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return `must be text in UTF-8; found ${isUtf16 ? 'UTF-16' : 'other bytes'}: save the file with the encoding UTF-8`;
};

export function tooLarge(path: string, size?: number) {
  const found = size === undefined ? '' : `; found ${size}`;
  return invalidInput([{ file: path, message: `must be at most ${MAX_FILE_BYTES} bytes${found}` }]);
}
