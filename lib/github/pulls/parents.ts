import { GreenroomError } from '../../core/errors.ts';
import { isObjectId } from '../../core/git/objects.ts';
import { namesOf, type RepositoryRef } from '../../core/repository.ts';
import type { GitHubClient } from '../http/client.ts';

/** The parents of a commit; null if GitHub has no such commit or cannot be reached. */
export async function commitParents(
  client: GitHubClient,
  repository: RepositoryRef,
  sha: string,
): Promise<readonly string[] | null> {
  if (!isObjectId(sha)) return null;
  const { owner, name: repo } = namesOf(repository);
  try {
    const route = 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}';
    const { data } = await client.rest<{ parents?: readonly { sha?: unknown }[] }>(route, {
      owner,
      repo,
      commit_sha: sha,
    });
    return data.parents?.map((parent) => String(parent.sha)) ?? null;
  } catch (error) {
    if (error instanceof GreenroomError) return null;
    throw error;
  }
}
