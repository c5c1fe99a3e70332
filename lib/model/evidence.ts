import * as z from 'zod';

/** What was shown of an image, as the apps repo remembers it. What is not named was not asked, or not shown. */
export const notedEvidence = z.strictObject({
  signature: z.literal(true).optional(),
  sbom: z.literal(true).optional(),
  provenance: z.literal(true).optional(),
  /** The worst severity that counts, below the platform's threshold. */
  vulnerabilities: z.enum(['none', 'low', 'medium', 'high', 'critical']).optional(),
});

export type NotedEvidence = z.output<typeof notedEvidence>;
