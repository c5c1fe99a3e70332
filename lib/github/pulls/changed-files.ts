import { namesOf } from '../../core/repository.ts';
import type { Lookup, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** GitHub lists at most 3000 files of a pull request. */
const PAGES = 30;
const PER_PAGE = 100;

/**
 * Paths that a pull request changes; both paths of a renamed file. Unknown if GitHub does not list all of them.
 *
 * @see https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
 */
export async function changedFiles(client: GitHubClient, pull: PullRequest): Promise<Lookup<readonly string[]>> {
  const { owner, name } = namesOf(pull.repository);
  const paths: string[] = [];
  for (let page = 1; page <= PAGES; page++) {
    const { data } = await client.rest<unknown>('GET /repos/{owner}/{repo}/pulls/{pull_number}/files', {
      owner,
      repo: name,
      pull_number: pull.number,
      per_page: PER_PAGE,
      page,
    });
    if (!Array.isArray(data)) return { status: 'unknown', reason: `${client.description} gives no list of files` };
    for (const file of data as ({ filename?: unknown; previous_filename?: unknown } | null)[]) {
      if (typeof file?.filename !== 'string') return { status: 'unknown', reason: 'a changed file has no name' };
      paths.push(file.filename);
      if (typeof file.previous_filename === 'string') paths.push(file.previous_filename);
    }
    if (data.length < PER_PAGE) return { status: 'found', value: paths };
  }
  return { status: 'unknown', reason: `it changes ${PAGES * PER_PAGE} files or more, and GitHub lists no others` };
}
