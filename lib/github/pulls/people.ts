import { namesOf } from '../../core/repository.ts';
import type { CommandReaction, PullRequest, Repository } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/**
 * Whether GitHub lets this account push: `admin`, or `write`, which includes `maintain`.
 *
 * @see https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
export async function mayWrite(client: GitHubClient, repository: Repository, login: string): Promise<boolean> {
  const { owner, name: repo } = namesOf(repository);
  const { status, data } = await client.rest<{ permission?: unknown; user?: { login?: unknown } | null }>(
    'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
    { owner, repo, username: login },
    [404],
  );
  const isSame = String(data.user?.login).toLowerCase() === login.toLowerCase();
  return status === 200 && isSame && (data.permission === 'admin' || data.permission === 'write');
}

const REACTIONS: Readonly<Record<CommandReaction, string>> = { done: '+1', refused: '-1', confused: 'confused' };

export async function react(
  client: GitHubClient,
  pull: PullRequest,
  commentId: number,
  answer: CommandReaction,
): Promise<void> {
  const { owner, name } = namesOf(pull.repository);
  const route = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions';
  await client.rest(route, { owner, repo: name, comment_id: commentId, content: REACTIONS[answer] });
}
