import type { DEMANDS } from '../../model/platform/evidence.ts';

export type Demand = (typeof DEMANDS)[number];

/**
 * How a demand is met.
 *
 * | status | meaning |
 * |---|---|
 * | `shown` | by somebody whom the platform trusts |
 * | `missing` | nobody whom the platform trusts says anything of it |
 * | `wrong` | somebody does, and it is not what is demanded |
 * | `unknown` | it could not be read; nothing follows |
 */
export interface Verdict {
  readonly status: 'shown' | 'missing' | 'wrong' | 'unknown';
  /** One sentence for the maker, without a full stop. */
  readonly sentence: string;
}

/** From harmless to worst. */
export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The verdict about vulnerabilities also names the worst that counts, where one is known. */
export interface VulnerabilityVerdict extends Verdict {
  readonly worst?: Severity;
}

export interface Judgement {
  /** One for each demand of the platform. */
  readonly verdicts: Readonly<Partial<Record<Demand, Verdict>>>;
  /** Of the report that counts; undefined without one. */
  readonly worst?: Severity;
}
