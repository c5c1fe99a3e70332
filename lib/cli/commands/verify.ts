import { resolve } from 'node:path';
import { EXIT_CODES, formatProblem } from '../../core/errors.ts';
import { isDenial } from '../../core/finding.ts';
import { VERSION } from '../../core/version.ts';
import type { Rule } from '../../policies/rule.ts';
import { chosenRules } from '../../policies/rule-set.ts';
import { findingLine } from '../../report/comment.ts';
import { YES_LABEL } from '../../report/impact.ts';
import { sarif } from '../../report/sarif.ts';
import { count } from '../../report/text.ts';
import { type Report, type VerifyOptions, verify } from '../../verify/verify.ts';
import { type ChangeOptions, changeOptions, withChange } from '../shared/change.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { type ReportFormat, reportFormatOption } from '../shared/options.ts';

interface VerifyCommandOptions extends ChangeOptions {
  yes?: boolean;
  offline?: boolean;
  format: ReportFormat;
}

export const configure: Configure = (command, io) => {
  changeOptions(reportFormatOption(command))
    .option('--offline', 'use no forge: check only shapes and rules, and list what could not be verified')
    .option('--yes', `allow moves and removals of live previews; the label ${YES_LABEL} does the same`)
    .addHelpText(
      'after',
      `
Compares a change of the apps repo with what greenroom itself would write. Every changed preview is compiled again from
the maker's file at the recorded commit, and must be the same byte for byte. Without --base, everything is checked.
Reads commits, never the files of the checkout, and writes nothing.

Examples:
  greenroom verify . --base origin/main
  greenroom verify . --forge ./forge --format sarif`,
    )
    .action((dir: string, options: VerifyCommandOptions) => run(resolve(io.cwd, dir), options, io));
};

async function run(dir: string, options: VerifyCommandOptions, io: Io): Promise<void> {
  let rules: readonly Rule[] = [];
  const report = await withChange(dir, options, io, (change) => {
    rules = chosenRules(change.context);
    return verify(change, options);
  });
  const { problems, findings, asks, notes, unknown } = report;
  if (options.format === 'json') io.out(json(report));
  else if (options.format === 'sarif') io.out(json(sarif(findings, [...problems, ...asks], rules, VERSION)));
  else {
    for (const problem of [...problems, ...asks]) io.out(`${formatProblem(problem)}\n`);
    for (const finding of findings)
      io.out(`${finding.severity === 'warn' ? 'warning: ' : ''}${findingLine(finding)}\n`);
  }
  for (const note of notes) io.err(`greenroom: ${note}\n`);
  for (const what of unknown) io.err(`greenroom: not proved: ${what}\n`);
  io.err(`${words(report, options)}\n`);
  const denied = findings.some(isDenial);
  if (problems.length > 0) io.fail(EXIT_CODES['invalid-input']);
  else if (denied) io.fail(EXIT_CODES.denied);
  else if (asks.length > 0) io.fail(EXIT_CODES.failed);
  else if (unknown.length > 0) io.fail(EXIT_CODES.unreachable);
}

function words({ problems, findings, asks, summary }: Report, options: VerifyOptions): string {
  const { previews, changed, equal } = summary;
  const scope = `${count(previews, 'preview')}, ${changed} to look at`;
  const proof =
    options.offline === true
      ? 'none compiled again (--offline): shapes and rules only'
      : `${equal} compiled again and the same byte for byte`;
  const verdict =
    problems.length + findings.length + asks.length === 0
      ? ''
      : `; ${count(problems.length + asks.length, 'problem')}, ${count(findings.length, 'finding')}`;
  return `${scope}, ${proof}${verdict}`;
}
