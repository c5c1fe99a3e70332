import { formatTime, systemClock } from '../../core/clock.ts';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { printable, shortSha } from '../../report/text.ts';
import type { StatusState } from '../../status/status.ts';
import { type PreviewStatus, previewStatuses } from '../../sync/statuses.ts';
import { type ClientOptions, openClients, readOptions, type WithContext } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { followStatus } from '../shared/follow.ts';
import { type Io, json } from '../shared/io.ts';
import { numberArgument } from '../shared/options.ts';
import {
  absenceOf,
  byName,
  isNamed,
  PREVIEW_ARGUMENT,
  previewDetails,
  previewTable,
  stateText,
} from '../shared/previews.ts';

interface StatusOptions extends ClientOptions {
  watch?: boolean;
  untilDone?: boolean;
  interval?: number;
}

export const configure: Configure = (command, io) => {
  readOptions(command.argument('[preview]', `${PREVIEW_ARGUMENT}; default: all`))
    .option('--watch', 'keep running and print changes, until Ctrl+C (exit code 130)')
    .option(
      '--until-done',
      'with --watch: stop when no more changes are expected; exit code 1 if a preview does not answer',
    )
    .option(
      '--interval <seconds>',
      'with --watch: seconds between two checks; default: 15 for one preview, 60 for all',
      numberArgument,
    )
    .addHelpText(
      'after',
      `
Shows the state of previews. Reads only the apps repo and the forge; writes nothing. Exit code 1 if the requested
preview does not exist. With --watch, --format json prints one object per line: { at, name, preview }; preview is null
if it is no longer in the apps repo.

Examples:
  greenroom status --apps-repo acme/previews
  greenroom status acme/shop#7 --apps-repo acme/previews --format json
  greenroom status acme/shop#7 --apps-repo acme/previews --watch --until-done`,
    )
    .action((preview: string | undefined, options: StatusOptions) => run(preview, options, io));
};

async function run(wanted: string | undefined, options: StatusOptions, io: Io): Promise<void> {
  const { watch = false, untilDone = false, interval } = options;
  if (!watch && (untilDone || interval !== undefined)) {
    throw new GreenroomError('invalid-input', `${untilDone ? '--until-done' : '--interval'} is for --watch`);
  }
  const withContext = await openClients(options, io);
  const look = () => lookOnce(wanted, withContext);
  const absence = (what: string) => withContext((context) => absenceOf(what, context));
  if (watch) return follows(wanted, options, { look, absence }, io);
  const previews = await look();
  if (options.format === 'json') io.out(json({ previews }));
  else if (wanted !== undefined) io.out(previews.map(previewDetails).join('\n'));
  else if (previews.length > 0) io.out(previewTable(previews));
  else io.err('there are no previews\n');
  if (wanted === undefined || previews.length > 0) return;
  io.err(`${await absence(wanted)}\n`);
  io.fail(EXIT_CODES.failed);
}

async function lookOnce(wanted: string | undefined, withContext: WithContext): Promise<readonly PreviewStatus[]> {
  const found = await withContext((context) =>
    previewStatuses(context, (record) => wanted === undefined || isNamed(record, wanted, context.forge)),
  );
  return [...found].sort(byName);
}

/** @param absence message for a preview that does not exist */
async function follows(
  wanted: string | undefined,
  { format, untilDone = false, interval = wanted === undefined ? 60 : 15 }: StatusOptions,
  { look, absence }: { look: () => Promise<readonly PreviewStatus[]>; absence: (wanted: string) => Promise<string> },
  io: Io,
): Promise<void> {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    io.fail(signal === 'SIGINT' ? 130 : 143);
    stop.abort();
    // An open request would keep the process alive. Nothing is written, so it can be dropped.
    setTimeout(() => process.exit(), 500).unref();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  let isThere = true;
  try {
    const last = await followStatus({
      look: async () => {
        const previews = await look();
        if (previews.length === 0 && wanted !== undefined && isThere) io.err(`${await absence(wanted)}\n`);
        isThere = previews.length > 0;
        return previews;
      },
      interval,
      stop: stop.signal,
      onChange: (name, preview) => io.out(format === 'json' ? changeData(name, preview) : changeLine(name, preview)),
      onFailure: ({ message }) => io.err(`greenroom: ${message}; it is tried again\n`),
      ...(untilDone && { isDone: (previews) => previews.every((one) => resultOf(one) !== null) }),
    });
    const isMissing = wanted !== undefined && last.length === 0;
    if (!stop.signal.aborted && (isMissing || last.some((one) => resultOf(one) === false))) io.fail(EXIT_CODES.failed);
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}

function changeData(name: string, preview: PreviewStatus | null): string {
  return `${JSON.stringify({ at: systemClock(), name, preview })}\n`;
}

function changeLine(name: string, preview: PreviewStatus | null): string {
  const at = formatTime(systemClock());
  if (preview === null) return `${at} ${name} is no longer in the apps repo\n`;
  const { status, headSha } = preview;
  const sentence =
    status === null ? '' : ` ${printable([status.sentence, status.todo].filter(Boolean).join(' '), 900)}`;
  return `${at} ${name} ${shortSha(headSha)} ${stateText(preview)}${sentence === '' ? '' : `:${sentence}`}\n`;
}

const FINAL: ReadonlyMap<StatusState, boolean> = new Map([
  ['ready', true],
  ['asleep', true],
  ['not-working', false],
  ['gone', false],
]);

/** Headlines of comments about commits that do not arrive by themselves. */
const STOPPED = /^(?:not started|your build failed|waiting for your build - )/;

/** Whether it answers, in a final state; null if more is expected. */
function resultOf({ status, newer }: PreviewStatus): boolean | null {
  if (status === null) return null;
  // A newer commit is expected to arrive, unless it was refused or has no image.
  if (newer !== null) return STOPPED.test(newer.said ?? '') ? false : null;
  return FINAL.get(status.state) ?? null;
}
