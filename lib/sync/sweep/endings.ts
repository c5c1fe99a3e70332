import { GreenroomError } from '../../core/errors.ts';
import { type PreviewTrailers, parseTrailers } from '../../gitops/message.ts';
import type { Base, SyncContext } from '../plan/base.ts';
import { refusalOf } from '../plan/eligibility.ts';
import type { PreviewPlan } from '../plan/plan-preview.ts';

/** Seconds for which an ended preview is checked again; what could not be written by then stays unwritten. */
const WINDOW = 3 * 3600;

/** A preview that is gone, and the commit that removed it. */
export interface Ending {
  readonly plan: PreviewPlan;
  readonly commit: string;
}

/**
 * Previews that ended a short while ago and are in no list any more: the pull request is closed, the record is removed.
 * Only the history of the apps repo names them. They are checked again so that the pull request gets the report that
 * could not be written before. If something does not answer, it is skipped: only that report depends on it.
 */
export async function recentEndings(context: SyncContext, base: Base): Promise<Ending[]> {
  const known = new Set((await base.records()).flatMap(({ record }) => (record === null ? [] : [record.name])));
  const endings: Ending[] = [];
  for (const [preview, { trailers, commit }] of await lastCommits(context, base)) {
    if (known.has(preview)) continue;
    const { pullRequest } = trailers;
    const lookup = await context.forge.pullRequest(pullRequest, pullRequest.number).catch(noAnswer);
    // The same name and number may be another pull request by now; the head commit tells.
    if (lookup?.status !== 'found' || lookup.value.head.sha !== trailers.head) continue;
    const pull = lookup.value;
    // An open pull request is in the list, and is handled there.
    const refusal = pull.state === 'closed' ? refusalOf(pull, base.platform, null) : null;
    if (refusal === null) continue;
    const nothing = { change: new Map(), effect: 'none', record: null, displaced: null, live: null } as const;
    const plan: PreviewPlan = { ...nothing, pull, name: preview, state: { state: 'none', ...refusal, removed: null } };
    endings.push({ plan, commit });
  }
  return endings;
}

/** The latest commit about each preview. */
async function lastCommits({ repo }: SyncContext, { now }: Base) {
  const commits = (await repo.recent?.(now - WINDOW).catch(noAnswer)) ?? [];
  const last = new Map<string, { readonly trailers: PreviewTrailers; readonly commit: string }>();
  for (const { oid, message } of commits) {
    for (const trailers of parseTrailers(message)) {
      if (!last.has(trailers.preview)) last.set(trailers.preview, { trailers, commit: oid });
    }
  }
  return last;
}

function noAnswer(error: unknown): null {
  if (error instanceof GreenroomError) return null;
  throw error;
}
