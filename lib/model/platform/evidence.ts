import { createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { untilSeconds } from '../exception.ts';
import { bounded, duration, httpUrl } from '../scalars.ts';
import { section } from './section.ts';

// Evidence that an image must have before it runs.

export const DEMANDS = ['digest', 'signature', 'sbom', 'provenance', 'vulnerabilities'] as const;

const key = z
  .string()
  .max(4096)
  .refine(isPublicKey, 'must be a public key in PEM as `cosign generate-key-pair` writes it: ECDSA, RSA or Ed25519');

/** Both ends must be literal text, whatever the subject contains. A pattern that matches anything would be useless. */
const subject = bounded(
  500,
  /^(?=.*[^*])(?!.*\*[^/@]*\*)[\x21-\x7e]+$/,
  'must be a subject in visible ASCII, with at most one * between two of / and @',
);

const identity = z.strictObject({
  issuer: httpUrl.meta({
    description: 'OIDC issuer; it must be exactly equal.',
    examples: ['https://token.actions.githubusercontent.com'],
  }),
  subject: subject.meta({
    description: 'The whole subject of the certificate; * matches any text without / and @.',
    examples: ['https://github.com/acme/ci/.github/workflows/build.yaml@refs/heads/main'],
  }),
});

const allowed = z.strictObject({
  id: bounded(100, /^[A-Za-z0-9][A-Za-z0-9._:-]*$/, 'must be an id such as CVE-2026-1234').meta({
    description: 'Its id, as the scanner names it.',
    examples: ['CVE-2026-1234'],
  }),
  package: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'Only in this package. Default: in all.', examples: ['openssl'] }),
  reason: z
    .string()
    .max(500)
    .regex(/\S/, 'must give a reason')
    .meta({ description: 'Why it does no harm here.', examples: ['no preview calls the broken function'] }),
  until: z
    .string()
    .max(40)
    .refine((text) => untilSeconds(text) !== undefined, 'must be a day such as 2026-12-31, or a time with its zone')
    .meta({ description: 'Last day (in UTC), or the time it ends.', examples: ['2026-12-31'] }),
});

const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

export const evidence = section({
  require: z
    .array(z.enum(DEMANDS))
    .default([])
    .meta({ description: 'The evidence that an image needs before it runs. Default: none.', examples: [['digest']] }),
  keys: z.array(key).max(20).default([]).meta({ description: 'cosign public keys, PEM.' }),
  identities: z
    .array(identity)
    .max(50)
    .default([])
    .meta({ description: 'Keyless signers: OIDC issuer and certificate subject.' }),
  trustedRoots: z
    .array(bounded(100, /^trust\/[A-Za-z0-9][A-Za-z0-9._-]*\.json$/, 'must be a file such as trust/sigstore.json'))
    .max(10)
    .default([])
    .meta({
      examples: [['trust/sigstore.json']],
      description:
        "Files of the apps repo with the trusted certificates, logs and time stamps for identities, in the form of sigstore's trusted_root.json. Logs that a root lists are required, and a time from a log or an authority of the root.",
    }),
  vulnerabilities: z
    .enum(SEVERITIES)
    .default('critical')
    .meta({ description: 'The lowest severity of a known vulnerability that refuses an image.' }),
  unknownSeverity: z
    .enum(SEVERITIES)
    .default('high')
    .meta({ description: 'The severity of a vulnerability that is not rated yet.' }),
  endOfLife: z
    .enum(['refuse', 'pass'])
    .default('refuse')
    .meta({ description: 'What happens if the report says that the operating system gets no more security updates.' }),
  reportAge: duration.default('7d').meta({ description: 'Greatest age of a vulnerability report.' }),
  allow: z
    .array(allowed)
    .max(500)
    .default([])
    .meta({ description: 'Known vulnerabilities that do not refuse an image, each with a reason and an end.' }),
  endAfter: duration.optional().meta({
    description:
      'How long a preview continues to run after its images lose required evidence, e.g. because a report is too old or a setting changed. Default: until its regular end.',
    examples: ['24h'],
  }),
  admission: z.enum(['notes', 'signatures']).default('notes').meta({
    description:
      'What admission checks of a pod: the evidence that greenroom recorded about its images, or also the signatures, which a verifier in the cluster then reads from the registry (by keys, not by identities).',
  }),
  verifier: z.enum(['kyverno', 'kyverno-legacy', 'policy-controller']).default('kyverno').meta({
    description:
      'The program that verifies signatures at admission: ImageValidatingPolicy or verifyImages of Kyverno, or ClusterImagePolicy of sigstore policy-controller. Only kyverno also verifies SBOMs.',
  }),
  layout: z.enum(['bundle', 'older']).default('bundle').meta({
    description:
      'How your builds store signatures, for a verifier in the cluster: bundle (cosign 3), or older (`.sig` tags). Without a verifier both count.',
  }),
  repositoryWait: duration.default('1h').meta({
    description:
      'How long after a push greenroom waits for an image whose repository does not exist or is not visible.',
  }),
})
  .superRefine((evidence, context) => {
    const signed = evidence.require.filter((demand) => demand !== 'digest');
    if (signed.length > 0 && evidence.keys.length === 0 && evidence.identities.length === 0) {
      const message = `requires ${signed.join(', ')}, which must be signed: name the signers, under keys or identities`;
      context.addIssue({ code: 'custom', path: ['require'], message });
    }
    if (evidence.identities.length > 0 && evidence.trustedRoots.length === 0) {
      const message = 'must name the file with the trusted certificates for the identities';
      context.addIssue({ code: 'custom', path: ['trustedRoots'], message });
    }
  })
  .meta({ description: 'Evidence that images need before they run.' });

function isPublicKey(pem: string): boolean {
  // A private key would be accepted as its public part, and would be published in Git.
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return false;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem);
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    return asymmetricKeyType === 'ec' || asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
