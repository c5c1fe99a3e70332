import type { CompiledPreview } from '../compile/compiler.ts';
import type { EvidenceByDigest } from '../compile/evidence.ts';
import { recordedDigests } from '../compile/images.ts';
import { expiresAt, type Times } from '../compile/lifetime.ts';
import { GreenroomError } from '../core/errors.ts';
import type { FileSet } from '../core/fileset.ts';
import { type Forge, isFork, type Lookup, type PullRequest } from '../forge/forge.ts';
import { loadPreview } from '../model/files.ts';
import { PREVIEW_FILE } from '../model/layout.ts';
import type { Loaded } from '../model/load.ts';
import type { PlatformSpec } from '../model/platform.ts';
import type { Preview } from '../model/preview.ts';
import { type PreviewRecord, recordedPullRequest } from '../model/record.ts';
import type { Base } from '../sync/plan/base.ts';
import { identityOf } from '../sync/plan/plan-preview.ts';
import { timesOf } from '../sync/plan/times.ts';

/** The inputs of a recorded preview: the maker's files at the recorded head, and the pull request. */
export interface RecordedSource {
  readonly record: PreviewRecord;
  /** As it is now; it may have newer commits. */
  readonly pull: PullRequest;
  readonly pullRequestUrl: string | null;
  readonly preview: Loaded<Preview>;
  readonly manifests: FileSet | null;
}

/**
 * Reads the inputs of a recorded preview; `unknown` if the forge does not answer.
 *
 * @throws GreenroomError `invalid-input` if the maker's file at that commit is missing or invalid
 */
export async function recordedSource(forge: Forge, record: PreviewRecord): Promise<Lookup<RecordedSource>> {
  const { repositoryId, repository, number } = record.identity;
  try {
    const lookup = await forge.pullRequestById(repositoryId, number, recordedPullRequest(record));
    if (lookup.status === 'unknown') return lookup;
    const pull = lookup.value;
    const text = await forge.readFile(pull.repository, record.headSha, PREVIEW_FILE);
    if (text === null) {
      throw new GreenroomError('invalid-input', `${repository} has no ${PREVIEW_FILE} at ${record.headSha}`);
    }
    const preview = loadPreview(text, PREVIEW_FILE);
    const folder = preview.value.spec.manifests;
    const manifests = folder === undefined ? null : await forge.readFolder(pull.repository, record.headSha, folder);
    const pullRequestUrl = forge.pages?.pullRequest({ path: pull.repository.path, number }) ?? null;
    return { status: 'found', value: { record, pull, pullRequestUrl, preview, manifests } };
  } catch (error) {
    if (!(error instanceof GreenroomError) || error.code === 'invalid-input') throw error;
    return { status: 'unknown', reason: error.message };
  }
}

/**
 * Compiles a recorded preview again. The result equals the committed files as long as the platform and other inputs of
 * the pull request (labels, commands, repository name) are unchanged.
 *
 * @param recordedBy the platform settings with which the record was written. @default - the same
 * @throws GreenroomError `invalid-input` for input that the platform refuses
 */
export function recompile(
  { compile, platform, registrations }: Pick<Base, 'compile' | 'platform' | 'registrations'>,
  source: RecordedSource,
  recordedBy: PlatformSpec = platform,
): CompiledPreview {
  const { record, pull, pullRequestUrl, preview, manifests } = source;
  return compile({
    preview,
    manifests,
    identity: identityOf(pull),
    name: record.name,
    headSha: record.headSha,
    author: pull.author,
    fromFork: isFork(pull),
    registration: registrations?.of(pull.repository) ?? null,
    pullRequestUrl,
    labels: pull.labels,
    times: recordedTimes(source, recordedBy),
    // Without required evidence, tags are not resolved to digests.
    digests: platform.evidence.require.length === 0 ? undefined : recordedDigests(record, preview.value, platform),
    evidence: recordedEvidence(record, platform),
    evidenceLostSince: record.evidenceLost?.since,
  });
}

/** Evidence is only used as long as the platform requires it. */
function recordedEvidence({ evidence = {} }: PreviewRecord, platform: PlatformSpec): EvidenceByDigest {
  if (platform.evidence.require.every((demand) => demand === 'digest')) return new Map();
  return new Map(Object.entries(evidence).map(([digest, noted]) => [digest, { noted }]));
}

/**
 * The pull request's times when the record was written. If it has a newer commit, the time of the recorded commit is
 * computed from the recorded end. A forged end does not compile to the same record.
 */
function recordedTimes({ record, pull, preview }: RecordedSource, platform: PlatformSpec): Times {
  const { createdAt, updatedAt, labels, head } = pull;
  if (head.sha === record.headSha) return timesOf(pull);
  const epoch = { createdAt: 0, updatedAt: 0, committedAt: 0 };
  const life = expiresAt(epoch, labels, preview.value.spec.ttl, platform.ttl);
  return { createdAt, updatedAt, committedAt: (record.evidenceLost?.expires ?? record.expires) - life };
}
