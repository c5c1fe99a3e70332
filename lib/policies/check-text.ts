import { type ParsedNode, parseAllDocuments } from 'yaml';
import { type GreenroomError, invalidInput, type Problem } from '../core/errors.ts';
import type { Finding, Fix } from '../core/finding.ts';
import { isRecord, type JsonRecord } from '../core/json.ts';
import { showText } from '../model/load/field.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import type { CheckContext, Checker, Violation } from './check.ts';
import { applyEdits, type Edit } from './edit.ts';
import { parsePath } from './paths.ts';
import { servedVersions } from './versions.ts';

/** How a text is judged. */
export interface CheckTextOptions extends CheckContext {
  /** Name of the file, for findings; nothing is read from it. */
  readonly file: string;
  /** What becomes of an object before it is committed, and so is judged. @default - it stays as it is */
  readonly committed?: (object: JsonRecord) => unknown;
}

/** What the rules say of a text, and the text as it could be. */
export interface CheckedText {
  readonly findings: readonly Finding[];
  /** The text with every fix made that is offered; the text itself where there is none. */
  readonly fixed: string;
}

/**
 * Checks every object of a YAML or JSON text. An object that names no namespace is checked as if it went to that of
 * `namespaceObject`. A fix is offered where all that is wrong with an object can be mended and it then passes every rule.
 *
 * @throws GreenroomError `invalid-input` with every problem, for what cannot be read or is no Kubernetes object
 */
export function checkText(checker: Checker, input: string | Uint8Array, options: CheckTextOptions): CheckedText {
  const { file } = options;
  const { documents, problems, text } = parseSafeYaml(input, { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  if (problems.length > 0) throw invalidInput(problems);
  const unserved = documents.flatMap((document) => unservedVersion(document));
  if (unserved.length > 0) throw invalidInput(unserved);
  const evaluated = documents.map((document, index) => evaluateDocument(checker, document, index, options));
  const mended = evaluated.flatMap(({ index, mending }) => mending.map((edit) => ({ index, edit })));
  // Where writing the text anew changes more than was edited, there are no few lines to show.
  const isStable = mended.length > 0 && edited(text, []) === text;
  const toFix = (index: number, { edit }: Violation): { fix?: Fix } => {
    const fix = edit && fixOf(file, text, { index, edit });
    return fix ? { fix } : {};
  };
  return {
    findings: evaluated.flatMap(({ document, violations, index, mending }) =>
      violations.map((violation) => ({
        ...toFinding(violation, document),
        ...(isStable && mending.length > 0 && toFix(index, violation)),
      })),
    ),
    fixed: mended.length > 0 ? edited(text, mended) : text,
  };
}

/** An object of a version that no API server knows would be committed, and stop its Application. */
function unservedVersion({ value, positions }: YamlDocument): Problem[] {
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string') return [];
  const apiVersion = value['apiVersion'];
  const versions = servedVersions(apiVersion);
  if (versions === undefined || versions.includes(apiVersion)) return [];
  const message = `no cluster serves this version; found ${showText(apiVersion)}, allowed is ${versions.join(' or ')}`;
  return [{ ...positions.of(['apiVersion']), field: 'apiVersion', message }];
}

interface EvaluatedDocument {
  readonly document: YamlDocument;
  readonly index: number;
  readonly violations: readonly Violation[];
  /** Empty where there is nothing to mend, or not all of it can be. */
  readonly mending: readonly Edit[];
}

function evaluateDocument(
  checker: Checker,
  document: YamlDocument,
  index: number,
  { file, namespaceObject, committed = (same) => same }: CheckTextOptions,
): EvaluatedDocument {
  const context = namespaceObject === undefined ? {} : { namespaceObject };
  const own = placed(document.value, namespaceObject);
  const object = isRecord(own) ? committed(own) : own;
  let violations: readonly Violation[];
  try {
    violations = checker.check(object, context);
  } catch (error) {
    const place = document.positions.of([]);
    const problems = (error as Partial<GreenroomError>).problems;
    throw problems === undefined ? error : invalidInput(problems.map((p) => ({ ...place, ...p, file })));
  }
  const edits = violations.flatMap(({ edit }) => edit ?? []);
  const mends =
    edits.length > 0 &&
    edits.length === violations.length &&
    checker.check(applyEdits(object, edits), context).length === 0;
  return { document, index, violations, mending: mends ? edits : [] };
}

function placed(object: unknown, namespaceObject: unknown): unknown {
  if (!isRecord(object) || !isRecord(namespaceObject) || !isRecord(namespaceObject['metadata'])) return object;
  const metadata = object['metadata'] ?? {};
  if (!isRecord(metadata) || metadata['namespace'] !== undefined) return object;
  return { ...object, metadata: { ...metadata, namespace: namespaceObject['metadata']['name'] } };
}

function toFinding(
  { edit: _edit, ruleAtFault: _fault, ...violation }: Violation,
  { positions }: YamlDocument,
): Finding {
  return { ...violation, ...positions.of(parsePath(violation.field)) };
}

interface PlacedEdit {
  /** Of the document that has content. */
  readonly index: number;
  readonly edit: Edit;
}

/** The text with edits made; comments and the order of keys stay. */
function edited(text: string, edits: readonly PlacedEdit[]): string {
  const documents = parseAllDocuments<ParsedNode>(text, { uniqueKeys: false });
  if (!Array.isArray(documents)) return text;
  const filled = documents.filter((document) => document.contents !== null && document.toJS() !== null);
  for (const { index, edit } of edits) {
    const document = filled[index];
    if (document === undefined) continue;
    if (edit.value === undefined) document.deleteIn(edit.path);
    else document.setIn(edit.path, document.createNode(edit.value));
  }
  const style = { lineWidth: 0, indentSeq: !/^(\s*)[^\s#-].*:\s*\n\1- /m.test(text) };
  return documents.map((document) => document.toString(style)).join('');
}

/** The lines that an edit changes; undefined where nothing does, or writing the text anew changes others as well. */
function fixOf(file: string, text: string, edit: PlacedEdit): Fix | undefined {
  const before = text.split('\n');
  const after = edited(text, [edit]).split('\n');
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  if (start === before.length && start === after.length) return undefined;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++;
  // Lines only added or only taken out are shown with the line above them: a fix replaces lines by lines.
  if (start > 0 && (before.length - end === start || after.length - end === start)) start--;
  return {
    file,
    startLine: start + 1,
    endLine: before.length - end,
    replacement: after.slice(start, after.length - end).join('\n'),
  };
}
