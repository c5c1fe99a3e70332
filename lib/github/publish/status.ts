import { GreenroomError } from '../../core/errors.ts';
import type { Check } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** Name of the check run, and context of the status in its place. */
export const CHECK_NAME = 'greenroom/preview';

const MAX_DESCRIPTION = 140;

/** A commit status as a reading shows it, of REST or of GraphQL. */
export interface StatusNode {
  readonly context: string;
  readonly state: string;
  readonly description: string | null;
}

/** The repository of the commit, for REST. */
interface Target {
  readonly owner: string;
  readonly repo: string;
}

/** Writes the check as a commit status, where the token may not write checks (only GitHub Apps may). */
export async function publishStatus(client: GitHubClient, target: Target, check: Check): Promise<void> {
  const { data } = await client.rest<unknown>('GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
    ...target,
    ref: check.headSha,
    per_page: 100,
  });
  if (!Array.isArray(data)) throw new GreenroomError('unreachable', 'the list of commit statuses came damaged');
  await renewStatus(client, target, check, statusAmong(data as StatusNode[]));
}

/** The latest status in the check's place. @param statuses the newest first, or one of each context */
export function statusAmong(statuses: readonly StatusNode[]): StatusNode | undefined {
  return statuses.find(({ context }) => context === CHECK_NAME);
}

/** Writes a status unless it stands there already. */
export async function renewStatus(
  client: GitHubClient,
  target: Target,
  { conclusion, title, headSha }: Check,
  standing: StatusNode | undefined,
): Promise<void> {
  const state = conclusion === 'neutral' ? 'success' : conclusion;
  const description = title.length <= MAX_DESCRIPTION ? title : `${title.slice(0, MAX_DESCRIPTION - 3)}...`;
  if (standing?.state.toLowerCase() === state && standing.description === description) return;
  const body = { ...target, sha: headSha, state, description, context: CHECK_NAME };
  await client.rest('POST /repos/{owner}/{repo}/statuses/{sha}', body);
}
