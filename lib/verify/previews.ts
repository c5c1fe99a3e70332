import { isDeepStrictEqual } from 'node:util';
import type { CompiledPreview } from '../compile/compile.ts';
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
import { type Doubt, evidenceDoubt } from './evidence.ts';
import { recompile, type Source, sourceOf } from './recompile.ts';

export interface VerifyRequest {
  /** The apps repo as it would be. */
  readonly head: Base;
  /** The apps repo as it is; null looks at everything as if it had been there. */
  readonly before: Base | null;
  /** Folders of previews to compile again. */
  readonly folders: readonly string[];
  /** Every file below these folders. */
  readonly files: FileSet;
}

export interface Verification {
  /** What is not as greenroom would write it. */
  readonly problems: readonly Problem[];
  /** What the rules say of previews that are. */
  readonly findings: readonly Finding[];
  /** What could not be proved, since somebody gave no answer. */
  readonly unknown: readonly string[];
  /** Folders whose files are those that greenroom writes. */
  readonly equal: readonly string[];
}

/**
 * Compiles recorded previews again from the makers' files and compares byte by byte. Reads, writes nothing.
 */
export async function verifyPreviews(
  context: Pick<SyncContext, 'forge' | 'images' | 'verifier'>,
  request: VerifyRequest,
): Promise<Verification> {
  const [problems, findings, unknown, equal]: [Problem[], Finding[], string[], string[]] = [[], [], [], []];
  const known = await knownPreviews(request.before);
  for (const folder of request.folders) {
    const file = `${folder}/${RECORD_FILE}`;
    const record = parseRecord(request.files.get(file) ?? '');
    // That it is out of shape is said by whoever looks at the shape of the repository.
    if (record === null) continue;
    try {
      const lookup = await sourceOf(context.forge, record);
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
      const doubts = [
        ['imageDigest', await digestDoubt(context, request.head, source, known.get(record.name))],
        ['evidence', await evidenceDoubt(context, request.head, source, known.get(record.name))],
      ] as const;
      for (const [field, doubt] of doubts) {
        if (doubt?.status === 'wrong') problems.push({ file, field, message: doubt.reason });
        if (doubt?.status === 'unknown') unknown.push(`${record.name}: ${doubt.reason}`);
      }
    } catch (error) {
      if (!(error instanceof GreenroomError) || error.code !== 'invalid-input') throw error;
      const why = error.problems.map(formatProblem)[0] ?? error.message;
      problems.push({ file, message: `greenroom writes no preview for it: ${why}` });
    }
  }
  return { problems, findings, unknown, equal };
}

/** The previews that were there before, by name. */
async function knownPreviews(before: Base | null): Promise<ReadonlyMap<string, PreviewRecord>> {
  const records = before === null ? [] : await before.records();
  return new Map(records.flatMap(({ record }) => (record === null ? [] : [[record.name, record] as const])));
}

/** What images lost while they ran was told and has a date: that is no finding of a change that says no more than this. */
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

/** What a change may not bring in, beside other bytes. */
function newProblems(
  head: Base,
  { record, pull }: Source,
  compiled: CompiledPreview,
  file: string,
  known: ReadonlyMap<string, PreviewRecord>,
): Problem[] {
  const problems: Problem[] = [];
  const refusal = refusalOf(pull, head.platform, head.registrations) ?? stopOf(pull);
  if (refusal !== null) problems.push({ file, message: `there is no preview to write: ${refusal.sentence}` });
  else if (isExpired(compiled.expires, head.now)) problems.push({ file, message: 'its time is up' });
  const name = derivedName(pull, head);
  const before = known.get(record.name)?.identity;
  // A repository that was renamed keeps the names of what runs.
  const keepsName = before?.repositoryId === pull.repository.id && before.number === pull.number;
  if (record.name !== name && !keepsName) {
    problems.push({ file, field: 'name', message: `must be ${name}; found ${record.name}` });
  }
  return problems;
}

/**
 * A head that came with the change has to be the pull request's own: by its id alone a forge also finds commits of other
 * branches and of forks. What it was an hour ago nobody can say.
 */
function staleHead({ record, pull }: Source, known: PreviewRecord | undefined): string | null {
  if (pull.head.sha === record.headSha || known?.headSha === record.headSha) return null;
  const [at, now] = [record.headSha, pull.head.sha].map((sha) => sha.slice(0, 7));
  return `${record.name}: ${at} is not the head of its pull request (any more), which is ${now}; sync it again`;
}

/** A digest that came with the change has to be what the tag stands for. */
async function digestDoubt(
  { images }: Pick<SyncContext, 'images'>,
  { platform }: Base,
  { record, preview }: Source,
  known: PreviewRecord | undefined,
): Promise<Doubt | null> {
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
    const why = lookup?.reason ?? 'nobody to ask';
    return { status: 'unknown', reason: `the digest of ${name} cannot be looked up: ${why}` };
  }
  return null;
}

function compare({ files: wanted, folder: place }: CompiledPreview, folder: string, files: FileSet, source: Source) {
  const { pull, record } = source;
  if (place !== folder) return [{ file: `${folder}/${RECORD_FILE}`, message: `belongs in ${place}` }];
  const whose = `greenroom writes for ${pull.repository.path}#${pull.number} at ${record.headSha.slice(0, 7)}`;
  const paths = new Set([...wanted.keys(), ...[...files.keys()].filter((path) => path.startsWith(`${folder}/`))]);
  return [...paths].sort(compareStrings).flatMap((file): Problem[] => {
    const [have, want] = [files.get(file), wanted.get(file)];
    if (have === want) return [];
    if (have === undefined) return [{ file, message: `is missing; ${whose} a file here` }];
    if (want === undefined) return [{ file, message: `is not a file that ${whose}; remove it` }];
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
