import { GreenroomError } from '../../core/errors.ts';
import type { Check } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

const CHECK_NAME = 'greenroom/preview';

/**
 * Name of the check run, and context of the commit status. A commit has only one latest check of a name. If it is the
 * head of several pull requests, all but the first get a check with a number.
 *
 * @param sharing numbers of open pull requests with the same head
 */
export function checkNameOf(number: number, sharing: readonly number[]): string {
  return sharing.some((other) => other < number) ? `${CHECK_NAME} (#${number})` : CHECK_NAME;
}

const MAX_DESCRIPTION = 140;

/** Only the App that wrote a check run can change it, so what is written beside it says which of both counts. */
const NEWER = 'this is newer than the check beside it, which nobody updates any more';

/** A title beside an older check of another App; short enough for a status. */
export function besideOlderCheck(title: string): string {
  return `${shortened(title, MAX_DESCRIPTION - NEWER.length - 2)}; ${NEWER}`;
}

/** Whether the last reading of a pull request shows a status that stands beside an older check of another App. */
export function hasOlderCheck({ status }: KnownCheck): boolean {
  return status?.description?.endsWith(NEWER) ?? false;
}

const shortened = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 3)}...`);

/** A commit status, from REST or GraphQL. */
export interface StatusNode {
  readonly context: string;
  readonly state: string;
  readonly description: string | null;
}

/** What the latest reading of a pull request tells about its check. */
export interface KnownCheck {
  /** Name of the check run, and context of the commit status. */
  readonly name: string;
  /** Status that was written instead of a check run; undefined if none is known. */
  readonly status: StatusNode | undefined;
}

/** The repository of the commit, for REST. */
interface Target {
  readonly owner: string;
  readonly repo: string;
}

/** Writes the check as a commit status, for tokens that may not write checks (only GitHub Apps may). */
export async function publishStatus(client: GitHubClient, target: Target, check: Check, name: string): Promise<void> {
  const { data } = await client.rest<unknown>('GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
    ...target,
    ref: check.headSha,
    per_page: 100,
  });
  if (!Array.isArray(data)) throw new GreenroomError('unreachable', 'the list of commit statuses is malformed');
  const statuses = data.filter((one): one is StatusNode => typeof one?.state === 'string');
  await renewStatus(client, target, check, { name, status: statusAmong(statuses, name) });
}

/** The latest status with that context. @param statuses newest first, or one for each context */
export function statusAmong(statuses: readonly StatusNode[], name: string): StatusNode | undefined {
  return statuses.find(({ context }) => context === name);
}

/** Writes a status unless it is unchanged. */
export async function renewStatus(
  client: GitHubClient,
  target: Target,
  { conclusion, title, headSha }: Check,
  { name, status }: KnownCheck,
): Promise<void> {
  const state = conclusion === 'neutral' ? 'success' : conclusion;
  const description = shortened(title, MAX_DESCRIPTION);
  if (status?.state.toLowerCase() === state && status.description === description) return;
  const body = { ...target, sha: headSha, state, description, context: name };
  await client.rest('POST /repos/{owner}/{repo}/statuses/{sha}', body);
}
