import { invalidInput } from '../core/errors.ts';
import { MAX_FILE_BYTES } from './forge.ts';

// The same messages for a maker's file, whether it is read from a commit, from GitHub or from a folder.

/** @throws GreenroomError `invalid-input` for bytes that are not UTF-8 */
export function fileText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalidInput([{ file: path, message: 'must be text in UTF-8' }], cause);
  }
}

export function tooLarge(path: string, size?: number) {
  const found = size === undefined ? '' : `; found ${size}`;
  return invalidInput([{ file: path, message: `must be at most ${MAX_FILE_BYTES} bytes${found}` }]);
}
