import { parseDocument } from 'yaml';
import { invalidInput } from '../core/errors.ts';

/** Limit in characters; real files are shorter. */
const MAX_LENGTH = 1024 * 1024;

/** Reads a YAML or JSON file of another tool, including anchors and merge keys. @throws GreenroomError `invalid-input` */
export function readYaml(text: string, file: string): unknown {
  if (text.length > MAX_LENGTH) throw invalidInput([{ file, message: `has more than ${MAX_LENGTH} characters` }]);
  try {
    const document = parseDocument(text, { merge: true });
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: 100 });
    const { line = 1, col = 1 } = error.linePos?.[0] ?? {};
    throw invalidInput(
      [{ file, line, column: col, message: `cannot be read: ${error.message.split('\n')[0]}` }],
      error,
    );
  } catch (error) {
    if (error instanceof Error && 'problems' in error) throw error;
    throw invalidInput([{ file, message: `cannot be read: ${(error as Error).message.split('\n')[0]}` }], error);
  }
}
