import type * as z from 'zod';
import { invalidInput, type Problem } from '../core/errors.ts';
import { fieldName } from './load/field.ts';
import { fixOfLine } from './load/fix.ts';
import type { FieldPath, Positions } from './load/positions.ts';
import { describeIssues } from './load/sentences.ts';
import { MAX_PREVIEW_BYTES, MAX_PROBLEMS, parseSafeYaml } from './load/yaml.ts';

export { looksLikeCredential } from './load/credential.ts';
export { fieldName } from './load/field.ts';
export type { FieldPath, Positions } from './load/positions.ts';
export {
  MAX_PLATFORM_BYTES,
  MAX_PREVIEW_BYTES,
  parseSafeYaml,
  type SafeYaml,
  type SafeYamlOptions,
  type YamlDocument,
} from './load/yaml.ts';

/** A file as parsed by its schema, with defaults, and the positions of its values. */
export interface Loaded<T> {
  readonly value: T;
  readonly positions: Positions;
  readonly text: string;
  readonly file: string;
}

/** One sentence about a whole file, and the position to look at. */
export interface Stranger {
  readonly path: FieldPath;
  readonly message: string;
}

export interface LoadOptions {
  /** @default 64 KiB */
  readonly maxBytes?: number;
  /** Message for a file without content. @default is empty */
  readonly empty?: string;
  /** Recognizes a file of another kind. Its sentence replaces all other messages. @default - none */
  readonly stranger?: (value: unknown) => Stranger | undefined;
}

/**
 * Reads one YAML document of unknown origin with a schema.
 *
 * @param input text, or bytes in UTF-8; a byte order mark is dropped
 * @param file name of the file, for messages
 * @throws GreenroomError `invalid-input` with every problem of the file (the first 100), in order: position, what was
 *   found, what is allowed. Values under `env` and `secrets`, and possible credentials, are never repeated.
 */
export function loadDocument<S extends z.ZodType>(
  schema: S,
  input: string | Uint8Array,
  file: string,
  options: LoadOptions = {},
): Loaded<z.output<S>> {
  const { documents, problems, text } = parseSafeYaml(input, { file, maxBytes: options.maxBytes ?? MAX_PREVIEW_BYTES });
  const document = documents[0];
  if (document === undefined) throw invalidInput(problems);
  const { positions } = document;
  if (document.value === null && problems.length === 0)
    throw invalidInput([{ file, message: options.empty ?? 'is empty' }]);
  const stranger = options.stranger?.(document.value);
  if (stranger !== undefined) throw invalidInput([{ ...positions.ofKey(stranger.path), message: stranger.message }]);

  const result = schema.safeParse(document.value);
  if (result.success && problems.length === 0) return { value: result.data, positions, text, file };
  const reported = new Set(problems.map(placeAndField));
  const fromSchema = describeIssues(schema, document.value, result.error?.issues ?? [])
    .map(({ path, atKey, message, meant }): Problem => {
      const place = atKey ? positions.ofKey(path) : positions.of(path);
      const fix = meant && fixOfLine(text, place, meant);
      const field = path.length === 0 ? {} : { field: fieldName(path) };
      return { ...place, ...field, message, ...(fix && { fix }) };
    })
    // A scalar that cannot be read is not reported for a wrong type as well.
    .filter((problem) => !reported.has(placeAndField(problem)));
  throw invalidInput(limit([...problems, ...fromSchema].sort(byPlace), file));
}

function placeAndField({ line, column, field }: Problem): string {
  return `${line}:${column}:${field}`;
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function limit(problems: readonly Problem[], file: string): readonly Problem[] {
  const left = problems.length - MAX_PROBLEMS;
  return left <= 0 ? problems : [...problems.slice(0, MAX_PROBLEMS), { file, message: `has ${left} more problems` }];
}
