import { compareStrings } from '../../core/fileset.ts';
import { type PullRequestRef, parsePullRequest, pullRequestText } from '../../core/repository.ts';
import type { Forge } from '../../forge/forge.ts';
import { type PreviewRecord, recordedPullRequest } from '../../model/record.ts';
import { dayAndTime, money, printable, shortSha } from '../../report/text.ts';
import { titleOf } from '../../status/status.ts';
import type { SyncContext } from '../../sync/plan/base.ts';
import { type PreviewStatus, saidWithoutPreview } from '../../sync/statuses.ts';
import { tableText } from './table.ts';

/** How to name a preview on a command line. */
export const PREVIEW_ARGUMENT = 'OWNER/NAME#NUMBER, the name of a preview, its address, or that of its pull request';

/** Whether the text names this preview. */
export function isNamed(record: PreviewRecord, text: string, { pages }: Pick<Forge, 'pages'>): boolean {
  const pull = recordedPullRequest(record);
  const names = [record.name, pullRequestText(pull), record.url, pages?.pullRequest(pull)];
  const wanted = text.replace(/\/+$/, '').toLowerCase();
  return names.some((name) => name?.toLowerCase() === wanted);
}

/** The pull request that the text names; undefined if it names none. */
function namedPullRequest(text: string): PullRequestRef | undefined {
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

const COLUMNS = ['PREVIEW', 'STATUS', 'COMMIT', 'ENDS', 'A DAY', 'OWNER', 'ADDRESS'] as const;

/** One row for each preview. */
export function previewTable(previews: readonly PreviewStatus[]): string {
  const rows = previews.map((preview) => [
    preview.name,
    stateText(preview),
    shortSha(preview.headSha),
    dayAndTime(preview.expires),
    money(preview.cost.perDay, preview.cost.currency),
    printable(preview.owner, 40),
    printable(preview.url ?? '-', 200),
  ]);
  return tableText([COLUMNS, ...rows]);
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

/** Text about a newer commit of the pull request. */
export function newerText({ headSha, said }: NonNullable<PreviewStatus['newer']>): string {
  const what = said === null ? 'nothing is said of it yet' : `its comment says: ${printable(said, 200)}`;
  return `The pull request has a newer commit, ${shortSha(headSha)}; ${what}.`;
}

/** Compares by name, the same in every locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }) => compareStrings(a.name, b.name);
