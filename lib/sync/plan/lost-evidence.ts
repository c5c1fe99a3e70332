import { isDeepStrictEqual } from 'node:util';
import type { CompiledPreview } from '../../compile/compile.ts';
import { withEnd } from '../../compile/early-end.ts';
import { EVIDENCE_RULES } from '../../compile/evidence.ts';
import { type End, endOf } from '../../compile/lifetime.ts';
import { GreenroomError } from '../../core/errors.ts';
import type { ChangeSet } from '../../core/fileset.ts';
import { type Finding, isDenial } from '../../core/finding.ts';
import type { PullRequest } from '../../forge/forge.ts';
import { RECORD_FILE } from '../../model/layout.ts';
import { type PreviewRecord, parseRecord } from '../../model/record.ts';
import type { PreviewState } from '../../report/state.ts';
import type { Base, SyncContext } from './base.ts';
import { clockDoubt } from './clock.ts';
import type { Existing } from './existing.ts';
import { livePreview } from './live-preview.ts';

/** Compiles the commit that a preview was made from again, with what its images show now; null where it cannot be known. */
export type CompileRecorded = (record: PreviewRecord) => Promise<CompiledPreview | null>;

/** What was planned so far. */
interface Planned {
  readonly pull: PullRequest;
  readonly state: PreviewState;
  readonly effect: string;
}

/** What becomes of a plan: what is told, and the change where the end moves. */
export interface Held {
  readonly state: PreviewState;
  readonly effect?: 'update';
  /** Whether the end moves forward. */
  readonly endsEarly?: boolean;
  readonly record?: PreviewRecord;
  readonly change?: ChangeSet;
}

/**
 * Holds what goes on running to what the platform asks of its images today, whatever the pull request's head has become:
 * that they no longer show it is told, and with `evidence.endAfter` the preview ends early. When they show it again it has
 * its regular end back. What gives no answer changes nothing.
 *
 * @returns nothing where the plan is right as it is
 */
export async function heldToEvidence(
  { forge }: Pick<SyncContext, 'forge'>,
  { platform, trust, now }: Pick<Base, 'platform' | 'trust' | 'now'>,
  { state, effect, pull }: Planned,
  existing: Existing | null,
  compileRecorded: CompileRecorded,
): Promise<Held | undefined> {
  const record = existing?.record;
  if (!existing || !record || trust === null || effect !== 'none') return undefined;
  if (!('live' in state) || state.live === null) return undefined;
  const findings = await findingsOfRecorded(record, pull, state, compileRecorded);
  if (findings === null) return undefined;
  const lost = findings.filter((one) => isDenial(one) && EVIDENCE_RULES.includes(one.rule));
  const regular = record.evidenceLost?.expires ?? record.expires;
  const since = lost.length === 0 ? undefined : (record.evidenceLost?.since ?? now);
  const end = clockDoubt(forge) === null ? endOf(regular, since, platform.evidence) : record;
  const sentences = lost.map(({ message }) => message);
  const told = (to: PreviewRecord): PreviewState => ({
    ...state,
    live: { ...livePreview(to), ...(lost.length > 0 && { lost: { sentences, endsEarly: to.expires < regular } }) },
  });
  if (end.expires === record.expires && isDeepStrictEqual(end.evidenceLost, record.evidenceLost)) {
    return { state: told(record) };
  }
  return { ...moved(existing, record, end), state: told({ ...record, expires: end.expires }) };
}

function moved(existing: Existing, record: PreviewRecord, end: End): Omit<Held, 'state'> {
  const folders = existing.folders.filter((folder) => isOf(existing, folder, record));
  const results = folders.map((folder) => withEnd(existing.now.files, folder, record, end));
  const change = new Map(results.flatMap(({ files }) => [...files]));
  const [first] = results;
  return { effect: 'update', endsEarly: end.expires < record.expires, change, ...(first && { record: first.record }) };
}

/** What the rules say of what runs; null where that is not known. */
async function findingsOfRecorded(
  record: PreviewRecord,
  { head }: PullRequest,
  state: PreviewState,
  compileRecorded: CompileRecorded,
): Promise<readonly Finding[] | null> {
  if (state.state === 'denied' && record.headSha === head.sha) return state.findings;
  try {
    return (await compileRecorded(record))?.findings ?? null;
  } catch (error) {
    if (error instanceof GreenroomError) return null;
    throw error;
  }
}

/** After an interrupted move there are two folders; the other is on its way out. */
function isOf({ now }: Existing, folder: string, record: PreviewRecord): boolean {
  return isDeepStrictEqual(parseRecord(now.files.get(`${folder}/${RECORD_FILE}`) ?? ''), record);
}
