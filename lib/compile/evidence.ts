import { compareStrings } from '../core/fileset.ts';
import type { Finding } from '../core/finding.ts';
import { valueAt } from '../core/json.ts';
import type { NotedEvidence } from '../model/evidence.ts';
import { parseImage } from '../model/image.ts';
import { parsePath, podPath } from '../policies/paths.ts';
import { EVIDENCE_PREFIX } from '../policies/rules/evidence.ts';
import { annotated } from './annotated.ts';
import type { Manifest } from './files.ts';
import { podImages } from './images.ts';

type Noted = keyof NotedEvidence;

/** Evidence of one image. */
export interface ImageEvidence {
  readonly noted: NotedEvidence;
  /** Why a requirement is not met, one sentence without a full stop. @default - the rule's general message */
  readonly sentences?: Readonly<Partial<Record<Noted, string>>>;
  /** Verified evidence for people, one sentence each without a full stop. @default - not verified */
  readonly shown?: readonly string[];
}

/** By digest. */
export type EvidenceByDigest = ReadonlyMap<string, ImageEvidence>;

/** The evidence that each rule requires. */
const RULES: Readonly<Record<string, Noted>> = {
  'signed-image': 'signature',
  'sbom-attached': 'sbom',
  'built-from-commit': 'provenance',
  'vulnerability-threshold': 'vulnerabilities',
};

/** Rules about the evidence of images. It cannot be set in a maker's file, so a maker's file is never the cause. */
export const EVIDENCE_RULES: readonly string[] = Object.keys(RULES);

/** The evidence of each image, one line each, for people. */
export function evidenceLines(evidence: EvidenceByDigest): string[] {
  return [...evidence].flatMap(([digest, { shown = [] }]) =>
    shown.length === 0 ? [] : [`${digest.slice(0, 'sha256:'.length + 12)}: ${shown.join('; ')}`],
  );
}

/** Adds the verified evidence of its images, by digest, as annotations of the pod or pod template. */
export function withEvidence(object: Manifest, evidence: EvidenceByDigest): Manifest {
  const digests = [...new Set(podImages(object).map(digestOf))].filter((digest) => digest !== undefined);
  const annotations: [string, string][] = [];
  for (const name of Object.values(RULES)) {
    const entries = digests.flatMap((digest) => entryOf(digest, name, evidence.get(digest)?.noted));
    if (entries.length > 0) annotations.push([`${EVIDENCE_PREFIX}${name}`, entries.sort(compareStrings).join(',')]);
  }
  return annotations.length === 0 ? object : annotated(object, podPath(object), Object.fromEntries(annotations));
}

function entryOf(digest: string, name: Noted, noted: NotedEvidence | undefined): string[] {
  if (name !== 'vulnerabilities') return noted?.[name] ? [digest] : [];
  return noted?.vulnerabilities === undefined ? [] : [`${digest}=${noted.vulnerabilities}`];
}

/**
 * Replaces a rule's general message with what is wrong with this image, if known.
 *
 * @param objects the objects of the findings
 * @param contact whom a refusal names
 */
export function explainedFindings(
  findings: readonly Finding[],
  objects: readonly Manifest[],
  evidence: EvidenceByDigest,
  contact: string,
): Finding[] {
  return findings.map((finding) => {
    const name = Object.hasOwn(RULES, finding.rule) ? RULES[finding.rule] : undefined;
    if (name === undefined) return finding;
    const { kind, name: called } = finding.object;
    const object = objects.find((one) => one.kind === kind && one.metadata.name === called);
    const image = valueAt(object, parsePath(finding.field));
    const digest = typeof image === 'string' ? digestOf(image) : undefined;
    const sentence = digest === undefined ? undefined : evidence.get(digest)?.sentences?.[name];
    return sentence === undefined ? finding : { ...finding, message: `${sentence}; or ask ${contact}.` };
  });
}

function digestOf(text: string): string | undefined {
  const image = parseImage(text);
  return typeof image === 'string' ? undefined : image.digest;
}
