import { formatTime } from '../../core/clock.ts';
import { count } from '../../core/text.ts';
import { untilSeconds } from '../../model/exception.ts';
import { durationSeconds } from '../../model/scalars.ts';
import type { EvidenceSettings } from '../signatures/trust.ts';
import type { Claim } from './claim.ts';
import { isReport, readReport, type ScanReport, type Vulnerability } from './reports.ts';
import { SEVERITIES, type VulnerabilitySeverity, type VulnerabilityVerdict } from './verdict.ts';

const SHOWN = 3;
const ADVICE =
  'let your build scan it with `trivy image --format cosign-vuln` and attach that with `cosign attest --type vuln`';

type Counted = Vulnerability & { readonly counts: VulnerabilitySeverity };

/**
 * Evaluates the newest usable report against the platform's threshold. A report that is empty, undated, dated in the
 * future or unreadable is not used: it never means "none found".
 *
 * @param now unix seconds
 */
export function evaluateVulnerabilities(
  claims: readonly Claim[],
  settings: EvidenceSettings,
  now: number,
): VulnerabilityVerdict {
  const reports = claims
    .filter(({ predicateType, predicate }) => isReport(predicateType, predicate))
    .map(({ predicateType, predicate }) => readReport(predicateType, predicate, now));
  const usable = reports.filter((report) => typeof report !== 'string');
  if (usable.length === 0) {
    const why = reports.find((report) => typeof report === 'string');
    const what = why === undefined ? 'The image was not scanned for known vulnerabilities' : `The image's scan ${why}`;
    return { status: 'missing', sentence: `${what}: ${ADVICE}` };
  }
  const newest = newestOf(usable);
  if (newest.endedAt + durationSeconds(settings.reportAge) < now) {
    return {
      status: 'wrong',
      sentence: `The image was last scanned ${formatTime(newest.endedAt)}, and a scan counts for ${settings.reportAge}: run your build again`,
    };
  }
  return evaluateReport(newest, settings, now);
}

/** Several may have ended in the same second, in any order: then all of them count. */
function newestOf(reports: readonly ScanReport[]): ScanReport {
  const endedAt = Math.max(...reports.map((report) => report.endedAt));
  const last = reports.filter((report) => report.endedAt === endedAt);
  return {
    endedAt,
    vulnerabilities: last.flatMap(({ vulnerabilities }) => vulnerabilities),
    endOfLife: last.some(({ endOfLife }) => endOfLife),
  };
}

function evaluateReport(report: ScanReport, settings: EvidenceSettings, now: number): VulnerabilityVerdict {
  const counted = report.vulnerabilities
    .filter((one) => !isAllowed(one, settings, now))
    .map((one): Counted => ({ ...one, counts: one.severity === 'unknown' ? settings.unknownSeverity : one.severity }));
  const worst = counted.reduce<VulnerabilitySeverity>((a, { counts }) => (rank(counts) > rank(a) ? counts : a), 'none');
  if (report.endOfLife && settings.endOfLife === 'refuse') {
    const sentence =
      'The image is built on an operating system that gets no security updates any more: build it on a newer one';
    return { status: 'wrong', sentence, worst };
  }
  const tooBad = counted.filter(({ counts }) => rank(counts) >= rank(settings.vulnerabilities));
  if (tooBad.length > 0) return { status: 'wrong', sentence: words(tooBad), worst };
  const allowed = report.vulnerabilities.length - counted.length;
  const known =
    counted.length === 0
      ? 'no known vulnerabilities'
      : `${count(counted.length, 'known vulnerability', 'known vulnerabilities')}, at worst ${worst}`;
  const beside = allowed === 0 ? '' : `, and ${allowed} that the platform allows`;
  return { status: 'shown', sentence: `It has ${known}${beside}`, worst };
}

const rank = (severity: VulnerabilitySeverity): number => SEVERITIES.indexOf(severity);

function isAllowed({ id, package: name }: Vulnerability, { allow }: EvidenceSettings, now: number): boolean {
  return allow.some(
    (entry) =>
      entry.id.toLowerCase() === id.toLowerCase() &&
      (entry.package === undefined || entry.package === name) &&
      now < (untilSeconds(entry.until) ?? 0),
  );
}

/** `The image has 2 critical vulnerabilities: openssl 3.0.1 is fixed in 3.0.7 (CVE-2026-1), zlib 1.2 has no fix yet (CVE-2026-2)`. */
function words(tooBad: readonly Counted[]): string {
  // Worst first; with the same severity those with a fix first, since a maker can act on them.
  const order = (one: Counted) => -10 * rank(one.counts) + (one.fixed === undefined ? 1 : 0);
  const sorted = [...tooBad].sort((a, b) => order(a) - order(b) || (a.id < b.id ? -1 : 1));
  const distinct = [...new Map(sorted.map((one) => [`${one.package} ${one.version} ${one.id}`, one])).values()];
  const top = distinct.slice(0, SHOWN).map((one) => {
    const what = `${plain(one.package)} ${plain(one.version)}`.trim();
    const fix = one.fixed === undefined ? 'has no fix yet' : `is fixed in ${plain(one.fixed)}`;
    return `${what} ${fix} (${plain(one.id)})`;
  });
  const rest = distinct.length > SHOWN ? `, and ${distinct.length - SHOWN} more` : '';
  const advice = distinct.some(({ fixed }) => fixed !== undefined)
    ? 'update them, or what your Dockerfile builds FROM, and push'
    : 'build FROM another image, or remove these parts';
  return `The image has ${numbers(distinct)}: ${top.join(', ')}${rest}; ${advice}`;
}

function numbers(found: readonly Counted[]): string {
  const counts = [...SEVERITIES].reverse().flatMap((severity) => {
    const many = found.filter(({ counts }) => counts === severity).length;
    return many === 0 ? [] : [`${many} ${severity}`];
  });
  const [last, ...before] = counts.reverse();
  const list = before.length === 0 ? last : `${before.reverse().join(', ')} and ${last}`;
  return `${list} ${found.length === 1 ? 'vulnerability' : 'vulnerabilities'}`;
}

/** Makes text of a scanner's report safe for a message. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);
}
