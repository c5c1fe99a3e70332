import type { DEMANDS } from '../../model/platform/evidence.ts';

export type Demand = (typeof DEMANDS)[number];

/**
 * Whether a demand is met.
 *
 * | status | meaning |
 * |---|---|
 * | `shown` | met, by a trusted signer |
 * | `missing` | there is no statement of a trusted signer about it |
 * | `wrong` | there is one, but it does not meet the demand |
 * | `unknown` | it could not be read, so nothing is known |
 */
export interface Verdict {
  readonly status: 'shown' | 'missing' | 'wrong' | 'unknown';
  /** One sentence for the maker, without a full stop. */
  readonly sentence: string;
}

/** From harmless to worst. */
export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type VulnerabilitySeverity = (typeof SEVERITIES)[number];

/** The verdict about vulnerabilities, with the worst severity that counts, if known. */
export interface VulnerabilityVerdict extends Verdict {
  readonly worst?: VulnerabilitySeverity;
}

export interface Evaluation {
  /** One for each demand of the platform. */
  readonly verdicts: Readonly<Partial<Record<Demand, Verdict>>>;
  /** Worst severity in the report that was used; undefined without one. */
  readonly worst?: VulnerabilitySeverity;
}
