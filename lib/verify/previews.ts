import { isDeepStrictEqual } from 'node:util';
import type { CompiledPreview } from '../compile/compiler.ts';
import { EVIDENCE_RULES } from '../compile/evidence.ts';
import { recordedDigests, taggedImages } from '../compile/images.ts';
import { isExpired } from '../compile/lifetime.ts';
import { formatProblem, GreenroomError, type Problem } from '../core/errors.ts';
import { compareStrings, type FileSet } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { formatImage } from '../model/image.ts';
import { RECORD_FILE } from '../model/layout.ts';
import { type PreviewRecord, parseRecord } from '../model/record.ts';
import { printable } from '../report/text.ts';
import type { Base, SyncContext } from '../sync/plan/base.ts';
import { refusalOf, stopOf } from '../sync/plan/eligibility.ts';
import { derivedName } from '../sync/plan/plan-preview.ts';
import { evidenceMismatch, type Mismatch } from './evidence.ts';
import { type RecordedSource, recompile, recordedSource } from './recompile.ts';

export interface VerifyRequest {
  /** The apps repo after the change. */
  readonly head: Base;
  /** The apps repo before the change; null treats everything as unchanged. */
  readonly before: Base | null;
  /** Folders of previews to compile again. */
  readonly folders: readonly string[];
  /** Every file below these folders. */
  readonly files: FileSet;
}

export interface Verification {
  /** Differences from what greenroom would write. */
  readonly problems: readonly Problem[];
  /** Findings of the rules in previews. */
  readonly findings: readonly Finding[];
  /** What could not be verified because a server did not answer. */
  readonly unknown: readonly string[];
  /** Folders whose files are exactly as greenroom writes them. */
  readonly equal: readonly string[];
}

/** Compiles recorded previews again from the makers' files and compares byte by byte. Only reads. */
export async function verifyPreviews(
  context: Pick<SyncContext, 'forge' | 'images' | 'verifier'>,
  request: VerifyRequest,
): Promise<Verification> {
  const [problems, findings, unknown, equal]: [Problem[], Finding[], string[], string[]] = [[], [], [], []];
  const known = await knownPreviews(request.before);
  for (const folder of request.folders) {
    const file = `${folder}/${RECORD_FILE}`;
    const record = parseRecord(request.files.get(file) ?? '');
    // A malformed record is reported by `examine`.
    if (record === null) continue;
    try {
      const lookup = await recordedSource(context.forge, record);
      if (lookup.status === 'unknown') {
        unknown.push(`${record.name}: ${lookup.reason}`);
        continue;
      }
      const source = lookup.value;
      const compiled = recompile(request.head, source);
      const found = [
        ...compare(compiled, folder, request.files, source),
        ...(request.before === null ? [] : newProblems(request.head, source, compiled, file, known)),
      ];
      problems.push(...found);
      findings.push(...newFindings(compiled.findings, record, known.get(record.name)));
      if (found.length === 0) equal.push(folder);
      const stale = request.before === null ? null : staleHead(source, known.get(record.name));
      if (stale !== null) unknown.push(stale);
      const mismatches = [
        ['imageDigest', await digestMismatch(context, request.head, source, known.get(record.name))],
        ['evidence', await evidenceMismatch(context, request.head, source, known.get(record.name))],
      ] as const;
      for (const [field, mismatch] of mismatches) {
        if (mismatch?.status === 'wrong') problems.push({ file, field, message: mismatch.reason });
        if (mismatch?.status === 'unknown') unknown.push(`${record.name}: ${mismatch.reason}`);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
      const why = error.problems.map(formatProblem)[0] ?? error.message;
      problems.push({ file, message: `greenroom would write no preview here: ${why}` });
    }
  }
  return { problems, findings, unknown, equal };
}

/** The previews before the change, by name. */
async function knownPreviews(before: Base | null): Promise<ReadonlyMap<string, PreviewRecord>> {
  const records = before === null ? [] : await before.records();
  return new Map(records.flatMap(({ record }) => (record === null ? [] : [[record.name, record] as const])));
}

/** Evidence that was lost while a preview ran is recorded with a date. A change that only records it has no finding. */
function newFindings(
  findings: readonly Finding[],
  { evidence, evidenceLost, headSha }: PreviewRecord,
  known: PreviewRecord | undefined,
): readonly Finding[] {
  const isKnown = known?.headSha === headSha && isDeepStrictEqual(known.evidence, evidence);
  return evidenceLost !== undefined && isKnown
    ? findings.filter(({ rule }) => !EVIDENCE_RULES.includes(rule))
    : findings;
}

/** Problems of a preview that the change adds or updates, other than different files. */
function newProblems(
  head: Base,
  { record, pull }: RecordedSource,
  compiled: CompiledPreview,
  file: string,
  known: ReadonlyMap<string, PreviewRecord>,
): Problem[] {
  const problems: Problem[] = [];
  const refusal = refusalOf(pull, head.platform, head.registrations) ?? stopOf(pull);
  if (refusal !== null) problems.push({ file, message: `there must be no preview: ${refusal.sentence}` });
  else if (isExpired(compiled.expires, head.now)) problems.push({ file, message: 'it has expired' });
  const name = derivedName(pull, head);
  const before = known.get(record.name)?.identity;
  // After a rename of the repository, running previews keep their names.
  const keepsName = before?.repositoryId === pull.repository.id && before.number === pull.number;
  if (record.name !== name && !keepsName) {
    problems.push({ file, field: 'name', message: `must be ${name}; found ${record.name}` });
  }
  return problems;
}

/**
 * A head that the change records must be the pull request's current head: a forge also finds commits of other branches
 * and forks by id, and does not tell what the head was earlier.
 */
function staleHead({ record, pull }: RecordedSource, known: PreviewRecord | undefined): string | null {
  if (pull.head.sha === record.headSha || known?.headSha === record.headSha) return null;
  const [at, now] = [record.headSha, pull.head.sha].map((sha) => sha.slice(0, 7));
  return `${record.name}: ${at} is not the current head of its pull request, which is ${now}; sync it again`;
}

/** A digest that the change records must be the current digest of the tag. */
async function digestMismatch(
  { images }: Pick<SyncContext, 'images'>,
  { platform }: Base,
  { record, preview }: RecordedSource,
  known: PreviewRecord | undefined,
): Promise<Mismatch | null> {
  if (platform.evidence.require.length === 0) return null;
  const digests = recordedDigests(record, preview.value, platform);
  const before =
    known?.headSha === record.headSha ? recordedDigests(known, preview.value, platform) : new Map<string, string>();
  const context = { number: record.identity.number, headSha: record.headSha };
  for (const image of taggedImages(preview.value, platform, context)) {
    const name = formatImage(image);
    const digest = digests.get(name);
    if (digest === undefined || before.get(name) === digest) continue;
    const lookup = await images?.resolve(image);
    if (lookup?.status === 'found' && lookup.digest === digest) continue;
    if (lookup?.status === 'found') return { status: 'wrong', reason: `${name} is ${lookup.digest}` };
    if (lookup?.status === 'missing') return { status: 'wrong', reason: `there is no image ${name}` };
    const why = lookup?.reason ?? 'no registry is available';
    return { status: 'unknown', reason: `the digest of ${name} cannot be looked up: ${why}` };
  }
  return null;
}

function compare(
  { files: wanted, folder: place }: CompiledPreview,
  folder: string,
  files: FileSet,
  source: RecordedSource,
) {
  const { pull, record } = source;
  if (place !== folder) return [{ file: `${folder}/${RECORD_FILE}`, message: `belongs in ${place}` }];
  const whose = `greenroom writes for ${pull.repository.path}#${pull.number} at ${record.headSha.slice(0, 7)}`;
  const paths = new Set([...wanted.keys(), ...[...files.keys()].filter((path) => path.startsWith(`${folder}/`))]);
  return [...paths].sort(compareStrings).flatMap((file): Problem[] => {
    const [have, want] = [files.get(file), wanted.get(file)];
    if (have === want) return [];
    if (have === undefined) return [{ file, message: `is missing; ${whose} a file here` }];
    if (want === undefined) return [{ file, message: `is unexpected: it is not a file that ${whose}; remove it` }];
    return [{ file, ...firstDifference(have, want), message: `is not what ${whose}: ${difference(have, want)}` }];
  });
}

function firstDifference(have: string, want: string): { line: number; column: number } {
  const [a, b] = [have.split('\n'), want.split('\n')];
  let line = 0;
  while (a[line] === b[line]) line++;
  return { line: line + 1, column: 1 };
}

function difference(have: string, want: string): string {
  const { line } = firstDifference(have, want);
  const at = (text: string) => {
    const found = text.split('\n')[line - 1];
    if (found === '') return 'an empty line';
    return found === undefined ? 'the end' : `\`${printable(found.replace(/,$/, ''), 120)}\``;
  };
  return `found ${at(have)}, wanted ${at(want)}`;
}
