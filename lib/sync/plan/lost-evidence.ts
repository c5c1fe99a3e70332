import { isDeepStrictEqual } from 'node:util';
import type { CompiledPreview } from '../../compile/compiler.ts';
import { withEnd } from '../../compile/early-end.ts';
import { EVIDENCE_RULES } from '../../compile/evidence.ts';
import { type End, endWithEvidence } from '../../compile/lifetime.ts';
import { sha256 } from '../../core/digest.ts';
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

/** Compiles a preview's recorded commit again, with its images' present evidence; null if that is not possible. */
export type CompileRecorded = (record: PreviewRecord) => Promise<CompiledPreview | null>;

/** The plan so far. */
interface Planned {
  readonly pull: PullRequest;
  readonly state: PreviewState;
  readonly effect: string;
}

/** Changes to the plan: the new state, and the change if the end moves. */
export interface EvidenceOutcome {
  readonly state: PreviewState;
  readonly effect?: 'update';
  /** Whether the end becomes earlier. */
  readonly endsEarly?: boolean;
  /** Identifies what was lost, whenever it is seen; empty if nothing is. */
  readonly loss: string;
  readonly record?: PreviewRecord;
  readonly change?: ChangeSet;
}

/**
 * Evaluates a running preview against the platform's present demands, whatever the pull request's head is. If its
 * images no longer meet them, the report says so, and with `evidence.endAfter` the preview ends early. If they meet
 * them again, it gets back its regular end. If something does not answer, nothing changes.
 *
 * @returns undefined if the plan needs no change
 */
export async function heldToEvidence(
  { forge }: Pick<SyncContext, 'forge'>,
  { platform, trust, now }: Pick<Base, 'platform' | 'trust' | 'now'>,
  { state, effect, pull }: Planned,
  existing: Existing | null,
  compileRecorded: CompileRecorded,
): Promise<EvidenceOutcome | undefined> {
  const record = existing?.record;
  if (!existing || !record || trust === null || effect !== 'none') return undefined;
  if (!('live' in state) || state.live === null) return undefined;
  const findings = await findingsOfRecorded(record, pull, state, compileRecorded);
  if (findings === null) return undefined;
  const lost = findings.filter((one) => isDenial(one) && EVIDENCE_RULES.includes(one.rule));
  const regular = record.evidenceLost?.expires ?? record.expires;
  const since = lost.length === 0 ? undefined : (record.evidenceLost?.since ?? now);
  const end = clockDoubt(forge) === null ? endWithEvidence(regular, since, platform.evidence) : record;
  const sentences = lost.map(({ message }) => message);
  const told = (to: PreviewRecord): PreviewState => ({
    ...state,
    live: { ...livePreview(to), ...(lost.length > 0 && { lost: { sentences, endsEarly: to.expires < regular } }) },
  });
  const loss = lost.length === 0 ? '' : sha256(JSON.stringify([record.contents, record.headSha, regular, sentences]));
  if (end.expires === record.expires && isDeepStrictEqual(end.evidenceLost, record.evidenceLost)) {
    return { state: told(record), loss };
  }
  return { ...moved(existing, record, end), state: told({ ...record, expires: end.expires }), loss };
}

function moved(existing: Existing, record: PreviewRecord, end: End): Omit<EvidenceOutcome, 'state' | 'loss'> {
  const folders = existing.folders.filter((folder) => isOf(existing, folder, record));
  const results = folders.map((folder) => withEnd(existing.now.files, folder, record, end));
  const change = new Map(results.flatMap(({ files }) => [...files]));
  const [first] = results;
  return { effect: 'update', endsEarly: end.expires < record.expires, change, ...(first && { record: first.record }) };
}

/** The rules' findings for the running preview; null if not known. */
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

/** After an interrupted move there are two folders; the one with another record will be removed. */
function isOf({ now }: Existing, folder: string, record: PreviewRecord): boolean {
  return isDeepStrictEqual(parseRecord(now.files.get(`${folder}/${RECORD_FILE}`) ?? ''), record);
}
