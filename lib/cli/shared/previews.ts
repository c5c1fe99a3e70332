import { compareStrings } from '../../core/fileset.ts';
import { type PullRequestRef, parsePullRequest, pullRequestText } from '../../core/repository.ts';
import type { Forge } from '../../forge/forge.ts';
import { type PreviewRecord, recordedPullRequest } from '../../model/record.ts';
import { dayAndTime, money, printable, shortSha } from '../../report/text.ts';
import { titleOf } from '../../status/status.ts';
import type { Expected, ExpectedPreview } from '../../sync/expected.ts';
import type { SyncContext } from '../../sync/plan/base.ts';
import { type PreviewStatus, saidWithoutPreview } from '../../sync/statuses.ts';
import type { Io } from './io.ts';
import { tableText } from './table.ts';

/** How to name a preview on a command line. */
export const PREVIEW_ARGUMENT = 'OWNER/NAME#NUMBER, the name of a preview, its address, or that of its pull request';

/** Whether the text names this preview. */
export function isNamed(record: PreviewRecord, text: string, forge: Pick<Forge, 'pages'>): boolean {
  return isName(text, recordedPullRequest(record), record.name, forge) || isSameText(text, record.url);
}

/** Whether the text names the preview of this pull request, by its name or by the pull request. */
export function isName(text: string, pull: PullRequestRef, name: string, { pages }: Pick<Forge, 'pages'>): boolean {
  return [name, pullRequestText(pull), pages?.pullRequest(pull)].some((each) => isSameText(text, each));
}

function isSameText(text: string, name: string | null | undefined): boolean {
  return name?.toLowerCase() === text.replace(/\/+$/, '').toLowerCase();
}

/** The pull request that the text names; undefined if it names none. */
export function namedPullRequest(text: string): PullRequestRef | undefined {
  const [, path, number] =
    /^https?:\/\/[^/\s]+\/([^?#\s]+?)\/(?:-\/)?(?:pull|pulls|merge_requests)\/([1-9]\d{0,14})\/?$/.exec(text) ?? [];
  return parsePullRequest(path === undefined ? text : `${path}#${number}`);
}

/** Message if the apps repo has no preview of this name. */
export async function absenceOf(wanted: string, context: SyncContext): Promise<string> {
  const pull = namedPullRequest(wanted);
  const said = pull === undefined ? null : await saidWithoutPreview(context, pull);
  const more = said === null ? '' : `; the comment on its pull request says: ${printable(said, 200)}`;
  return `there is no preview of ${printable(wanted)}${more}`;
}

/** Says on stderr which parts of the forge could not be read, so that waiting previews may be missing. */
export function tellUnknown({ unknown }: Pick<Expected, 'unknown'>, io: Io): void {
  for (const reason of unknown) io.err(`greenroom: previews that wait may be missing: ${printable(reason, 300)}\n`);
}

const COLUMNS = ['PREVIEW', 'STATUS', 'COMMIT', 'ENDS', 'A DAY', 'OWNER', 'ADDRESS'] as const;

/** One row for each preview, and for each that is expected. */
export function previewTable(previews: readonly PreviewStatus[], expected: readonly ExpectedPreview[] = []): string {
  const rows = previews.map((preview) => [
    preview.name,
    stateText(preview),
    shortSha(preview.headSha),
    dayAndTime(preview.expires),
    money(preview.cost.perDay, preview.cost.currency),
    printable(preview.owner, 40),
    printable(preview.url ?? '-', 200),
  ]);
  const waiting = expected.map(({ name, title, headSha, owner }) => [
    name,
    printable(title, 200),
    shortSha(headSha),
    ...['-', '-'],
    printable(owner, 40),
    '-',
  ]);
  return tableText([COLUMNS, ...rows, ...waiting]);
}

/** `ready`, `not working - the app stops right after it starts`, followed by a newer commit if there is one. */
export function stateText({ status, newer }: PreviewStatus): string {
  const state = status === null ? 'the forge does not answer' : titleOf(status);
  return newer === null ? state : `${state}; ${shortSha(newer.headSha)} is newer`;
}

/** All details of one preview. */
export function previewDetails(preview: PreviewStatus): string {
  const { name, repository, number, status, headSha, url, expires, cost, owner, newer } = preview;
  return [
    `${name} (${repository}#${number}): ${stateText(preview)}`,
    ...(status === null ? [] : [`  ${printable([status.sentence, status.todo].filter(Boolean).join(' '), 900)}`]),
    ...(newer === null ? [] : [`  ${newerText(newer)}`]),
    `  commit ${shortSha(headSha)}, by ${printable(owner, 40)}, ${printable(url ?? 'no address', 200)}`,
    `  ends ${dayAndTime(expires)}, ${money(cost.perDay, cost.currency)} a day`,
    '',
  ].join('\n');
}

/** All that is known of a preview that is not in the apps repo yet. */
export function expectedDetails({ name, repository, number, title, headSha, owner, build }: ExpectedPreview): string {
  return [
    `${name} (${repository}#${number}): ${printable(title, 200)}; not in the apps repo yet`,
    ...(build === null ? [] : [`  ${printable([build.sentence, build.todo].filter(Boolean).join(' '), 900)}`]),
    ...(build?.url == null ? [] : [`  ${printable(build.url, 500)}`]),
    `  commit ${shortSha(headSha)}, by ${printable(owner, 40)}`,
    '',
  ].join('\n');
}

/** Text about a newer commit of the pull request. */
export function newerText({ headSha, said }: NonNullable<PreviewStatus['newer']>): string {
  const what = said === null ? 'nothing is said of it yet' : `its comment says: ${printable(said, 200)}`;
  return `The pull request has a newer commit, ${shortSha(headSha)}; ${what}.`;
}

/** Compares by name, the same in every locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }) => compareStrings(a.name, b.name);
