import { createHash } from 'node:crypto';
import type { Annotation } from '../../core/check-report.ts';
import { GreenroomError } from '../../core/errors.ts';
import { namesOf } from '../../core/repository.ts';
import type { Check, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';

/** Name of the check run, and context of the status in its place. */
const CHECK_NAME = 'greenroom/preview';

/** Annotations that GitHub takes in one request; those of later requests are added. */
const ANNOTATIONS_A_REQUEST = 50;
const MAX_STATUS_DESCRIPTION = 140;

/**
 * Writes a check run on the head commit, or a commit status where the token may not write checks (only GitHub Apps may).
 * What stands there already is not written again.
 *
 * @param isNews whether what stands there is older for certain, so that nobody need look
 */
export async function publishCheck(
  client: GitHubClient,
  pull: PullRequest,
  check: Check,
  isNews: boolean,
): Promise<void> {
  const target = { owner: namesOf(pull.repository).owner, repo: namesOf(pull.repository).name };
  const digest = digestOf(check);
  if (!isNews && (await isThere(client, target, check, digest))) return;
  const [first = [], ...more] = pages(check.annotations);
  const body = { ...target, name: CHECK_NAME, head_sha: check.headSha, external_id: digest, ...outcome(check) };
  const created = await client.rest<{ id?: number; message?: string }>(
    'POST /repos/{owner}/{repo}/check-runs',
    { ...body, output: output(check, first) },
    [403, 404],
  );
  if (created.status >= 400) return publishStatus(client, target, check);
  for (const annotations of more) {
    const route = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';
    await client.rest(route, { ...target, check_run_id: created.data.id, output: output(check, annotations) });
  }
}

async function isThere(client: GitHubClient, target: object, check: Check, digest: string): Promise<boolean> {
  const { status, data } = await client.rest<{ check_runs?: { external_id?: unknown }[] }>(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ...target, ref: check.headSha, check_name: CHECK_NAME, filter: 'latest', per_page: 1 },
    [403, 404],
  );
  return status === 200 && data.check_runs?.[0]?.external_id === digest;
}

function outcome({ conclusion }: Check) {
  return conclusion === 'pending' ? { status: 'in_progress' } : { status: 'completed', conclusion };
}

function output({ title, summary }: Check, annotations: readonly Annotation[]) {
  return {
    title,
    summary,
    annotations: annotations.map(({ path, startLine, endLine, level, ...text }) => ({
      path,
      start_line: startLine,
      end_line: endLine,
      annotation_level: level,
      title: text.title,
      message: text.message,
    })),
  };
}

async function publishStatus(client: GitHubClient, target: object, check: Check): Promise<void> {
  const { conclusion, title, headSha } = check;
  const state = conclusion === 'neutral' ? 'success' : conclusion;
  const description =
    title.length <= MAX_STATUS_DESCRIPTION ? title : `${title.slice(0, MAX_STATUS_DESCRIPTION - 3)}...`;
  const { data } = await client.rest<unknown>('GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
    ...target,
    ref: headSha,
    per_page: 100,
  });
  if (!Array.isArray(data)) throw new GreenroomError('unreachable', 'the list of commit statuses came damaged');
  const latest = data.find((status: { context?: unknown }) => status.context === CHECK_NAME);
  if (latest?.state === state && latest?.description === description) return;
  const body = { ...target, sha: headSha, state, description, context: CHECK_NAME };
  await client.rest('POST /repos/{owner}/{repo}/statuses/{sha}', body);
}

function pages(annotations: readonly Annotation[]): Annotation[][] {
  const count = Math.ceil(annotations.length / ANNOTATIONS_A_REQUEST);
  return Array.from({ length: count }, (_, i) =>
    annotations.slice(i * ANNOTATIONS_A_REQUEST, (i + 1) * ANNOTATIONS_A_REQUEST),
  );
}

function digestOf(check: Check): string {
  return createHash('sha256').update(JSON.stringify(check)).digest('hex').slice(0, 32);
}
