import { type GreenroomError, invalidInput, type Problem } from '../core/errors.ts';
import type { Finding, Fix } from '../core/finding.ts';
import { showText } from '../model/load/field.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import type { CheckContext, Checker, Violation } from './check.ts';
import { applyEdits, type Edit } from './edit.ts';
import { isRecord, parsePath } from './paths.ts';
import { type DocumentText, documentTexts, splice } from './splice.ts';
import { servedVersions } from './versions.ts';

export interface CheckTextOptions extends CheckContext {
  /** Name of the file, for findings; nothing is read from it. */
  readonly file: string;
  /** Name of a namespace that was only made up to judge by: no fix is offered that would write it. @default - none */
  readonly madeUp?: string;
}

export interface CheckedText {
  readonly findings: readonly Finding[];
  /** The text with every fix made that is offered; the text itself where there is none. */
  readonly fixed: string;
}

/**
 * Judges every object of a YAML or JSON text. An object that names no namespace is judged as if it went to that of
 * `namespaceObject`. Fixes are offered where they make no new finding; what they leave is still found.
 *
 * @throws GreenroomError `invalid-input` with every problem, for what cannot be read or is no Kubernetes object
 */
export function checkText(checker: Checker, input: string | Uint8Array, options: CheckTextOptions): CheckedText {
  const { file } = options;
  const { documents, problems, text } = parseSafeYaml(input, { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  if (problems.length > 0) throw invalidInput(problems);
  const unserved = documents.flatMap((document) => unservedVersion(document));
  if (unserved.length > 0) throw invalidInput(unserved);
  const judged = documents.map((document, index) => judgeDocument(checker, document, index, options));
  const isMending = judged.some(({ mending }) => mending.length > 0);
  const texts = isMending ? documentTexts(text) : [];
  const toFix = (index: number, mending: readonly Edit[], { edit }: Violation): { fix?: Fix } => {
    const fix = edit && mending.includes(edit) ? fixOf(file, text, texts[index], edit) : undefined;
    return fix ? { fix } : {};
  };
  return {
    findings: judged.flatMap(({ document, violations, index, mending }) =>
      violations.map((violation) => ({ ...toFinding(violation, document), ...toFix(index, mending, violation) })),
    ),
    fixed: isMending ? mended(text, texts, judged) : text,
  };
}

function mended(text: string, texts: readonly DocumentText[], judged: readonly JudgedDocument[]): string {
  let [result, from] = ['', 0];
  for (const { index, mending } of judged) {
    const own = texts[index];
    const after = own && mending.length > 0 ? splice(own.text, mending) : undefined;
    if (own === undefined || after === undefined) continue;
    result += text.slice(from, own.start) + after;
    from = own.start + own.text.length;
  }
  return result + text.slice(from);
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

interface JudgedDocument {
  readonly document: YamlDocument;
  readonly index: number;
  readonly violations: readonly Violation[];
  /** What mends findings without making new ones; what cannot be mended stays a finding. */
  readonly mending: readonly Edit[];
}

function judgeDocument(
  checker: Checker,
  document: YamlDocument,
  index: number,
  { file, namespaceObject, madeUp }: CheckTextOptions,
): JudgedDocument {
  const context = namespaceObject === undefined ? {} : { namespaceObject };
  const object = placed(document.value, namespaceObject);
  let violations: readonly Violation[];
  try {
    violations = checker.check(object, context);
  } catch (error) {
    const place = document.positions.of([]);
    const problems = (error as Partial<GreenroomError>).problems;
    throw problems === undefined ? error : invalidInput(problems.map((p) => ({ ...place, ...p, file })));
  }
  const edits = violations.flatMap(({ edit }) => (edit === undefined || mentions(edit.value, madeUp) ? [] : [edit]));
  const mends = (made: readonly Edit[]) => {
    const left = checker.check(applyEdits(object, made), context);
    const rest = violations.filter(({ edit }) => edit === undefined || !made.includes(edit));
    return left.every(({ rule, field }) => rest.some((known) => known.rule === rule && known.field === field));
  };
  return { document, index, violations, mending: edits.length > 0 && mends(edits) ? edits : [] };
}

/** What rests on a name that nobody gave has no place in anybody's file. */
function mentions(value: unknown, name: string | undefined): boolean {
  return name !== undefined && value !== undefined && JSON.stringify(value).includes(name);
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

/** The lines that an edit changes; undefined where nothing does, or it cannot be made. */
function fixOf(file: string, text: string, own: DocumentText | undefined, edit: Edit): Fix | undefined {
  const changed = own && splice(own.text, [edit]);
  if (own === undefined || changed === undefined) return undefined;
  // The document may begin in the middle of a line, behind its dashes.
  const lineStart = text.lastIndexOf('\n', own.start - 1) + 1;
  const lead = text.slice(lineStart, own.start);
  const above = text.slice(0, lineStart).split('\n').length - 1;
  const before = (lead + own.text).split('\n');
  const after = (lead + changed).split('\n');
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
    startLine: above + start + 1,
    endLine: above + before.length - end,
    replacement: after.slice(start, after.length - end).join('\n'),
  };
}
