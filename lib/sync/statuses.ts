import { GreenroomError } from '../core/errors.ts';
import { Pool } from '../core/pool.ts';
import type { PullRequestRef } from '../core/repository.ts';
import type { PullRequest } from '../forge/forge.ts';
import { type PreviewRecord, recordedPullRequest } from '../model/record.ts';
import { saidOf } from '../report/markers.ts';
import type { Status } from '../status/status.ts';
import { lookAt } from './look.ts';
import { type Base, readBase, type SyncContext } from './plan/base.ts';
import { livePreview } from './plan/live-preview.ts';
import { environmentOf } from './publish.ts';
import { whatIsSeen } from './seen.ts';

/** One preview in the apps repo, with its status from the forge. */
export interface PreviewStatus {
  readonly name: string;
  /** `owner/name` at the last commit of the record. */
  readonly repository: string;
  readonly number: number;
  /** Login name of the pull request's author. */
  readonly owner: string;
  readonly url: string | null;
  readonly cluster: string;
  readonly headSha: string;
  /** Unix seconds. */
  readonly expires: number;
  readonly cost: PreviewRecord['cost'];
  /** Null if the forge does not answer. */
  readonly status: Status | null;
  /** A newer commit of the pull request that is not in the apps repo; null if none, or if the forge does not answer. */
  readonly newer: NewerCommit | null;
}

/** A commit of the pull request that is not in the apps repo yet. */
export interface NewerCommit {
  readonly headSha: string;
  /** Headline of the comment about it: `waiting for your build`; null if the comment is not about this commit. */
  readonly said: string | null;
}

const SIDE_BY_SIDE = 8;

/**
 * The status of all previews, from Git and the forge. Writes nothing, and sends no request to a cluster.
 *
 * @param wanted filter for previews. @default - all
 * @param asksAddress whether to probe each address as well, if the platform allows it. @default false
 * @throws GreenroomError as `readBase`
 */
export async function previewStatuses(
  context: SyncContext,
  wanted: (record: PreviewRecord) => boolean = () => true,
  asksAddress = false,
): Promise<readonly PreviewStatus[]> {
  const base = await readBase(context);
  const records = (await base.records()).flatMap(({ record }) => (record !== null && wanted(record) ? [record] : []));
  const pool = new Pool(SIDE_BY_SIDE);
  const read = async (record: PreviewRecord): Promise<PreviewStatus> => {
    const { name, identity, author, url, cluster, headSha, expires, cost } = record;
    const known = { name, url, cluster, headSha, expires, cost, owner: author };
    const seen = await lookUp(context, record, base, asksAddress).catch(noAnswer);
    const answer = seen ?? { status: null, newer: null };
    return { ...known, repository: identity.repository, number: identity.number, ...answer };
  };
  return Promise.all(records.map((record) => pool.run(() => read(record))));
}

function noAnswer(error: unknown): null {
  if (error instanceof GreenroomError) return null;
  throw error;
}

/** The preview's status from the forge; null if the forge does not find the pull request. */
async function lookUp(
  context: SyncContext,
  record: PreviewRecord,
  { now, platform }: Base,
  asksAddress: boolean,
): Promise<Pick<PreviewStatus, 'status' | 'newer'> | null> {
  const { forge } = context;
  const { path, number } = recordedPullRequest(record);
  const lookup = await forge.pullRequestById(record.identity.repositoryId, number, { path });
  if (lookup.status === 'unknown') return null;
  const [kept, comments] = await Promise.all([
    forge.deployments(lookup.value, environmentOf(record.name, platform)),
    forge.comments(lookup.value),
  ]);
  const comment = comments.find(({ isOurs }) => isOurs)?.body ?? null;
  const live = livePreview(record);
  const state = { state: 'committed', preview: live, findings: [] } as const;
  const observed = asksAddress ? await lookAt(context, { platform }, { state, effect: 'none' }) : [];
  const input = { now, committedAt: null, state, live, observed, contact: platform.policies.contact };
  const status = whatIsSeen(input, { comment, kept })?.status ?? null;
  return { status, newer: newerThan(record, lookup.value, comment) };
}

function newerThan({ headSha }: PreviewRecord, { head }: PullRequest, comment: string | null): NewerCommit | null {
  if (head.sha === headSha) return null;
  const said = saidOf(comment);
  return { headSha: head.sha, said: said !== null && head.sha.startsWith(said.commit) ? said.headline : null };
}

/**
 * Headline of the comment on a pull request that has no preview in the apps repo; null if there is no comment.
 *
 * @throws GreenroomError as `pullRequest`
 */
export async function saidWithoutPreview({ forge }: SyncContext, pull: PullRequestRef): Promise<string | null> {
  const lookup = await forge.pullRequest(pull, pull.number);
  if (lookup.status === 'unknown') return null;
  const comments = await forge.comments(lookup.value);
  return saidOf(comments.find(({ isOurs }) => isOurs)?.body ?? null)?.headline ?? null;
}
