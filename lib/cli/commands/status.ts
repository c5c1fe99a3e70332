import { EXIT_CODES } from '../../core/errors.ts';
import type { PreviewRecord } from '../../model/record.ts';
import { dayAndTime, money, printable, shortSha } from '../../report/text.ts';
import { titleOf } from '../../status/status.ts';
import { type PreviewStatus, previewStatuses } from '../../sync/statuses.ts';
import { type ClientOptions, clientOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import type { Io } from '../shared/io.ts';

export const configure: Configure = (command, io) => {
  clientOptions(command.argument('[preview]', 'OWNER/NAME#NUMBER, or the name of a preview; default: all'))
    .addHelpText(
      'after',
      `
Shows what runs: state, commit, end, cost and owner, from the apps repo and the forge alone; nothing is written. Exit code 1
where the preview that was asked for does not exist.

Examples:
  greenroom status --apps-repo acme/previews
  greenroom status acme/shop#7 --apps-repo acme/previews --format json`,
    )
    .action((preview: string | undefined, options: ClientOptions) => run(preview, options, io));
};

async function run(preview: string | undefined, options: ClientOptions, io: Io): Promise<void> {
  const isWanted = ({ name, identity }: PreviewRecord) =>
    preview === undefined || preview === name || preview === `${identity.repository}#${identity.number}`;
  const found = await withClients(options, io, (context) => previewStatuses(context, isWanted));
  const sorted = [...found].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (options.format === 'json') io.out(`${JSON.stringify({ previews: sorted }, null, 2)}\n`);
  else io.out(preview === undefined ? table(sorted) : sorted.map(details).join('\n'));
  if (preview === undefined || sorted.length > 0) return;
  io.err(`there is no preview of ${printable(preview)}\n`);
  io.fail(EXIT_CODES.failed);
}

const COLUMNS = ['PREVIEW', 'STATUS', 'COMMIT', 'ENDS', 'A DAY', 'OWNER'] as const;

function table(previews: readonly PreviewStatus[]): string {
  const rows = previews.map(({ name, status, headSha, expires, cost, owner }) => [
    name,
    statusText(status),
    shortSha(headSha),
    dayAndTime(expires),
    money(cost.perDay, cost.currency),
    printable(owner, 40),
  ]);
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [COLUMNS, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const statusText = (status: PreviewStatus['status']) =>
  status === null ? 'the forge gives no answer' : titleOf(status);

function details({ name, repository, number, status, headSha, url, expires, cost, owner }: PreviewStatus): string {
  return [
    `${name} (${repository}#${number}): ${statusText(status)}`,
    ...(status === null ? [] : [`  ${printable([status.sentence, status.todo].filter(Boolean).join(' '), 900)}`]),
    `  commit ${shortSha(headSha)}, by ${printable(owner, 40)}, ${url ?? 'no address'}`,
    `  ends ${dayAndTime(expires)}, ${money(cost.perDay, cost.currency)} a day`,
    '',
  ].join('\n');
}
