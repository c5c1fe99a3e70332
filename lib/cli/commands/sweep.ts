import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { count, printable, sentence } from '../../report/text.ts';
import { sweep } from '../../sync/sweep/sweep.ts';
import { type ClientOptions, clientOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { exitCodeOf, resultData, resultLines } from '../shared/results.ts';

interface SweepCommandOptions extends ClientOptions {
  yes?: boolean;
  alarms?: string;
}

export const configure: Configure = (command, io) => {
  clientOptions(command)
    .option('--yes', 'allow removals above the removal limit, and previews that a change of the settings moves or ends')
    .option(
      '--alarms <file>',
      'write problems for the platform team to this file, as Markdown; empty if there are none',
    )
    .addHelpText(
      'after',
      `
Ends previews whose pull request is closed or whose time is up; starts and updates the others. A preview stays if the
forge does not clearly answer that its pull request is closed. Without --yes, a preview also stays if only a change of
greenroom.yaml would move it to another cluster or end it.

Folders that greenroom did not write, or that belong to no pull request, are removed or reported; then the exit code
is 1.

Example:
  greenroom sweep --apps-repo ./previews.git --forge ./forge`,
    )
    .action((options: SweepCommandOptions) => run(options, io));
};

async function run(options: SweepCommandOptions, io: Io): Promise<void> {
  const dryRun = options.dryRun === true;
  const write = (lines: readonly string[]) =>
    options.alarms !== undefined && writeAlarms(resolve(io.cwd, options.alarms), lines);
  const { results, failures, unknown, held, heldBack, toConfirm, alarms, problems, notes } = await withClients(
    options,
    io,
    (context) =>
      sweep(context, {
        dryRun,
        allowRemovals: options.yes === true,
        onProgress: (done, total) => io.interactive && io.err(`\r${done} of ${total} previews`),
      }),
  ).catch((error: unknown) => {
    // If something does not answer, keep the earlier report.
    if (error instanceof GreenroomError && error.code !== 'unreachable') write([stoppedBy(error)]);
    throw error;
  });
  if (io.interactive) io.err('\r\u001b[K');
  write([...toConfirm, ...alarms, ...problems]);
  if (options.format === 'json') {
    const failed = failures.map(({ subject, error }) => ({ subject, code: error.code, message: error.message }));
    io.out(
      json({
        results: results.map(resultData),
        failures: failed,
        unknown,
        held,
        heldBack,
        toConfirm,
        alarms,
        problems,
        notes,
      }),
    );
  } else {
    for (const result of results) if (result.effect !== 'none' || dryRun) io.out(resultLines(result, dryRun));
    const changed = results.filter((result) => result.effect !== 'none').length;
    io.out(`${count(results.length, 'preview')} looked at, ${changed} ${dryRun ? 'to change' : 'changed'}\n`);
  }
  for (const note of [...notes, ...results.flatMap((result) => result.notes)]) io.err(`greenroom: ${note}\n`);
  for (const { repository, number, state } of results) {
    if (state.state !== 'problem' || state.cause === undefined) continue;
    io.err(`greenroom: ${repository}#${number}: ${state.cause.message}\n`);
    io.fail(exitCodeOf(state));
  }
  for (const what of unknown) io.err(`greenroom: left alone: ${what}\n`);
  for (const { subject, error } of failures) io.err(`greenroom: ${subject}: ${error.message}\n`);
  for (const { name, sentence } of held) io.err(`greenroom: left as it is: ${name} ${sentence}\n`);
  for (const text of toConfirm) io.err(`greenroom: ${printable(text, LONGEST)}\n`);
  for (const alarm of alarms) io.err(`greenroom: look at this: ${printable(alarm, 1000)}\n`);
  if (failures.length + held.length + alarms.length > 0) io.fail(EXIT_CODES.failed);
  if (unknown.length > 0) io.fail(EXIT_CODES.unreachable);
}

function stoppedBy({ message }: GreenroomError): string {
  return `No preview is started, updated or ended: ${message.replaceAll('\n', '; ')}`;
}

/** Maximum length of a line in the file, in characters. */
const LONGEST = 1000;

/** Names of folders and repositories are untrusted: anybody may have pushed them. */
function writeAlarms(file: string, alarms: readonly string[]): void {
  try {
    writeFileSync(file, alarms.map((text) => `- ${sentence(text, LONGEST)}\n`).join(''));
  } catch (cause) {
    throw new GreenroomError('failed', `${file}: cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}
