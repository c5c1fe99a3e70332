import * as z from 'zod';
import { parseTime } from '../../core/clock.ts';

/** One known vulnerability of an image. */
export interface Vulnerability {
  /** `CVE-2026-1234` */
  readonly id: string;
  readonly package: string;
  readonly version: string;
  /** Version that mends it; undefined while there is none. */
  readonly fixed?: string | undefined;
  readonly severity: 'low' | 'medium' | 'high' | 'critical' | 'unknown';
}

/** What a scanner found, whichever it was. */
export interface Report {
  /** Unix seconds at which the scan ended. */
  readonly endedAt: number;
  readonly vulnerabilities: readonly Vulnerability[];
  /** Whether the operating system gets no more security updates. */
  readonly endOfLife: boolean;
}

const text = z.string().max(1000);
const optionalText = text.nullish();

const finding = z.object({
  VulnerabilityID: text,
  PkgName: text,
  InstalledVersion: optionalText,
  FixedVersion: optionalText,
  Severity: optionalText,
});

/** Source: https://github.com/aquasecurity/trivy/blob/main/pkg/types/report.go */
const trivy = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: z.string(),
  ArtifactType: z.literal('container_image'),
  Metadata: z.object({ OS: z.object({ EOSL: z.boolean().nullish() }).nullish() }).nullish(),
  Results: z
    .array(
      z.object({
        Vulnerabilities: z.array(finding).nullish(),
        // What an ignore file took out, where it was asked to say so.
        ExperimentalModifiedFindings: z.array(z.object({ Type: optionalText, Finding: z.unknown() })).nullish(),
      }),
    )
    // Left out where it knows nothing of what is in the image.
    .nullish(),
});

const match = z.object({
  vulnerability: z.object({
    id: text,
    severity: optionalText,
    fix: z.object({ versions: z.array(text).nullish() }).nullish(),
  }),
  artifact: z.object({ name: text, version: optionalText }),
  appliedIgnoreRules: z.array(z.object({ 'match-type': optionalText })).nullish(),
});

/** Source: https://github.com/anchore/grype/blob/main/grype/presenter/models/document.go */
const grype = z.object({
  matches: z.array(match),
  ignoredMatches: z.array(match).nullish(),
  source: z.object({ type: z.literal('image') }),
  alertsByPackage: z.array(z.object({ alerts: z.array(z.object({ type: optionalText })).nullish() })).nullish(),
  descriptor: z.object({ name: z.literal('grype'), timestamp: z.string() }),
});

/** Source: https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md */
const cosignVuln = z.object({
  scanner: z.object({ result: z.unknown() }),
  metadata: z.object({ scanFinishedOn: z.string() }),
});

const COSIGN_VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1';

/** Whether a statement is meant as a vulnerability report, whatever it is worth. @param predicate looked at where its type does not say so */
export function isReport(predicateType: string, predicate?: unknown): boolean {
  if (predicateType === COSIGN_VULN || /\/vulns?\//.test(predicateType)) return true;
  const { SchemaVersion, ArtifactType, matches, descriptor } = (predicate ?? {}) as Record<string, unknown>;
  return (
    (ArtifactType !== undefined && SchemaVersion !== undefined) ||
    (Array.isArray(matches) && (descriptor as { name?: unknown } | undefined)?.name === 'grype')
  );
}

/**
 * What a scanner's report says; a reason where it says nothing that can be relied on: an empty record, a scan of something
 * else than an image, no end, an end in the future.
 *
 * @param now unix seconds
 */
export function readReport(predicateType: string, predicate: unknown, now: number): Report | string {
  if (predicateType !== COSIGN_VULN) return timely(resultOf(predicate), now);
  const record = cosignVuln.safeParse(predicate);
  if (!record.success) return 'holds no result of a scanner';
  const report = resultOf(record.data.scanner.result);
  if (report === undefined) return 'holds no result of a scanner';
  if (typeof report === 'string') return report;
  // Both ends have to be believable: the record's, and the report's own. The earlier one counts.
  const ended = timely({ ...report, endedAt: secondsOf(record.data.metadata.scanFinishedOn) }, now);
  const own = timely(report, now);
  if (typeof ended === 'string' || typeof own === 'string') return typeof ended === 'string' ? ended : own;
  return ended.endedAt < own.endedAt ? ended : own;
}

const CLOCK_TOLERANCE = 600;
/** Before these scanners were made. */
const FIRST_SCAN = Date.UTC(2019, 0) / 1000;

/** Undefined for what is no scanner's; a reason for a scan that says nothing. */
function resultOf(data: unknown): Report | string | undefined {
  return readTrivy(data) ?? readGrype(data);
}

function timely(report: Report | string | undefined, now: number): Report | string {
  if (report === undefined) return 'is not a report of Trivy or Grype about an image';
  if (typeof report === 'string') return report;
  if (!(report.endedAt > FIRST_SCAN)) return 'does not say when it was made';
  return report.endedAt > now + CLOCK_TOLERANCE ? 'was made in the future' : report;
}

function secondsOf(time: string): number {
  // Go writes nanoseconds and the zone with a colon: both are RFC 3339.
  return parseTime(time) ?? Number.NaN;
}

function readTrivy(data: unknown): Report | string | undefined {
  const read = trivy.safeParse(data);
  if (!read.success) return undefined;
  const { Results, Metadata, CreatedAt } = read.data;
  if (!Results || Results.length === 0) return 'found no packages in it that it knows, so that it says nothing';
  const vulnerabilities = Results.flatMap(({ Vulnerabilities, ExperimentalModifiedFindings }) => {
    const hidden = (ExperimentalModifiedFindings ?? []).flatMap(({ Finding }) => finding.safeParse(Finding).data ?? []);
    return [...(Vulnerabilities ?? []), ...hidden].map((one) => ({
      id: one.VulnerabilityID,
      package: one.PkgName,
      version: one.InstalledVersion ?? '',
      fixed: one.FixedVersion || undefined,
      severity: severityOf(one.Severity),
    }));
  });
  return { endedAt: secondsOf(CreatedAt), vulnerabilities, endOfLife: Metadata?.OS?.EOSL === true };
}

function readGrype(data: unknown): Report | undefined {
  const read = grype.safeParse(data);
  if (!read.success) return undefined;
  const { matches, ignoredMatches, alertsByPackage, descriptor } = read.data;
  const alerts = (alertsByPackage ?? []).flatMap((one) => one.alerts ?? []);
  // What somebody filtered out counts all the same; what Grype itself sets aside, headers of a kernel that no image runs, does not.
  const hidden = (ignoredMatches ?? []).filter(
    ({ appliedIgnoreRules }) => !appliedIgnoreRules?.every((rule) => rule['match-type'] === 'exact-indirect-match'),
  );
  const vulnerabilities = [...matches, ...hidden].map(({ vulnerability, artifact }) => ({
    id: vulnerability.id,
    package: artifact.name,
    version: artifact.version ?? '',
    fixed: vulnerability.fix?.versions?.[0],
    severity: severityOf(vulnerability.severity),
  }));
  const endOfLife = alerts.some(({ type }) => type === 'distro-eol');
  return { endedAt: secondsOf(descriptor.timestamp), vulnerabilities, endOfLife };
}

function severityOf(severity: string | null | undefined): Vulnerability['severity'] {
  switch (severity?.toLowerCase()) {
    case 'critical':
      return 'critical';
    case 'high':
      return 'high';
    case 'medium':
      return 'medium';
    case 'low':
    case 'negligible':
      return 'low';
    default:
      return 'unknown';
  }
}
