import type { RepositoryRef } from '../core/repository.ts';
import { headlineOf, storedStateOf } from '../report/markers.ts';
import type { SyncContext } from './plan/base.ts';
import { type PreviewStatus, previewStatuses } from './statuses.ts';

/** How far a pull request is on the way to a working preview. */
export type Progress =
  /** Its preview is in the apps repo. */
  | { readonly stage: 'committed'; readonly preview: PreviewStatus }
  /** Not committed; this is what its comment says. */
  | {
      readonly stage: 'told';
      /** State and reason as stored in the comment: `waiting`, `denied`, `none/label`. */
      readonly state: string;
      readonly headline: string;
    }
  /** It has no comment yet. */
  | { readonly stage: 'unseen' }
  | { readonly stage: 'closed' }
  /** The forge did not answer. */
  | { readonly stage: 'unknown'; readonly reason: string };

/**
 * Reads a pull request, its comment and its preview once, and probes the address if the platform allows it. Writes
 * nothing.
 *
 * @throws GreenroomError as `readBase`
 */
export async function progressOf(context: SyncContext, repository: RepositoryRef, number: number): Promise<Progress> {
  const pull = await context.forge.pullRequest(repository, number);
  if (pull.status === 'unknown') return { stage: 'unknown', reason: pull.reason };
  if (pull.value.state !== 'open') return { stage: 'closed' };
  const { id } = pull.value.repository;
  const isIts = ({ identity }: { identity: { repositoryId: number; number: number } }) =>
    identity.repositoryId === id && identity.number === number;
  const [preview] = await previewStatuses(context, isIts, true);
  if (preview !== undefined) return { stage: 'committed', preview };
  const comment = (await context.forge.comments(pull.value)).find(({ isOurs }) => isOurs)?.body ?? null;
  const headline = comment === null ? null : headlineOf(comment);
  if (headline === null) return { stage: 'unseen' };
  return { stage: 'told', state: storedStateOf(comment)?.state ?? '', headline };
}
