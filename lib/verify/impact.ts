import type { CompiledPreview } from '../compile/compiler.ts';
import { EVIDENCE_RULES } from '../compile/evidence.ts';
import { isExpired } from '../compile/lifetime.ts';
import { formatProblem, GreenroomError } from '../core/errors.ts';
import { compareStrings } from '../core/fileset.ts';
import { isDenial } from '../core/finding.ts';
import type { Forge } from '../forge/forge.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { PreviewRecord } from '../model/record.ts';
import { findingLine } from '../report/comment.ts';
import type { Effect, Impact } from '../report/impact.ts';
import type { Base } from '../sync/plan/base.ts';
import { refusalOf, stopOf } from '../sync/plan/eligibility.ts';
import { type RecordedSource, recompile, recordedSource } from './recompile.ts';

/**
 * The effect of changed settings or exceptions on live previews: each is compiled with the old and with the new ones.
 * Pure, except that it reads from the forge.
 */
export async function impactOf(forge: Forge, before: Base, after: Base): Promise<Impact[]> {
  const impacts: Impact[] = [];
  const records = (await before.records()).flatMap(({ record }) => (record === null ? [] : [record]));
  for (const record of records.sort((a, b) => compareStrings(a.name, b.name))) {
    const subject = { name: record.name, repository: record.identity.repository, number: record.identity.number };
    impacts.push({ ...subject, effect: await effectOn(forge, record, before, after) });
  }
  return impacts;
}

async function effectOn(forge: Forge, record: PreviewRecord, before: Base, after: Base): Promise<Effect> {
  let source: RecordedSource;
  try {
    const lookup = await recordedSource(forge, record);
    if (lookup.status === 'unknown') return { kind: 'unknown', reason: lookup.reason };
    source = lookup.value;
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    return { kind: 'unknown', reason: error.message };
  }
  const [old, next] = [before, after].map((side) => outcome(side, source, before.platform)) as [Outcome, Outcome];
  if (next.kind === 'none') return old.kind === 'none' ? { kind: 'same' } : { kind: 'removed', reason: next.reason };
  if (next.kind === 'refused') return old.kind === 'refused' ? { kind: 'same' } : refusedEffect(next, after.platform);
  // The record tells where the preview runs now, even if the old settings would place it elsewhere today.
  if (next.compiled.cluster !== record.cluster && placeOf(old) !== next.compiled.cluster) {
    return { kind: 'moved', from: record.cluster, to: next.compiled.cluster };
  }
  if (old.kind !== 'written') return { kind: 'allowed' };
  return filesEffect(old.compiled, next.compiled);
}

type Outcome =
  | { readonly kind: 'written'; readonly compiled: CompiledPreview }
  | { readonly kind: 'none'; readonly reason: string }
  | Refused;

interface Refused {
  readonly kind: 'refused';
  readonly reasons: readonly string[];
  /** Whether one of the reasons is evidence of its images. */
  readonly lacksEvidence: boolean;
}

function refusedEffect({ reasons, lacksEvidence }: Refused, { evidence }: PlatformSpec): Effect {
  const after = evidence.endAfter;
  return lacksEvidence && after !== undefined ? { kind: 'ending', reasons, after } : { kind: 'refused', reasons };
}

function outcome(side: Base, source: RecordedSource, recordedBy: PlatformSpec): Outcome {
  const refusal = refusalOf(source.pull, side.platform, side.registrations) ?? stopOf(source.pull);
  if (refusal !== null) return { kind: 'none', reason: refusal.sentence };
  try {
    const compiled = recompile(side, source, recordedBy);
    if (isExpired(compiled.expires, side.now)) return { kind: 'none', reason: 'It would have expired.' };
    const denied = compiled.findings.filter(isDenial);
    const lacksEvidence = denied.some(({ rule }) => EVIDENCE_RULES.includes(rule));
    if (compiled.denied) return { kind: 'refused', reasons: denied.map(findingLine), lacksEvidence };
    return { kind: 'written', compiled };
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
    return { kind: 'refused', reasons: error.problems.map(formatProblem), lacksEvidence: false };
  }
}

function placeOf(outcome: Outcome): string | null {
  return outcome.kind === 'written' ? outcome.compiled.cluster : null;
}

/** Drops the digest of the files: the files themselves are compared. */
function withoutDigest(text: string): string {
  return text.replace(/^ {2}"contents": "sha256:[0-9a-f]{64}",?\n/m, '');
}

function filesEffect(before: CompiledPreview, after: CompiledPreview): Effect {
  const inside = ({ files, folder }: CompiledPreview) =>
    new Map([...files].map(([path, text]) => [path.slice(folder.length + 1), withoutDigest(text)]));
  const [old, now] = [inside(before), inside(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort(compareStrings);
  const files = paths
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((file) => file.before !== file.after);
  return files.length === 0 ? { kind: 'same' } : { kind: 'changed', files };
}
