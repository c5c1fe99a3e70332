import type { PullTrigger } from '../forge/webhook.ts';
import type { Reported } from '../status/call.ts';
import type { SyncResult } from '../sync/sync.ts';
import { mergeTriggers } from '../sync/trigger.ts';

/** A pull request to sync, with new reports about its preview. */
export type Work = PullTrigger & { readonly reported?: readonly Reported[] };

/** Only the latest reports are kept: there are fewer sources than this. */
const MAX_REPORTED = 20;

export function mergeWork(one: Work, other: Work): Work {
  const reported = [...(one.reported ?? []), ...(other.reported ?? [])].slice(-MAX_REPORTED);
  return { ...mergeTriggers(one, other), ...(reported.length > 0 ? { reported } : {}) };
}

type Subject = Pick<PullTrigger, 'repository' | 'number'>;

export const subjectOf = ({ repository, number }: Subject) => `${repository.path}#${number}`;
/** Names are compared without case. */
export const keyOf = (subject: Subject) => subjectOf(subject).toLowerCase();
export const keyOfResult = ({ repository, number }: SyncResult) => keyOf({ repository: { path: repository }, number });
