import { type GreenroomError, invalidInput, type Problem } from '../core/errors.ts';
import type { Finding, Fix } from '../core/finding.ts';
import { isRecord, type JsonRecord } from '../core/json.ts';
import { showText } from '../model/load/field.ts';
import { MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import type { FindingCause } from './causes.ts';
import type { CheckContext, Checker } from './checker.ts';
import { applyEdits, type Edit } from './edit.ts';
import { objectFieldProblems } from './kinds/fields.ts';
import { formatPath, parsePath } from './paths.ts';
import { podProblems } from './pod-problems.ts';
import type { ServerProblem } from './problem.ts';
import { PODS } from './resources.ts';
import { type DocumentText, documentTexts, splice } from './splice.ts';
import { servedVersions } from './versions.ts';

/** How a text is checked. */
export interface CheckTextOptions extends CheckContext {
  /** Name of the file, for findings. The file is not read. */
  readonly file: string;
  /** A made-up namespace name that is used only for the check: fixes must not write it. @default - none */
  readonly madeUp?: string;
  /** Whether to search for fixes. This takes most of the time if there are many findings. @default true */
  readonly fixes?: boolean;
  /** Changes an object to what will be committed, which is what is checked. @default - no change */
  readonly committed?: (object: JsonRecord) => unknown;
}

/** The findings of a text, and the fixed text. */
export interface CheckedText {
  readonly findings: readonly Finding[];
  /** The text with all offered fixes; unchanged if there are none. */
  readonly fixed: string;
}

/**
 * Checks every object of a YAML or JSON text. An object without a namespace is checked as if it were in that of
 * `namespaceObject`. Fixes are offered only if they cause no new finding.
 *
 * @throws GreenroomError `invalid-input` with every problem, if something cannot be read or is not a Kubernetes object
 */
export function checkText(checker: Checker, input: string | Uint8Array, options: CheckTextOptions): CheckedText {
  const { file, committed = (same) => same } = options;
  const { documents, problems, text } = parseSafeYaml(input, { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  if (problems.length > 0) throw invalidInput(problems);
  const refused = documents.flatMap((document) => [
    ...unservedVersion(document),
    ...refusedByServer(document, committed),
  ]);
  if (refused.length > 0) throw invalidInput(refused);
  const evaluated = documents.map((document, index) => evaluateDocument(checker, document, index, options));
  const isMending = evaluated.some(({ mending }) => mending.length > 0);
  const texts = isMending ? documentTexts(text) : [];
  const mended = evaluated.map((one) => mend(file, text, texts[one.index], one));
  return {
    findings: mended.flatMap(({ findings }) => findings),
    fixed: isMending ? withMended(text, texts, mended) : text,
  };
}

interface Mended {
  readonly findings: readonly Finding[];
  /** The document's text with all possible fixes; undefined if there are none. */
  readonly text: string | undefined;
}

/** The findings of a document, each with its fix, and the text with all fixes. */
function mend(file: string, text: string, own: DocumentText | undefined, one: EvaluatedDocument): Mended {
  const { document, causes, mending } = one;
  const plain = causes.map((cause) => toFinding(cause, document));
  if (own === undefined || mending.length === 0) return { findings: plain, text: undefined };
  const groups = causes.map(({ edits = [] }) => (edits.every((edit) => mending.includes(edit)) ? edits : []));
  const { whole, parts } = splice(own.text, mending, groups);
  const findings = plain.map((finding, i) => {
    const fix = groups[i]!.length > 0 ? fixOf(file, text, own, parts[i]) : undefined;
    return fix === undefined ? finding : { ...finding, fix };
  });
  return { findings, text: whole };
}

function withMended(text: string, texts: readonly DocumentText[], mended: readonly Mended[]): string {
  let [result, from] = ['', 0];
  for (const [index, { text: after }] of mended.entries()) {
    const own = texts[index];
    if (own === undefined || after === undefined) continue;
    result += text.slice(from, own.start) + after;
    from = own.start + own.text.length;
  }
  return result + text.slice(from);
}

/** An object with a version that no API server has would be committed and block its Application. */
function unservedVersion({ value, positions }: YamlDocument): Problem[] {
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string') return [];
  const { apiVersion, kind } = value as { apiVersion: string; kind?: unknown };
  const versions = servedVersions(apiVersion, typeof kind === 'string' ? kind : '');
  if (versions === undefined || versions.includes(apiVersion)) return [];
  const message = `no cluster serves this version; found ${showText(apiVersion)}, allowed is ${versions.join(' or ')}`;
  return [{ ...positions.of(['apiVersion']), field: 'apiVersion', message }];
}

/** The same is true for an object that every API server refuses. */
function refusedByServer({ value, positions }: YamlDocument, committed: NonNullable<CheckTextOptions['committed']>) {
  const problems = serverProblems(isRecord(value) ? committed(value) : value);
  return problems.map(({ path, message }) => ({ ...positions.of(path), field: formatPath(path), message }));
}

function serverProblems(object: unknown): ServerProblem[] {
  if (!isRecord(object)) return [];
  return [...objectFieldProblems(object), ...(isPodKind(object) ? podProblems(object) : [])];
}

function isPodKind({ apiVersion, kind }: JsonRecord): boolean {
  const group = typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return PODS.some((pod) => pod.group === group && pod.kind === kind);
}

interface EvaluatedDocument {
  readonly document: YamlDocument;
  readonly index: number;
  readonly causes: readonly FindingCause[];
  /** Edits that fix findings without causing new ones. What cannot be fixed stays a finding. */
  readonly mending: readonly Edit[];
}

function evaluateDocument(
  checker: Checker,
  document: YamlDocument,
  index: number,
  { file, namespaceObject, madeUp, fixes = true, committed = (same) => same }: CheckTextOptions,
): EvaluatedDocument {
  const context = namespaceObject === undefined ? {} : { namespaceObject };
  const own = placed(document.value, namespaceObject);
  const object = isRecord(own) ? committed(own) : own;
  let causes: readonly FindingCause[];
  try {
    causes = checker.causes(object, context);
  } catch (error) {
    const place = document.positions.of([]);
    const problems = (error as Partial<GreenroomError>).problems;
    throw problems === undefined ? error : invalidInput(problems.map((p) => ({ ...place, ...p, file })));
  }
  const check = (edits: readonly Edit[]) => checker.causes(applyEdits(object, edits), context);
  const mending = fixes ? mendingOf(causes, check, madeUp) : [];
  // A fix must not lead to an object that the API server refuses.
  const isTaken = mending.length === 0 || serverProblems(applyEdits(object, mending)).length === 0;
  return { document, index, causes, mending: isTaken ? mending : [] };
}

/**
 * A fix may reveal the finding of a rule that was implied by another one. After this many rounds, no fix is offered.
 */
const MAX_ROUNDS = 5;

/** The edits after which only unfixable findings are left; empty if there are none, or if they cause new findings. */
function mendingOf(
  causes: readonly FindingCause[],
  check: (edits: readonly Edit[]) => readonly FindingCause[],
  madeUp: string | undefined,
): readonly Edit[] {
  const isOffered = ({ edits = [] }: FindingCause) =>
    edits.length > 0 && !edits.some(({ value }) => mentions(value, madeUp));
  const rest = causes.filter((cause) => !isOffered(cause));
  const isKnown = ({ rule, field }: FindingCause) => rest.some((known) => known.rule === rule && known.field === field);
  const edits: Edit[] = [];
  let mendable = causes.filter(isOffered);
  for (let round = 0; mendable.length > 0 && round < MAX_ROUNDS; round++) {
    edits.push(...mendable.flatMap((cause) => cause.edits ?? []));
    const left = check(edits).filter((cause) => !isKnown(cause));
    if (!left.every(isOffered)) return [];
    mendable = left;
  }
  return mendable.length === 0 ? edits : [];
}

/** A value with the made-up name must not be written to a file. */
function mentions(value: unknown, name: string | undefined): boolean {
  return name !== undefined && value !== undefined && JSON.stringify(value).includes(name);
}

function placed(object: unknown, namespaceObject: unknown): unknown {
  if (!isRecord(object) || !isRecord(namespaceObject) || !isRecord(namespaceObject['metadata'])) return object;
  const metadata = object['metadata'] ?? {};
  if (!isRecord(metadata) || metadata['namespace'] !== undefined) return object;
  return { ...object, metadata: { ...metadata, namespace: namespaceObject['metadata']['name'] } };
}

function toFinding({ rule, severity, message, object, field }: FindingCause, { positions }: YamlDocument): Finding {
  return { rule, severity, message, object, field, ...positions.of(parsePath(field)) };
}

/** The lines from the first to the last change; undefined if nothing changes. */
function fixOf(file: string, text: string, own: DocumentText, changed: string | undefined): Fix | undefined {
  if (changed === undefined) return undefined;
  // The document may start in the middle of a line, after its `---`.
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
  // A fix replaces lines. If lines are only added or only removed, the line above is included.
  if (start > 0 && (before.length - end === start || after.length - end === start)) start--;
  return {
    file,
    startLine: above + start + 1,
    endLine: above + before.length - end,
    replacement: after.slice(start, after.length - end).join('\n'),
  };
}
