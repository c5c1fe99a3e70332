import { platformSchema } from '../../lib/model/platform.ts';
import { type RuleParams, ruleParams } from '../../lib/policies/params.ts';

/** The smallest platform that works, as rules see it. */
export const PARAMS = ruleParams(
  platformSchema.parse({
    apiVersion: 'greenroom.dev/v1alpha1',
    kind: 'Platform',
    spec: { domain: 'apps.example.com', sources: [{ owner: 'acme' }], registries: ['ghcr.io/acme'] },
  }).spec,
);

/** The same, asking for every kind of evidence. */
export const STRICT_PARAMS: RuleParams = { ...PARAMS, evidence: ['digest', 'signature', 'sbom', 'vulnerabilities'] };
