import type { Problem } from '../../core/errors.ts';
import { fieldName } from './field.ts';
import { LineIndex, Positions } from './positions.ts';
import { parseSyntax } from './syntax.ts';
import { decodeText, hiddenCharacters, mergeMarkers, oddIndents, type TextProblem } from './text.ts';
import { type FieldProblem, readTree } from './tree.ts';

/** Maximum size of a `preview.yaml` in bytes. */
export const MAX_PREVIEW_BYTES = 64 * 1024;
/** Maximum size of a `greenroom.yaml`, or of one manifest file, in bytes. */
export const MAX_PLATFORM_BYTES = 1024 * 1024;
/**
 * About 8,000 lines of a manifest. With this limit, and a quarter of the bytes, the worst file takes less than a
 * second.
 */
const MAX_LEXEMES = 64_000;
/** Maximum number of documents in one manifest file. */
const MAX_DOCUMENTS = 1000;
/** More problems do not help anybody. */
export const MAX_PROBLEMS = 100;

export interface SafeYamlOptions {
  /** Name of the file, for messages. The file is not read. */
  readonly file: string;
  /** @default 64 KiB */
  readonly maxBytes?: number;
  /**
   * `one`: there must be exactly one document. `many`: empty documents are left out, as in Kubernetes tools.
   * @default one
   */
  readonly documents?: 'one' | 'many';
}

export interface YamlDocument {
  /** Objects with own properties, arrays, strings, finite numbers, booleans, null: only what JSON can represent. */
  readonly value: unknown;
  readonly positions: Positions;
}

export interface SafeYaml {
  /** Empty if the file could not be read as YAML. */
  readonly documents: readonly YamlDocument[];
  /** All problems, in the order of the file. If there are any, use the data only for further messages. */
  readonly problems: readonly Problem[];
  /** The decoded text, without a byte order mark; empty if the file is too large. */
  readonly text: string;
}

/**
 * Reads YAML of unknown origin. Bytes, depth and number of values are limited before anything is built. Everything that
 * two readers could interpret differently is refused (aliases, tags, directives, merge keys, duplicate keys, hidden
 * characters, scalars that differ between YAML 1.1 and 1.2). Never throws because of a file's content, and never
 * repeats a value in a message.
 */
export function parseSafeYaml(input: string | Uint8Array, options: SafeYamlOptions): SafeYaml {
  const { file, maxBytes = MAX_PREVIEW_BYTES, documents: expected = 'one' } = options;
  const { text, problem } = decodeText(input, maxBytes);
  const lines = new LineIndex(file, text);
  const failed = (problems: readonly TextProblem[]): SafeYaml => ({
    documents: [],
    problems: problems.map(({ offset, message }) => ({
      ...(offset === undefined ? { file } : lines.position(offset)),
      message,
    })),
    text,
  });
  if (problem) return failed([problem]);
  const hidden = hiddenCharacters(text, MAX_PROBLEMS);
  if (hidden.length > 0) return failed(hidden);
  const markers = mergeMarkers(text);
  if (markers.length > 0) return failed(markers.slice(0, MAX_PROBLEMS));
  const indents = oddIndents(text);
  if (indents.length > 0) return failed(indents.slice(0, MAX_PROBLEMS));
  const maxDocuments = expected === 'one' ? 1 : MAX_DOCUMENTS;
  const syntax = parseSyntax(text, {
    lexemes: Math.min(maxBytes / 4, MAX_LEXEMES),
    documents: maxDocuments,
    problems: MAX_PROBLEMS,
  });
  if (syntax.problems.length > 0) return failed(syntax.problems);
  const extra = syntax.documents[maxDocuments];
  if (extra) {
    const what =
      expected === 'one'
        ? 'begins a second document; keep one'
        : `is one document more than the ${MAX_DOCUMENTS} that are read`;
    return failed([{ offset: extra.range[0], message: what }]);
  }

  const trees = syntax.documents
    .map((document) => readTree(document.contents, document.range[0]))
    .filter((tree) => expected === 'one' || tree.value !== null || tree.problems.length > 0);
  const toProblem = ({ offset, path, message }: FieldProblem): Problem =>
    path.length === 0
      ? { ...lines.position(offset), message }
      : { ...lines.position(offset), field: fieldName(path), message };
  return {
    documents: trees.map((tree) => ({ value: tree.value, positions: new Positions(tree.places, lines) })),
    problems: trees
      .flatMap((tree) => tree.problems)
      .slice(0, MAX_PROBLEMS)
      .map(toProblem),
    text,
  };
}
