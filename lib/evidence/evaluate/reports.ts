import * as z from 'zod';
import { parseTime } from '../../core/clock.ts';

/** One known vulnerability of an image. */
export interface Vulnerability {
  /** `CVE-2026-1234` */
  readonly id: string;
  readonly package: string;
  readonly version: string;
  /** Version with the fix; undefined if there is none yet. */
  readonly fixed?: string | undefined;
  readonly severity: 'low' | 'medium' | 'high' | 'critical' | 'unknown';
}

/** The result of a scanner. */
export interface ScanReport {
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
        Class: optionalText,
        Vulnerabilities: z.array(finding).nullish(),
        // Findings suppressed by an ignore file, if Trivy was told to list them.
        ExperimentalModifiedFindings: z.array(z.object({ Type: optionalText, Finding: z.unknown() })).nullish(),
      }),
    )
    // Missing if Trivy found no packages that it knows.
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

/** Whether a statement is a vulnerability report. @param predicate used if the type does not tell */
export function isReport(predicateType: string, predicate?: unknown): boolean {
  if (predicateType === COSIGN_VULN || /\/vulns?\//.test(predicateType)) return true;
  const { SchemaVersion, ArtifactType, matches, descriptor } = (predicate ?? {}) as Record<string, unknown>;
  return (
    (ArtifactType !== undefined && SchemaVersion !== undefined) ||
    (Array.isArray(matches) && (descriptor as { name?: unknown } | undefined)?.name === 'grype')
  );
}

/**
 * Reads a scanner's report. Returns a reason if it is not reliable: an empty record, a scan of something other than an
 * image, no end time, an end time in the future.
 *
 * @param now unix seconds
 */
export function readReport(predicateType: string, predicate: unknown, now: number): ScanReport | string {
  if (predicateType !== COSIGN_VULN) return timely(resultOf(predicate), now);
  const record = cosignVuln.safeParse(predicate);
  if (!record.success) return 'contains no result of a scanner';
  const report = resultOf(record.data.scanner.result);
  if (report === undefined) return 'contains no result of a scanner';
  if (typeof report === 'string') return report;
  // Both end times must be plausible: the record's and the report's. The earlier one is used.
  const ended = timely({ ...report, endedAt: secondsOf(record.data.metadata.scanFinishedOn) }, now);
  const own = timely(report, now);
  if (typeof ended === 'string' || typeof own === 'string') return typeof ended === 'string' ? ended : own;
  return ended.endedAt < own.endedAt ? ended : own;
}

const CLOCK_TOLERANCE = 600;
/** Before these scanners existed. */
const FIRST_SCAN = Date.UTC(2019, 0) / 1000;

/** Undefined if it is not a scanner's report; a reason if the scan is not usable. */
function resultOf(data: unknown): ScanReport | string | undefined {
  return readTrivy(data) ?? readGrype(data);
}

function timely(report: ScanReport | string | undefined, now: number): ScanReport | string {
  if (report === undefined) return 'is not a report of Trivy or Grype about an image';
  if (typeof report === 'string') return report;
  if (!(report.endedAt > FIRST_SCAN)) return 'does not say when it was made';
  return report.endedAt > now + CLOCK_TOLERANCE ? 'was made in the future' : report;
}

function secondsOf(time: string): number {
  // Go writes nanoseconds and the zone with a colon: both are RFC 3339.
  return parseTime(time) ?? Number.NaN;
}

function readTrivy(data: unknown): ScanReport | string | undefined {
  const read = trivy.safeParse(data);
  if (!read.success) return undefined;
  const { Results, Metadata, CreatedAt } = read.data;
  if (!Results?.some(isAboutPackages)) return 'found no packages that the scanner knows, so it shows nothing';
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

type TrivyResult = NonNullable<z.output<typeof trivy>['Results']>[number];

/** Whether a result is about packages. Those for secrets, licences and settings tell nothing about vulnerabilities. */
function isAboutPackages({ Class, Vulnerabilities, ExperimentalModifiedFindings }: TrivyResult): boolean {
  return Class ? /^(os|lang)-pkgs$/.test(Class) : Boolean(Vulnerabilities ?? ExperimentalModifiedFindings);
}

function readGrype(data: unknown): ScanReport | undefined {
  const read = grype.safeParse(data);
  if (!read.success) return undefined;
  const { matches, ignoredMatches, alertsByPackage, descriptor } = read.data;
  const alerts = (alertsByPackage ?? []).flatMap((one) => one.alerts ?? []);
  // Matches that somebody ignored still count. Matches that Grype itself ignores do not, such as kernel headers.
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
  switch (severity?.trim().toLowerCase()) {
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
