import * as z from 'zod';

/** Verified evidence of an image, as stored in the apps repo. Missing members were not required or not verified. */
export const notedEvidence = z.strictObject({
  signature: z.literal(true).optional(),
  sbom: z.literal(true).optional(),
  provenance: z.literal(true).optional(),
  /** The worst severity that counts, below the platform's threshold. */
  vulnerabilities: z.enum(['none', 'low', 'medium', 'high', 'critical']).optional(),
});

export type NotedEvidence = z.output<typeof notedEvidence>;

/** Predicate types of SBOMs that the image verifier in a cluster looks for: it matches a type exactly. */
export const ADMISSION_SBOM_TYPES = {
  spdx: 'https://spdx.dev/Document',
  /** As GitHub's actions write it. */
  spdxOfGithub: 'https://spdx.dev/Document/v2.3',
  cyclonedx: 'https://cyclonedx.org/bom',
} as const;
