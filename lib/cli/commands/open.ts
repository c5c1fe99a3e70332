import { EXIT_CODES, GreenroomError } from '../../core/errors.ts';
import { tryGit } from '../../core/git/process.ts';
import { printable, shortSha } from '../../report/text.ts';
import { type Status, titleOf } from '../../status/status.ts';
import { type PreviewStatus, previewStatuses } from '../../sync/statuses.ts';
import { openInBrowser } from '../shared/browser.ts';
import { type ClientOptions, readOptions, withClients } from '../shared/clients.ts';
import type { Configure } from '../shared/command.ts';
import { type Io, json } from '../shared/io.ts';
import { absenceOf, isNamed, newerText, PREVIEW_ARGUMENT } from '../shared/previews.ts';

interface OpenOptions extends ClientOptions {
  browser: boolean;
}

export const configure: Configure = (command, io) => {
  readOptions(
    command.argument('[preview]', `${PREVIEW_ARGUMENT}; default: the preview of the commit that is checked out here`),
  )
    .option('--no-browser', 'only print the address; this is the default without a terminal')
    .addHelpText(
      'after',
      `
Prints the address of a preview, and opens it in a browser (BROWSER, or the system's own) on a terminal. A preview
that is known not to answer is not opened: the command says why, and exits with 1. If no check was made yet, it says so.

Examples:
  greenroom open acme/shop#7 --apps-repo acme/previews
  greenroom open --apps-repo acme/previews           # in a checkout of the pull request
  curl "$(greenroom open acme/shop#7 --apps-repo acme/previews)"`,
    )
    .action((preview: string | undefined, options: OpenOptions) => run(preview, options, io));
};

async function run(wanted: string | undefined, options: OpenOptions, io: Io): Promise<void> {
  const preview = await findPreview(wanted, options, io);
  const { name, url, status, newer } = preview;
  const refusal = refusalOf(preview);
  if (options.format === 'json')
    io.out(json({ name, url, commit: commitOf(preview), answers: answersOf(status), refusal, status }));
  else if (refusal === null) io.out(`${url}\n`);
  if (refusal !== null) {
    io.err(`greenroom: ${name}: ${printable(refusal, 1000)}\n`);
    io.fail(EXIT_CODES.failed);
    return;
  }
  for (const line of doubts(preview)) io.err(`${name}: ${line}\n`);
  if (newer !== null) io.err(`${name}: ${newerText(newer)}\n`);
  if (!options.browser || !io.interactive || options.format === 'json') return;
  const why = await openInBrowser(url!, io);
  if (why === null) return;
  io.err(`greenroom: no browser was opened: ${printable(why)}; the address is above\n`);
  io.fail(EXIT_CODES.failed);
}

/** The commit that it shows; null if it may be an earlier one. */
function commitOf({ status, headSha }: PreviewStatus): string | null {
  return status?.mayShow === undefined ? (status?.shows ?? headSha) : null;
}

/** Whether it answers, as observed; null if there is no observation. */
function answersOf(status: Status | null): boolean | null {
  if (status === null || status.state === 'committed') return null;
  return ['ready', 'ready-older', 'asleep'].includes(status.state);
}

/** Why it is not opened; null if it is. */
function refusalOf({ url, status }: PreviewStatus): string | null {
  if (url === null) return 'it has no address: none of its apps has a port.';
  // Only web pages are passed to a browser, whatever the apps repo contains.
  // A space or a control character would be read as another address, or by the terminal.
  const isPage = /^[!-~]+$/.test(url) && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isPage) return `${url} is not the address of a page.`;
  if (status === null || answersOf(status) !== false) return null;
  return `${titleOf(status)}. ${[status.sentence, status.todo].filter(Boolean).join(' ')}`;
}

/** Warnings for the person who opens it. */
function doubts({ status, headSha }: PreviewStatus): string[] {
  if (status === null) return ['the forge does not answer, so it is unknown whether it works'];
  const { state, sentence, shows, mayShow } = status;
  if (state === 'committed') return [`it is unknown whether it answers. ${sentence}`];
  if (state === 'asleep' || mayShow !== undefined) return [sentence];
  return shows === null || headSha.startsWith(shows) ? [] : [`it shows ${shortSha(shows)}, an earlier commit`];
}

/** @throws GreenroomError `failed` if there is none, or more than one */
async function findPreview(wanted: string | undefined, options: OpenOptions, io: Io): Promise<PreviewStatus> {
  const head = wanted === undefined ? await headHere(io) : undefined;
  return withClients(options, io, async (context) => {
    const found = await previewStatuses(context, (record) =>
      wanted === undefined ? record.headSha === head : isNamed(record, wanted, context.forge),
    );
    const [first, ...others] = found;
    if (first !== undefined && others.length === 0) return first;
    if (first === undefined && wanted !== undefined) {
      throw new GreenroomError('failed', await absenceOf(wanted, context));
    }
    const what = wanted === undefined ? `the commit ${shortSha(head!)}, which is checked out here` : printable(wanted);
    const names = found.map(({ name }) => name).join(', ');
    const message =
      first === undefined
        ? `there is no preview of ${what}`
        : `there are several previews of ${what}: ${names}; name one of them`;
    throw new GreenroomError('failed', message);
  });
}

/** @throws GreenroomError `invalid-input` outside of a checkout */
async function headHere(io: Io): Promise<string> {
  const { code, stdout } = await tryGit({ env: { ...io.env } }, ['-C', io.cwd, 'rev-parse', '--verify', 'HEAD']);
  if (code === 0) return stdout.trim();
  throw new GreenroomError(
    'invalid-input',
    'no commit is checked out here: name a preview, e.g. greenroom open acme/shop#7',
  );
}
