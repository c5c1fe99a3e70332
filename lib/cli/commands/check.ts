import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { EXIT_CODES, formatProblem, GreenroomError, type Problem } from '../../core/errors.ts';
import { compareStrings } from '../../core/fileset.ts';
import type { Finding } from '../../core/finding.ts';
import { VERSION } from '../../core/version.ts';
import { PLATFORM_FILE } from '../../model/layout.ts';
import { MAX_PLATFORM_BYTES } from '../../model/load.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { findingLine } from '../../report/comment.ts';
import { sarif } from '../../report/sarif.ts';
import { count } from '../../report/text.ts';
import { checkFile, createCheckers, PLATFORM_RULES } from '../../verify/check-file.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { readInput, writeFiles } from '../shared/files.ts';
import { type Io, json } from '../shared/io.ts';
import { type ReportFormat, reportFormatOption } from '../shared/options.ts';
import { readPlatform } from '../shared/platform.ts';

interface CheckOptions extends ExtensionOptions {
  platform?: string;
  fix?: boolean;
  format: ReportFormat;
}

export const configure: Configure = (command, io) => {
  extensionOption(reportFormatOption(command))
    .argument('<path...>', 'files, folders (all YAML and JSON below them), or - for standard input')
    .option('--platform <file>', `the platform's greenroom.yaml; default: ${PLATFORM_FILE} here, if there is one`)
    .option('--fix', 'write what can be mended mechanically into the files; comments stay')
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

interface Report {
  readonly findings: Finding[];
  readonly problems: Problem[];
  files: number;
  objects: number;
  /** Files written anew. */
  fixed: number;
}

async function run(paths: readonly string[], options: CheckOptions, io: Io): Promise<void> {
  if (options.fix === true && paths.includes('-')) {
    throw new GreenroomError('invalid-input', '--fix writes files; it cannot write to standard input');
  }
  const { extraRules } = await loadExtensions(options, io);
  const checkers = createCheckers(await platformOf(options, io), extraRules);
  const report: Report = { findings: [], problems: [], files: 0, objects: 0, fixed: 0 };
  for (const path of paths) {
    for (const file of await filesOf(path, io)) {
      report.files += 1;
      await collect(report, async () => {
        const bytes = file === '-' ? await buffer(process.stdin) : readInput(io.cwd, file, MAX_PLATFORM_BYTES);
        const { findings, objects, fixed } = checkFile(
          checkers,
          bytes,
          file === '-' ? '<stdin>' : file,
          options.fix === true,
        );
        report.findings.push(...findings);
        report.objects += objects;
        if (fixed !== null) writeFiles(io.cwd, new Map([[file, fixed]]));
        report.fixed += fixed === null ? 0 : 1;
      });
    }
  }
  print(report, chosenRules({ extraRules }), options, io);
  if (report.problems.length > 0) io.fail(EXIT_CODES['invalid-input']);
  else if (report.findings.some((finding) => finding.severity === 'deny')) io.fail(EXIT_CODES.denied);
}

/** A file that cannot be read is one problem more, and the others are checked all the same. */
async function collect(report: Report, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    report.problems.push(...error.problems);
  }
}

async function platformOf({ platform: file }: CheckOptions, io: Io): Promise<PlatformSpec | null> {
  const path = file ?? (existsSync(resolve(io.cwd, PLATFORM_FILE)) ? PLATFORM_FILE : undefined);
  if (path !== undefined) return readPlatform(io.cwd, path);
  io.err(`greenroom: without a platform (--platform FILE) these rules are left out: ${PLATFORM_RULES.join(', ')}\n`);
  return null;
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

function print(
  { findings, problems, files, objects, fixed }: Report,
  rules: readonly Rule[],
  { format }: CheckOptions,
  io: Io,
): void {
  const denied = findings.filter((finding) => finding.severity === 'deny').length;
  const summary = { files, objects, denied, warned: findings.length - denied, problems: problems.length, fixed };
  if (format === 'json') io.out(json({ findings, problems, summary }));
  else if (format === 'sarif') io.out(json(sarif(findings, problems, rules, VERSION)));
  else {
    for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
    for (const finding of findings)
      io.out(`${finding.severity === 'warn' ? 'warning: ' : ''}${findingLine(finding)}\n`);
    const verdict = problems.length + findings.length === 0 ? 'nothing to change' : words(summary);
    const mended = fixed === 0 ? '' : `, ${count(fixed, 'file')} mended`;
    io.err(`${count(objects, 'object')} in ${count(files, 'file')}: ${verdict}${mended}\n`);
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
