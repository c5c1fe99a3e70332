import { EXIT_CODES } from '../../core/errors.ts';
import { count } from '../../report/text.ts';
import { sweep } from '../../sync/sweep/sweep.ts';
import { type ClientOptions, clientOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { resultData, resultLines } from '../shared/results.ts';

interface SweepCommandOptions extends ClientOptions {
  yes?: boolean;
}

export const configure: Configure = (command, io) => {
  clientOptions(command)
    .option(
      '--yes',
      'also when it removes a large share of the live previews, or a change of the platform moves or ends some',
    )
    .addHelpText(
      'after',
      `
Ends previews whose pull request is closed or whose time is up, starts and updates the others. What the forge gives no
positive answer about is kept. So is, without --yes, what a change of greenroom.yaml would move to another cluster or end
although its pull request would keep it.

Example:
  greenroom sweep --apps-repo ./previews.git --forge ./forge`,
    )
    .action((options: SweepCommandOptions) => run(options, io));
};

async function run(options: SweepCommandOptions, io: Io): Promise<void> {
  const dryRun = options.dryRun === true;
  const { results, failures, unknown, held, heldBack } = await withClients(options, io, (context) =>
    sweep(context, {
      dryRun,
      allowRemovals: options.yes === true,
      onProgress: (done, total) => io.interactive && io.err(`\r${done} of ${total} previews`),
    }),
  );
  if (io.interactive) io.err('\r\u001b[K');
  if (options.format === 'json') {
    const failed = failures.map(({ subject, error }) => ({ subject, code: error.code, message: error.message }));
    io.out(json({ results: results.map(resultData), failures: failed, unknown, held, heldBack }));
  } else {
    for (const result of results) if (result.effect !== 'none' || dryRun) io.out(resultLines(result, dryRun));
    const changed = results.filter((result) => result.effect !== 'none').length;
    io.out(`${count(results.length, 'preview')} looked at, ${changed} ${dryRun ? 'to change' : 'changed'}\n`);
  }
  for (const { notes } of results) for (const note of notes) io.err(`greenroom: ${note}\n`);
  for (const what of unknown) io.err(`greenroom: left alone: ${what}\n`);
  for (const { subject, error } of failures) io.err(`greenroom: ${subject}: ${error.message}\n`);
  for (const { name, sentence } of held) io.err(`greenroom: left as it is: ${name} ${sentence}\n`);
  if (heldBack !== null) io.err(`greenroom: ${heldBack}\n`);
  else if (held.length > 0) {
    io.err(
      `greenroom: a change of the platform would move or end ${count(held.length, 'live preview')}; if that is meant, run with --yes\n`,
    );
  }
  if (failures.length + held.length > 0) io.fail(EXIT_CODES.failed);
  if (unknown.length > 0) io.fail(EXIT_CODES.unreachable);
}
