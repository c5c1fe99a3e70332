import { buffer } from 'node:stream/consumers';
import { systemClock } from '../../core/clock.ts';
import { EXIT_CODES, formatProblem, GreenroomError, type Problem } from '../../core/errors.ts';
import { type Finding, isDenial } from '../../core/finding.ts';
import { VERSION } from '../../core/version.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { findingLine } from '../../report/comment.ts';
import { sarif } from '../../report/sarif.ts';
import { count } from '../../report/text.ts';
import { createCheckers, PLATFORM_RULES } from '../../verify/check-file.ts';
import { listInputs } from '../shared/check-inputs.ts';
import { checkInputs } from '../shared/check-work.ts';
import type { Configure } from '../shared/command.ts';
import { type ExtensionOptions, extensionOption, loadExtensions } from '../shared/extensions.ts';
import { type Io, json } from '../shared/io.ts';
import { type ReportFormat, reportFormatOption } from '../shared/options.ts';
import { findPlatform, type PlatformOptions, type PlatformSide, platformOptions } from '../shared/platform.ts';
import { previewAt, repositoryAt, type StandInOptions, standInOptions } from '../shared/stand-in.ts';

interface CheckOptions extends ExtensionOptions, PlatformOptions, StandInOptions {
  fix?: boolean;
  format: ReportFormat;
}

export const configure: Configure = (command, io) => {
  standInOptions(platformOptions(extensionOption(reportFormatOption(command))))
    .argument(
      '[path...]',
      'files, folders (all YAML and JSON below them), or - for standard input; default: preview.yaml here',
    )
    .option('--fix', 'fix in the files what can be fixed automatically; all other lines stay as they are')
    .addHelpText(
      'after',
      `
Checks a preview.yaml and its manifests as sync would. Checks Kubernetes objects against the rules, and greenroom's own
files against their schemas.

Examples:
  greenroom check
  greenroom check preview.yaml --apps-repo acme/previews
  greenroom check preview.yaml deploy/ --platform greenroom.yaml
  kustomize build . | greenroom check - --format sarif > greenroom.sarif`,
    )
    .action((paths: string[], options: CheckOptions) => run(paths.length > 0 ? paths : [PREVIEW_FILE], options, io));
};

interface Report {
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  readonly files: number;
  readonly objects: number;
  /** Files that were changed. */
  readonly fixed: number;
}

async function run(paths: readonly string[], options: CheckOptions, io: Io): Promise<void> {
  if (options.fix === true && paths.includes('-')) {
    throw new GreenroomError('invalid-input', '--fix writes files; it cannot write to standard input');
  }
  const now = systemClock();
  const { inputs, folders, elsewhere, problems, files } = await listInputs(paths, {
    cwd: io.cwd,
    stdin: () => buffer(process.stdin),
  });
  for (const file of elsewhere) {
    io.err(`greenroom: sync reads ${PREVIEW_FILE} in the top folder of a repository, and would not find ${file}\n`);
  }
  const { side, broken } = await platformOf(options, folders, now, io);
  const { extensions, extraRules } = side ?? (await loadExtensions(options, io));
  const repository = await repositoryAt(options, folders[0]!, io);
  const checkers = createCheckers(side?.platform ?? null, extraRules, { repository });
  // Only data formats contain the new text of lines; the text format describes the change.
  const fixes = options.format !== 'text';
  const preview = previewAt(options, side?.platform ?? null);
  const own = { fixes, side, extraRules, extensions, checkers, repository, preview, now };
  const checked = await checkInputs(inputs, { ...options, ...own }, io);
  const report: Report = {
    findings: checked.findings,
    problems: distinct([...problems, ...broken, ...checked.problems]),
    files,
    objects: checked.objects,
    fixed: checked.fixed,
  };
  print(report, chosenRules({ extraRules }), options, io);
  if (report.problems.length > 0) io.fail(EXIT_CODES['invalid-input']);
  else if (report.findings.some(isDenial)) io.fail(EXIT_CODES.denied);
}

/** If the platform is invalid, its problems are reported with those of the files; these get only checks without it. */
async function platformOf(
  options: CheckOptions,
  folders: readonly string[],
  now: number,
  io: Io,
): Promise<{ side: PlatformSide | null; broken: readonly Problem[] }> {
  try {
    const side = await findPlatform(options, folders, now, io);
    if (side === null) {
      const left = PLATFORM_RULES.join(', ');
      io.err(`greenroom: without a platform (--platform FILE, --apps-repo WHERE) these rules are left out: ${left}\n`);
    }
    return { side, broken: [] };
  } catch (error) {
    if (!(error instanceof GreenroomError) || !error.isPlatforms) throw error;
    return { side: null, broken: error.problems };
  }
}

/** An invalid greenroom.yaml may be both the platform and a file to check, so its problems may occur twice. */
function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}

function print(
  { findings, problems, files, objects, fixed }: Report,
  rules: readonly Rule[],
  { format }: CheckOptions,
  io: Io,
): void {
  const denied = findings.filter(isDenial).length;
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
