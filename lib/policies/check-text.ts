import { type ParsedNode, parseAllDocuments } from 'yaml';
import { type GreenroomError, invalidInput, type Problem } from '../core/errors.ts';
import type { Finding, Fix } from '../core/finding.ts';
import { isRecord, type JsonRecord } from '../core/json.ts';
import { showText } from '../model/load/field.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import type { Cause } from './causes.ts';
import type { CheckContext, Checker } from './check.ts';
import { applyEdits, type Edit } from './edit.ts';
import { formatPath, parsePath } from './paths.ts';
import { podProblems } from './pod-problems.ts';
import { PODS } from './resources.ts';
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
  const refused = documents.flatMap((document) => [...unservedVersion(document), ...refusedByServer(document)]);
  if (refused.length > 0) throw invalidInput(refused);
  const evaluated = documents.map((document, index) => evaluateDocument(checker, document, index, options));
  const mended = evaluated.flatMap(({ index, mending }) => mending.map((edit) => ({ index, edit })));
  // Where writing the text anew changes more than was edited, there are no few lines to show.
  const isStable = mended.length > 0 && edited(text, []) === text;
  const toFix = (index: number, { edits = [] }: Cause): { fix?: Fix } => {
    const fix = fixOf(
      file,
      text,
      edits.map((edit) => ({ index, edit })),
    );
    return fix ? { fix } : {};
  };
  return {
    findings: evaluated.flatMap(({ document, causes, index, mending }) =>
      causes.map((cause) => ({
        ...toFinding(cause, document),
        ...(isStable && mending.length > 0 && toFix(index, cause)),
      })),
    ),
    fixed: mended.length > 0 ? edited(text, mended) : text,
  };
}

/** An object of a version that no API server knows would be committed, and stop its Application. */
function unservedVersion({ value, positions }: YamlDocument): Problem[] {
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string') return [];
  const { apiVersion, kind } = value as { apiVersion: string; kind?: unknown };
  const versions = servedVersions(apiVersion, typeof kind === 'string' ? kind : '');
  if (versions === undefined || versions.includes(apiVersion)) return [];
  const message = `no cluster serves this version; found ${showText(apiVersion)}, allowed is ${versions.join(' or ')}`;
  return [{ ...positions.of(['apiVersion']), field: 'apiVersion', message }];
}

/** So would a pod that no API server takes. */
function refusedByServer({ value, positions }: YamlDocument): Problem[] {
  if (!isRecord(value) || !isPodKind(value)) return [];
  return podProblems(value).map(({ path, message }) => ({ ...positions.of(path), field: formatPath(path), message }));
}

function isPodKind({ apiVersion, kind }: JsonRecord): boolean {
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return PODS.some((pod) => pod.group === group && pod.kind === kind);
}

interface EvaluatedDocument {
  readonly document: YamlDocument;
  readonly index: number;
  readonly causes: readonly Cause[];
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
  let causes: readonly Cause[];
  try {
    causes = checker.causes(object, context);
  } catch (error) {
    const place = document.positions.of([]);
    const problems = (error as Partial<GreenroomError>).problems;
    throw problems === undefined ? error : invalidInput(problems.map((p) => ({ ...place, ...p, file })));
  }
  const edits = causes.flatMap((cause) => cause.edits ?? []);
  const mends =
    edits.length > 0 &&
    causes.every((cause) => cause.edits !== undefined) &&
    checker.check(applyEdits(object, edits), context).length === 0;
  return { document, index, causes, mending: mends ? edits : [] };
}

function placed(object: unknown, namespaceObject: unknown): unknown {
  if (!isRecord(object) || !isRecord(namespaceObject) || !isRecord(namespaceObject['metadata'])) return object;
  const metadata = object['metadata'] ?? {};
  if (!isRecord(metadata) || metadata['namespace'] !== undefined) return object;
  return { ...object, metadata: { ...metadata, namespace: namespaceObject['metadata']['name'] } };
}

function toFinding({ rule, severity, message, object, field }: Cause, { positions }: YamlDocument): Finding {
  return { rule, severity, message, object, field, ...positions.of(parsePath(field)) };
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

/** The lines from the first that edits change to the last; undefined where nothing changes. */
function fixOf(file: string, text: string, edits: readonly PlacedEdit[]): Fix | undefined {
  const before = text.split('\n');
  const after = edited(text, edits).split('\n');
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
