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
export const STRICT_PARAMS: RuleParams = {
  ...PARAMS,
  evidence: ['digest', 'signature', 'sbom', 'provenance', 'vulnerabilities'],
};

const KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBYReGepm9m5Ar/4bLd8Eh7Ix6lrZ
cqN12endrxF/ICj5jdeSKLpSIrrIIf0ppT6sqmuGwZX2Ejy47OLFjStaGQ==
-----END PUBLIC KEY-----
`;

/** A platform that asks for every kind of evidence, and whom its refusals name. */
export const STRICT_PLATFORM = platformSchema.parse({
  apiVersion: 'greenroom.dev/v1alpha1',
  kind: 'Platform',
  spec: {
    domain: 'apps.example.com',
    sources: [{ owner: 'acme' }],
    registries: ['ghcr.io/acme'],
    evidence: { require: ['digest', 'signature', 'sbom', 'provenance', 'vulnerabilities'], keys: [KEY] },
    policies: { contact: '@platform' },
  },
}).spec;

/** A Deployment in a preview's namespace that no rule has a word to say against. */
export const goodDeployment = (namespace: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: web
          image: ghcr.io/acme/shop:pr-7
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          resources: { requests: { cpu: 100m, memory: 128Mi }, limits: { cpu: 500m, memory: 256Mi } }
`;
