import type { Command } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { EXIT_CODES, GreenroomError, invalidInput } from '../../core/errors.ts';
import { VERSION } from '../../core/version.ts';
import { PREVIEW_FILE } from '../../model/layout.ts';
import type { PlatformSpec } from '../../model/platform.ts';
import { sarif } from '../../report/sarif.ts';
import { count, printable } from '../../report/text.ts';
import { ALLOW_FILE, type IsAllowed, readAllowList } from '../../secrets/allow-list.ts';
import { createScan, type SecretFinding } from '../../secrets/scan.ts';
import { type Io, json } from '../shared/io.ts';
import { type ReportFormat, reportFormatOption } from '../shared/options.ts';
import { findPlatform, type PlatformOptions, platformOptions } from '../shared/platform.ts';
import { prefixWords } from './prefix.ts';
import { scannedFiles, scannedText } from './scanned.ts';

interface CheckOptions extends PlatformOptions {
  diff?: string;
  format: ReportFormat;
}

const RULE = {
  id: 'written-out-secret',
  title: 'A credential is written out',
  why: 'What is in Git once stays in its history and is read by everyone who may read the repository.',
};

export function configureCheck(command: Command, io: Io): void {
  platformOptions(reportFormatOption(command))
    .argument('[path...]', 'files and folders; default: the current folder')
    .option('--diff <base>', 'only lines added since this branch or commit, and files that Git does not have yet')
    .addHelpText(
      'after',
      `
Finds plain credentials: by the rules of secretlint, by the forms that are refused in manifests, and by names such as
DB_PASSWORD in configuration files. Files in .gitignore are skipped. Values are not shown.

If a value is not a secret, write a comment on its line (not-a-secret: reason), or add a line to ${ALLOW_FILE}:
path, kind and reason, such as: test/keys/** private-key made for the tests

Exit code 3: something was found.

Examples:
  greenroom secrets check
  greenroom secrets check --diff origin/main
  greenroom secrets check src --format sarif > secrets.sarif`,
    )
    .action((paths: string[], options: CheckOptions) => run(paths.length > 0 ? paths : ['.'], options, io));
}

interface Report {
  readonly findings: readonly SecretFinding[];
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
  readonly files: number;
  /** Where such a value should be stored instead. */
  readonly instead: string;
}

async function run(paths: readonly string[], options: CheckOptions, io: Io): Promise<void> {
  const side = await findPlatform(options, ['.'], systemClock(), io);
  const scanned = await scannedFiles(paths, options.diff, io);
  const isAllowed = allowedIn(scanned.root);
  const scan = await createScan();
  const findings: SecretFinding[] = [];
  const skipped: Report['skipped'][number][] = [];
  for (const file of scanned.files) {
    const read = scannedText(scanned.root, file);
    if (read === null) continue;
    if ('why' in read) skipped.push({ file, why: read.why });
    else findings.push(...(await scan(file, read.text)).filter(({ line }) => scanned.counts(file, line)));
  }
  const kept = findings.filter(({ file, kind }) => !isAllowed(file, kind));
  const report = { findings: kept, skipped, files: scanned.files.length, instead: placeFor(side?.platform ?? null) };
  print(report, options.format, io);
  if (kept.length > 0) io.fail(EXIT_CODES.denied);
}

function allowedIn(root: string): IsAllowed {
  const read = scannedText(root, ALLOW_FILE);
  if (read === null) return () => false;
  if ('why' in read) throw new GreenroomError('invalid-input', `${ALLOW_FILE}: ${read.why}`);
  const { isAllowed, problems } = readAllowList(read.text, ALLOW_FILE);
  if (problems.length > 0) throw invalidInput(problems);
  return isAllowed;
}

function placeFor(platform: PlatformSpec | null): string {
  const named = `name it under secrets in ${PREVIEW_FILE}`;
  if (platform === null) return `put it where the platform team keeps secrets and ${named}`;
  const { mechanism, store, prefix } = platform.secrets;
  if (mechanism === 'sealed-secrets') return `encrypt it with \`greenroom secrets seal\` and ${named}`;
  if (mechanism === 'sops') return `encrypt it in a Secret with sops and ${named}`;
  return `put it into the store "${store}" under ${prefixWords(prefix)} and ${named}`;
}

/** A file's name steers neither a terminal nor a CI system, which reads lines such as `::error::` as commands. */
const shown = (file: string) => printable(file, 4096).replace(/^(?=::|##\[)/, './');

/** How many files are named for one reason. */
const MAX_NAMED = 5;

function skippedLines(skipped: Report['skipped']): string[] {
  return [...new Set(skipped.map(({ why }) => why))].map((why) => {
    const names = skipped.filter((each) => each.why === why).map(({ file }) => shown(file));
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
    return `not searched (${why}): ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
  });
}

function print({ findings, skipped, files, instead }: Report, format: ReportFormat, io: Io): void {
  const sentence = ({ kind, masked }: SecretFinding) =>
    `looks like a secret (${kind}, ${masked}): remove it, replace it since others may have read it, then ${instead}`;
  const told = findings.map((finding) => ({
    ...finding,
    rule: RULE.id,
    severity: 'deny' as const,
    message: sentence(finding),
  }));
  const summary = { files, findings: findings.length, skipped: skipped.length };
  if (format === 'json') io.out(json({ findings: told, skipped, summary }));
  else if (format === 'sarif') io.out(json(sarif(told, [], [RULE], VERSION)));
  else {
    for (const { file, line, column, message } of told) io.out(`${shown(file)}:${line}:${column}: ${message}\n`);
    for (const line of skippedLines(skipped)) io.err(`${line}\n`);
    const verdict = findings.length === 0 ? 'nothing found' : `${count(findings.length, 'secret')} to take out`;
    const rest = skipped.length === 0 ? '' : `; ${skipped.length} not searched`;
    io.err(`${count(files, 'file')}: ${verdict}${rest}\n`);
  }
}
