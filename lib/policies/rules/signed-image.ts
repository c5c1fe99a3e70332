import { PODS } from '../resources.ts';
import { defineRule } from '../rule.ts';
import { evidenceEntries, exampleEvidence, onDigests } from './evidence.ts';

export const signedImage = defineRule({
  id: 'signed-image',
  title: 'Signed images',
  message: 'An image has no signature of a trusted signer: let your build sign it, or ask {contact}.',
  source: 'SLSA; sigstore',
  why: 'A signature of your build proves that your build made the image.',
  scope: 'makers',
  match: PODS,
  active: ({ evidence }) => evidence.includes('signature'),
  conditions: onDigests((digest) => `${evidenceEntries('signature')}.exists(e, e == ${digest})`),
  examples: { good: exampleEvidence('signature: "DIGEST"'), bad: exampleEvidence() },
});
