import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { EXIT_CODES, formatProblem, GreenroomError, type Problem } from '../core/errors.ts';
import { compareStrings } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { VERSION } from '../core/version.ts';
import { exceptionSchema } from '../model/exception.ts';
import { loadPlatform } from '../model/files.ts';
import { PREVIEW_LABEL } from '../model/labels.ts';
import { PLATFORM_FILE, RECORD_FILE } from '../model/layout.ts';
import { loadDocument, MAX_PLATFORM_BYTES, parseSafeYaml, type YamlDocument } from '../model/load.ts';
import { platformSchema } from '../model/platform.ts';
import { previewSchema } from '../model/preview.ts';
import { parseRecord } from '../model/record.ts';
import { API_VERSION } from '../model/scalars.ts';
import { type Checker, type CheckerOptions, createChecker } from '../policies/check.ts';
import { ruleParams } from '../policies/params.ts';
import { isRecord, parsePath } from '../policies/paths.ts';
import { RULES } from '../policies/rules/index.ts';
import { findingLine } from '../report/comment.ts';
import { sarif } from '../report/sarif.ts';
import { count } from '../report/text.ts';
import { readInput } from './files.ts';
import { type Io, json } from './io.ts';
import type { Configure } from './main.ts';

interface CheckOptions {
  platform?: string;
  format: 'text' | 'json' | 'sarif';
}

export const configure: Configure = (command, io) => {
  command
    .argument('<path...>', 'files, folders (all YAML and JSON below them), or - for standard input')
    .option('--platform <file>', `the platform's greenroom.yaml; default: ${PLATFORM_FILE} here, if there is one`)
    .option('--format <format>', 'text, json or sarif', formatArgument, 'text')
    .addHelpText(
      'after',
      `
Judges Kubernetes objects by the rules, and greenroom's own files by their schemas.

Examples:
  greenroom check preview.yaml deploy/ --platform greenroom.yaml
  kustomize build . | greenroom check - --format sarif > greenroom.sarif`,
    )
    .action((paths: string[], options: CheckOptions) => run(paths, options, io));
};

function formatArgument(text: string): CheckOptions['format'] {
  if (text !== 'text' && text !== 'json' && text !== 'sarif')
    throw new InvalidArgumentError('It takes text, json or sarif.');
  return text;
}

/** Rules whose answer depends on the platform's own settings. */
const PLATFORM_RULES = ['allowed-registries', 'own-host', 'own-application'];

interface Report {
  readonly findings: Finding[];
  readonly problems: Problem[];
  files: number;
  objects: number;
}

async function run(paths: readonly string[], options: CheckOptions, io: Io): Promise<void> {
  const checkers = await checkersOf(options, io);
  const report: Report = { findings: [], problems: [], files: 0, objects: 0 };
  for (const path of paths) {
    for (const file of await filesOf(path, io)) {
      await collect(report, async () => {
        const bytes = file === '-' ? await buffer(process.stdin) : await readInput(io.cwd, file, MAX_PLATFORM_BYTES);
        judgeFile(file === '-' ? '<stdin>' : file, bytes, checkers, report);
      });
    }
  }
  print(report, options, io);
  if (report.problems.length > 0) io.fail(EXIT_CODES['invalid-input']);
  else if (report.findings.some((finding) => finding.severity === 'deny')) io.fail(EXIT_CODES.denied);
}

/** A file that cannot be read is one problem more, and the others are judged all the same. */
async function collect(report: Report, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    report.problems.push(...error.problems);
  }
}

interface Checkers {
  /** For what a maker or the app's account writes. */
  readonly app: Checker;
  /** For what the platform's side writes. */
  readonly fence: Checker;
}

async function checkersOf(options: CheckOptions, io: Io): Promise<Checkers> {
  const settings = await checkerOptions(options, io);
  const fence = RULES.filter((rule) => rule.scope === 'everyone');
  return { app: createChecker(settings), fence: createChecker({ ...settings, severities: {}, rules: fence }) };
}

async function checkerOptions({ platform: file }: CheckOptions, io: Io): Promise<CheckerOptions> {
  const path = file ?? (existsSync(resolve(io.cwd, PLATFORM_FILE)) ? PLATFORM_FILE : undefined);
  if (path !== undefined) {
    const platform = loadPlatform(await readInput(io.cwd, path), path).value.spec;
    const { severities, contact } = platform.policies;
    return { params: ruleParams(platform), severities, contact };
  }
  io.err(`greenroom: without a platform (--platform FILE) these rules are left out: ${PLATFORM_RULES.join(', ')}\n`);
  const smallest = { domain: 'example.com', sources: [{ owner: 'owner' }], registries: ['registry.example.com'] };
  const { spec } = platformSchema.parse({ apiVersion: API_VERSION, kind: 'Platform', spec: smallest });
  const severities = Object.fromEntries(PLATFORM_RULES.map((rule) => [rule, 'off' as const]));
  return { params: ruleParams(spec), severities };
}

/** The file itself, or all YAML and JSON below a folder, sorted; links and hidden folders are passed over. */
async function filesOf(path: string, io: Io): Promise<string[]> {
  const info = path === '-' ? undefined : await stat(resolve(io.cwd, path)).catch(() => undefined);
  if (!info?.isDirectory()) return [path];
  const found: string[] = [];
  for (const entry of await readdir(resolve(io.cwd, path), { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const inner = join(path, entry.name);
    if (entry.isDirectory()) found.push(...(await filesOf(inner, io)));
    else if (entry.isFile() && /\.(ya?ml|json)$/i.test(entry.name)) found.push(inner);
  }
  return found.sort(compareStrings);
}

function judgeFile(file: string, bytes: Uint8Array, checkers: Checkers, report: Report): void {
  report.files++;
  const { documents, problems } = parseSafeYaml(bytes, { file, maxBytes: MAX_PLATFORM_BYTES, documents: 'many' });
  report.problems.push(...problems);
  if (problems.length > 0) return;
  if (basename(file) === RECORD_FILE) {
    const message = 'is not a record as greenroom writes it; ApplicationSets would stop on it';
    if (parseRecord(new TextDecoder().decode(bytes)) === null) report.problems.push({ file, message });
    return;
  }
  for (const document of documents) {
    report.objects++;
    try {
      const own = ownSchema(document.value);
      if (own !== undefined) loadDocument(own, bytes, file, { maxBytes: MAX_PLATFORM_BYTES });
      else report.findings.push(...findingsOf(document, file, checkers));
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
      report.problems.push(...error.problems.map((problem) => ({ ...placeOf(document, problem), ...problem })));
    }
  }
}

/** The schema of one of greenroom's own files, by the kind that it claims to be. */
function ownSchema(value: unknown) {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith('greenroom.dev/')) return undefined;
  if (kind === 'Platform') return platformSchema;
  return kind === 'Exception' ? exceptionSchema : previewSchema;
}

function findingsOf({ value, positions }: YamlDocument, file: string, checkers: Checkers): Finding[] {
  const { object, namespaceObject } = placed(value);
  const checker = FENCE.test(file.replaceAll('\\', '/')) ? checkers.fence : checkers.app;
  return checker.check(object, { namespaceObject }).map(({ rule, severity, message, field, object: ref }) => {
    return { rule, severity, message, ...positions.of(parsePath(field)), file, object: ref, field };
  });
}

/** Folders that the platform's side writes; rules about what makers may hold are not for them. */
const FENCE = /(^|\/)previews\/[^/]+\/[^/]+\/[^/]+\/fence\//;

/** An object as it would stand in a preview: in the namespace that it names, or in some preview's own. */
function placed(value: unknown): { object: unknown; namespaceObject?: unknown } {
  if (!isRecord(value)) return { object: value };
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : 'pr-any-1';
  const labels = { [PREVIEW_LABEL]: namespace, 'kubernetes.io/metadata.name': namespace };
  return {
    object: { ...value, metadata: { namespace, ...metadata } },
    namespaceObject: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
  };
}

function placeOf({ positions }: YamlDocument, { field }: Problem) {
  return positions.of(field === undefined ? [] : parsePath(field));
}

function print({ findings, problems, files, objects }: Report, { format }: CheckOptions, io: Io): void {
  const denied = findings.filter((finding) => finding.severity === 'deny').length;
  const summary = { files, objects, denied, warned: findings.length - denied, problems: problems.length };
  if (format === 'json') io.out(json({ findings, problems, summary }));
  else if (format === 'sarif') io.out(json(sarif(findings, problems, RULES, VERSION)));
  else {
    for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
    for (const finding of findings)
      io.out(`${finding.severity === 'warn' ? 'warning: ' : ''}${findingLine(finding)}\n`);
    const verdict = problems.length + findings.length === 0 ? 'nothing to change' : words(summary);
    io.err(`${count(objects, 'object')} in ${count(files, 'file')}: ${verdict}\n`);
  }
}

function words({ denied, warned, problems }: { denied: number; warned: number; problems: number }): string {
  const parts = [
    [problems, 'mistake'],
    [denied, 'thing to change', 'things to change'],
    [warned, 'warning'],
  ] as const;
  return parts.flatMap(([n, one, many]) => (n === 0 ? [] : [count(n, one, many)])).join(', ');
}
