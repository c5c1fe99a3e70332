import { formatTime, systemClock } from '../../core/clock.ts';
import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { printable, shortSha } from '../../report/text.ts';
import type { StatusState } from '../../status/status.ts';
import { type Expected, type ExpectedPreview, expectedPreviews } from '../../sync/expected.ts';
import { type PreviewStatus, previewStatuses } from '../../sync/statuses.ts';
import { type ClientOptions, openClients, readOptions, type WithContext } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { followStatus } from '../shared/follow.ts';
import { type Io, json } from '../shared/io.ts';
import { numberArgument } from '../shared/options.ts';
import {
  absenceOf,
  byName,
  expectedDetails,
  isName,
  isNamed,
  namedPullRequest,
  PREVIEW_ARGUMENT,
  previewDetails,
  previewTable,
  stateText,
  tellUnknown,
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
Shows the state of previews, and what waits for its first build. Reads only the apps repo and the forge; writes nothing.
Exit code 1 if the requested preview does not exist. With --watch, --format json prints one object per line:
{ at, name, preview }; preview is null if it is not in the apps repo, and "expected" is there if it waits to be.

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
  const { previews, expected } = await look();
  if (options.format === 'json') io.out(json({ previews, expected: expected.previews }));
  else if (wanted !== undefined)
    io.out([...previews.map(previewDetails), ...expected.previews.map(expectedDetails)].join('\n'));
  else if (previews.length + expected.previews.length > 0) io.out(previewTable(previews, expected.previews));
  else io.err('there are no previews\n');
  if (wanted === undefined) tellUnknown(expected, io);
  if (wanted === undefined || previews.length + expected.previews.length > 0) return;
  io.err(`${await absence(wanted)}\n`);
  io.fail(EXIT_CODES.failed);
}

/** Previews in the apps repo, and those that wait for their first commit there. */
interface Found {
  readonly previews: readonly PreviewStatus[];
  readonly expected: Expected;
}

async function lookOnce(wanted: string | undefined, withContext: WithContext): Promise<Found> {
  return withContext(async (context) => {
    const { forge } = context;
    const found = await previewStatuses(context, (record) => wanted === undefined || isNamed(record, wanted, forge));
    const previews = [...found].sort(byName);
    if (wanted !== undefined && previews.length > 0) return { previews, expected: { previews: [], unknown: [] } };
    const expected = await expectedPreviews(context, {
      only: wanted === undefined ? undefined : namedPullRequest(wanted),
      isWanted: ({ repository: { path }, number }, name) =>
        wanted === undefined || isName(wanted, { path, number }, name, forge),
    });
    return { previews, expected: { ...expected, previews: [...expected.previews].sort(byName) } };
  });
}

/** A preview in the apps repo, or one that is expected there. */
type Line = PreviewStatus | ExpectedPreview;

const isExpected = (line: Line): line is ExpectedPreview => 'build' in line;

/** @param absence message for a preview that does not exist */
async function follows(
  wanted: string | undefined,
  { format, untilDone = false, interval = wanted === undefined ? 60 : 15 }: StatusOptions,
  { look, absence }: { look: () => Promise<Found>; absence: (wanted: string) => Promise<string> },
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
    const last = await followStatus<Line>({
      look: async () => {
        const { previews, expected } = await look();
        const lines = [...previews, ...expected.previews];
        if (lines.length === 0 && wanted !== undefined && isThere) io.err(`${await absence(wanted)}\n`);
        isThere = lines.length > 0;
        return lines;
      },
      newsOf,
      interval,
      stop: stop.signal,
      onChange: (name, line) => io.out(format === 'json' ? changeData(name, line) : changeLine(name, line)),
      onFailure: ({ message }) => io.err(`greenroom: ${message}; it is tried again\n`),
      ...(untilDone && { isDone: (lines) => lines.every((one) => resultOf(one) !== null) }),
    });
    const isMissing = wanted !== undefined && last.length === 0;
    if (!stop.signal.aborted && (isMissing || last.some((one) => resultOf(one) === false))) io.fail(EXIT_CODES.failed);
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}

/** The data whose change is reported. */
function newsOf(line: Line): string {
  if (isExpected(line)) return JSON.stringify([line.headSha, line.title, line.build?.sentence]);
  const { status, newer, headSha, expires, url } = line;
  const seen = status === null ? null : [status.state, status.headline, status.reason, status.shows, status.todo];
  return JSON.stringify([seen, newer, headSha, expires, url]);
}

function changeData(name: string, line: Line | null): string {
  const at = systemClock();
  const data =
    line !== null && isExpected(line) ? { at, name, preview: null, expected: line } : { at, name, preview: line };
  return `${JSON.stringify(data)}\n`;
}

function changeLine(name: string, line: Line | null): string {
  const at = formatTime(systemClock());
  if (line === null) return `${at} ${name} is no longer in the apps repo\n`;
  const { headSha } = line;
  const [state, told] = isExpected(line) ? [printable(line.title, 200), line.build] : [stateText(line), line.status];
  const sentence = told === null ? '' : ` ${printable([told.sentence, told.todo].filter(Boolean).join(' '), 900)}`;
  return `${at} ${name} ${shortSha(headSha)} ${state}${sentence === '' ? '' : `:${sentence}`}\n`;
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
function resultOf(line: Line): boolean | null {
  if (isExpected(line)) return STOPPED.test(line.title) ? false : null;
  const { status, newer } = line;
  if (status === null) return null;
  // A newer commit is expected to arrive, unless it was refused or has no image.
  if (newer !== null) return STOPPED.test(newer.said ?? '') ? false : null;
  return FINAL.get(status.state) ?? null;
}
