import { createHash } from 'node:crypto';
import type { Annotation } from '../../core/check-report.ts';
import { namesOf } from '../../core/repository.ts';
import type { Check, PullRequest } from '../../forge/forge.ts';
import type { GitHubClient } from '../http/client.ts';
import { besideOlderCheck, type KnownCheck, publishStatus, renewStatus } from './status.ts';

/** Annotations that GitHub accepts in one request; later requests add to them. */
const ANNOTATIONS_A_REQUEST = 50;

/**
 * Writes a check run on the head commit, or a commit status if the token may not write checks (only GitHub Apps may).
 * An unchanged check is not written again.
 *
 * @param isNews whether the check has certainly changed, so that it need not be read first
 */
export async function publishCheck(
  client: GitHubClient,
  pull: PullRequest,
  check: Check,
  known: KnownCheck,
  isNews: boolean,
): Promise<void> {
  const target = { owner: namesOf(pull.repository).owner, repo: namesOf(pull.repository).name };
  if (await publishCheckRun(client, target, { check, name: known.name, isNews })) {
    if (known.status !== undefined) await renewStatus(client, target, check, known);
    return;
  }
  const runs = await runsOf(client, { ...target, check_name: known.name }, check);
  await publishStatus(client, target, runs.some(contradicts(check)) ? newer(check) : check, known.name);
}

const newer = (check: Check): Check => ({ ...check, title: besideOlderCheck(check.title) });

/** Whether a run says something else. */
const contradicts =
  ({ title }: Check) =>
  (run: FoundRun) =>
    run?.output?.title !== title && run?.output?.title !== besideOlderCheck(title);

/** Returns false if the token may not write checks. */
async function publishCheckRun(
  client: GitHubClient,
  target: { readonly owner: string; readonly repo: string },
  { check, name, isNews }: { readonly check: Check; readonly name: string; readonly isNews: boolean },
): Promise<boolean> {
  const runs = isNews ? [] : await runsOf(client, { ...target, check_name: name }, check);
  // One of several is another App's. Which one is not known, but ours will say what it says now.
  const said = runs.length > 1 && runs.some(contradicts(check)) ? newer(check) : check;
  const digest = digestOf(said);
  if (runs.some((run) => run?.external_id === digest)) return true;
  const [first = [], ...more] = pages(check.annotations);
  const body = { ...target, name, head_sha: check.headSha, external_id: digest, ...outcome(check) };
  const created = await client.rest<{ id?: number; message?: string }>(
    'POST /repos/{owner}/{repo}/check-runs',
    { ...body, output: output(said, first) },
    [403, 404],
  );
  if (created.status >= 400) return false;
  for (const annotations of more) {
    const route = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';
    await client.rest(route, { ...target, check_run_id: created.data.id, output: output(said, annotations) });
  }
  return true;
}

type FoundRun = { readonly external_id?: unknown; readonly output?: { readonly title?: unknown } | null } | null;

/** The latest run of each App with that name on the commit; none if they cannot be read. */
async function runsOf(client: GitHubClient, target: object, check: Check): Promise<readonly FoundRun[]> {
  const { status, data } = await client.rest<{ check_runs?: FoundRun[] } | null>(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ...target, ref: check.headSha, filter: 'latest', per_page: 100 },
    [403, 404],
  );
  // `latest` means the latest of each App.
  const runs = status === 200 ? data?.check_runs : [];
  return Array.isArray(runs) ? runs : [];
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

function pages(annotations: readonly Annotation[]): Annotation[][] {
  const count = Math.ceil(annotations.length / ANNOTATIONS_A_REQUEST);
  return Array.from({ length: count }, (_, i) =>
    annotations.slice(i * ANNOTATIONS_A_REQUEST, (i + 1) * ANNOTATIONS_A_REQUEST),
  );
}

function digestOf(check: Check): string {
  return createHash('sha256').update(JSON.stringify(check)).digest('hex').slice(0, 32);
}
