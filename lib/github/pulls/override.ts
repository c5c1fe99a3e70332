import { formatTime, parseTime } from '../../core/clock.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Override, OverrideRequest, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

// An override is stored as a commit status of the head commit: only accounts with write access can write one, GitHub
// adds the time, it is read in the same query as the pull request, and it ends with the next push.

/** Fields of a GraphQL Commit that {@link overrideOf} needs. */
export const OVERRIDE_FIELDS = 'status { contexts { context state description createdAt targetUrl } }';

export interface OverrideNode {
  readonly contexts: readonly {
    readonly context: string;
    readonly state: string;
    readonly description: string | null;
    readonly createdAt: string;
    readonly targetUrl: string | null;
  }[];
}

/** Two pull requests may have the same head commit. */
const contextOf = (number: number) => `greenroom/asked-${number}`;

const BY = 'by (?<by>[A-Za-z0-9_[\\]-]{1,100})';
const DESCRIPTIONS: readonly (readonly [Override['action'], RegExp])[] = [
  ['stop', new RegExp(`^stopped ${BY}(?:, extended until (?<until>\\S+))?$`)],
  ['start', new RegExp(`^started again ${BY}(?:, extended until (?<until>\\S+))?$`)],
  ['extend', new RegExp(`^kept until (?<until>\\S+) ${BY}$`)],
];

function descriptionOf({ action, until, by }: OverrideRequest): string {
  const time = until === null ? '' : formatTime(until);
  if (action === 'extend') return `kept until ${time} by ${by}`;
  const what = action === 'stop' ? 'stopped' : 'started again';
  return time === '' ? `${what} by ${by}` : `${what} by ${by}, extended until ${time}`;
}

/** The override in the statuses of a head commit; null for none, and for a status in another format. */
export function overrideOf(status: OverrideNode | null, number: number): Override | null {
  const found = status?.contexts.find(({ context }) => context === contextOf(number));
  const at = parseTime(found?.createdAt ?? '');
  const commentId = Number(/#issuecomment-(\d{1,15})$/.exec(found?.targetUrl ?? '')?.[1] ?? 0);
  for (const [action, pattern] of DESCRIPTIONS) {
    const { by, until: time } = pattern.exec(found?.description ?? '')?.groups ?? {};
    if (at === undefined || by === undefined) continue;
    const until = time === undefined ? null : parseTime(time);
    return until === undefined ? null : { action, until, by, commentId, at };
  }
  return null;
}

/** @param serverUrl address of GitHub's web pages, for the link to the comment */
export async function writeOverride(
  client: GitHubClient,
  serverUrl: string,
  pull: PullRequest,
  request: OverrideRequest,
): Promise<Override> {
  const { owner, name } = namesOf(pull.repository);
  const { data } = await client.rest<{ created_at?: unknown }>('POST /repos/{owner}/{repo}/statuses/{sha}', {
    owner,
    repo: name,
    sha: pull.head.sha,
    state: 'success',
    context: contextOf(pull.number),
    description: descriptionOf(request),
    target_url: `${serverUrl}/${owner}/${name}/pull/${pull.number}#issuecomment-${request.commentId}`,
  });
  const at = parseTime(String(data.created_at));
  if (at === undefined) throw new GreenroomError('unreachable', 'the answer to a commit status is malformed');
  return { ...request, at };
}
